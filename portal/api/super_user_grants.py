"""Super-user grants over the API: asked for, approved by another person, used, ended."""

from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import PLAN, done, listed
from portal.api.framework import (
    ANYBODY,
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    number_of,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.api.scopes import ScopeBody, ScopeItem, scope_json, scope_members
from portal.api.sealed_reports import ReportFile
from portal.usecases.effects import effect_answer
from portal.usecases.super_users.answer import approve, end, turn_down
from portal.usecases.super_users.ask import HOURS, GrantRequest, ask
from portal.usecases.super_users.report import sealed_report
from portal.usecases.super_users.visible import visible_grant, visible_grants
from protection.selectors.approvals import STATES
from protection.selectors.super_users import GrantFacts, Opened
from protection.services.approvals import MOST_CASE, MOST_REASON
from protection.services.super_user_grants import MOST_HOURS

FIRST: Final = "0190b6a4-7a9b-7c31-9a55-0d6c5d1c2a30"
GRANT: Final[dict[str, Any]] = {
    "id": FIRST,
    "number": 3,
    "holder": "rita@contoso.example",
    "application": False,
    "state": "active",
    "everything": False,
    "documents": None,
    "template": None,
    "label": None,
    "owner": "olga@contoso.example",
    "group": "",
    "since": None,
    "until": None,
    "reason": "Documents for the auditors",
    "case": "2026-117",
    "legal_ground": "",
    "notice_days": 7,
    "hours": 8,
    "asked_at": "2026-12-01T09:00:00Z",
    "answered_by": "ada@contoso.example",
    "answered_at": "2026-12-01T09:10:00Z",
    "approved_by": "ada@contoso.example",
    "starts": "2026-12-01T09:10:00Z",
    "ends": "2026-12-01T17:10:00Z",
    "ended_by": "",
    "ended_at": None,
}


class GrantBody(Confirmed, ScopeBody):
    """What is asked for; every condition narrows, and without one the grant covers everything."""

    hours = serializers.IntegerField(required=False, default=HOURS, min_value=1, max_value=MOST_HOURS)
    case = serializers.CharField(required=False, allow_blank=True, default="", max_length=MOST_CASE)
    legal_ground = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=MOST_REASON,
        help_text="Why owners may never be told; without one they are, after the organization's delay.",
    )


class OpenedItem(Answer):
    """One license that was given under a grant."""

    event = serializers.UUIDField()
    cid = serializers.UUIDField()
    owner = serializers.CharField()
    at = serializers.DateTimeField()
    act = serializers.CharField(help_text="What was done; opened, or what a client reported, such as exported.")


class GrantItem(ScopeItem):
    """One grant."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    holder = serializers.CharField()
    application = serializers.BooleanField()
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField()
    case = serializers.CharField(allow_blank=True)
    legal_ground = serializers.CharField(allow_blank=True)
    notice_days = serializers.IntegerField(allow_null=True, help_text="When owners are told; null for never.")
    hours = serializers.IntegerField()
    asked_at = serializers.DateTimeField()
    answered_by = serializers.CharField(allow_blank=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    approved_by = serializers.CharField(allow_blank=True, help_text="Two people in an emergency.")
    starts = serializers.DateTimeField(allow_null=True)
    ends = serializers.DateTimeField(allow_null=True)
    ended_by = serializers.CharField(allow_blank=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class GrantShown(GrantItem):
    """One grant with what was opened under it."""

    opened = OpenedItem(many=True)


def answer_of(name: str) -> Any:
    """Return the serializer of what an act with a grant answers."""
    return effect_answer(
        name,
        grant=serializers.UUIDField(),
        number=serializers.IntegerField(),
        state=serializers.ChoiceField(choices=STATES),
    )


class SuperUserGrants(OrganizationView):
    """Grants of super users."""

    needs = {"GET": ANYBODY, "POST": ANYBODY}

    @extend_schema(
        summary="List super-user grants",
        description="Yours; administrators and auditors see all.",
        parameters=[
            OpenApiParameter("state", str, enum=list(STATES)),
            OpenApiParameter("mine", bool, description="Only those whose holder you are."),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("SuperUserGrantList", GrantItem),
        examples=[OpenApiExample("Grants", listed(GRANT))],
    )
    def get(self, request: Request) -> Response:
        """Answer with the newest."""
        state, cursor = request.query_params.get("state", ""), request.query_params.get("cursor", "")
        if state and state not in STATES:
            raise serializers.ValidationError({"state": [_("There is no such state.")]})
        limit, before = limit_of(request), number_of(cursor, "cursor") if cursor else None
        mine = request.query_params.get("mine", "") == "true"
        found = visible_grants(caller=self.caller, state=state, mine=mine, limit=limit, before=before).rows
        return page([_shown(one) for one in found], str(found[-1].number) if len(found) == limit else "")

    @extend_schema(
        summary="Ask for a super-user grant for oneself",
        description=(
            "Only for those whom the organization lets ask. Asked first: the question says what it covers. Needs a"
            " reason and a recent sign-in, and the approval of an administrator who is independent of you."
        ),
        request=GrantBody,
        responses=answer_of("SuperUserGrantAsked"),
        examples=[
            OpenApiExample(
                "One document",
                {"documents": [PLAN], "reason": "Documents for the auditors", "case": "2026-117", "confirm": "ask"},
                request_only=True,
            ),
            OpenApiExample(
                "Asked",
                done(
                    "Grant 3 waits for the approval of another administrator.",
                    grant=FIRST,
                    number=3,
                    state="waiting",
                ),
                response_only=True,
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask, or say what would be asked for."""
        wanted = checked(GrantBody, request.data)
        members = {name: wanted[name] for name in ("hours", "case", "legal_ground")}
        requested = GrantRequest(**members, **scope_members(wanted))
        return effect_response(
            ask(caller=self.caller, organization=self.organization, requested=requested, stated=self.stated(wanted))
        )


class SuperUserGrantDetail(OrganizationView):
    """One grant."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Show one super-user grant and what was opened under it",
        responses=GrantShown,
        examples=[OpenApiExample("Grant", {**GRANT, "opened": []})],
    )
    def get(self, request: Request, grant_id: UUID) -> Response:
        """Answer to its holder, administrators and auditors; 404 for others."""
        found = visible_grant(caller=self.caller, grant_id=grant_id)
        return Response({**_shown(found.facts), "opened": [_opened(one) for one in found.opened]})


class ApproveSuperUserGrant(OrganizationView):
    """The approval of another administrator."""

    needs = {"POST": Permission.SUPER_USERS_APPROVE}

    @extend_schema(
        summary="Approve a super-user grant that another person asked for",
        description="Asked first: confirm is the grant's number. Needs a recent sign-in. Its hours begin at once.",
        request=Confirmed,
        responses=answer_of("SuperUserGrantApproved"),
        examples=[OpenApiExample("Approve", {"confirm": "3"}, request_only=True)],
    )
    def post(self, request: Request, grant_id: UUID) -> Response:
        """Let it begin."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            approve(caller=self.caller, organization=self.organization, grant_id=grant_id, stated=stated)
        )


class DeclineSuperUserGrant(OrganizationView):
    """The answer no."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Decline a super-user grant that waits for approval, or withdraw your own",
        request=Confirmed,
        responses=answer_of("SuperUserGrantDeclined"),
        examples=[OpenApiExample("Decline", {"reason": "Ask Olga first"}, request_only=True)],
    )
    def post(self, request: Request, grant_id: UUID) -> Response:
        """End the request."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            turn_down(caller=self.caller, organization=self.organization, grant_id=grant_id, stated=stated)
        )


class EndSuperUserGrant(OrganizationView):
    """The end before its time is over."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="End an active super-user grant",
        description="By its holder, administrators and auditors. Asked first: confirm is the grant's number.",
        request=Confirmed,
        responses=answer_of("SuperUserGrantEnded"),
        examples=[OpenApiExample("End", {"confirm": "3"}, request_only=True)],
    )
    def post(self, request: Request, grant_id: UUID) -> Response:
        """End it."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            end(caller=self.caller, organization=self.organization, grant_id=grant_id, stated=stated)
        )


class SuperUserGrantReport(OrganizationView):
    """The sealed report."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Get the sealed report of a super-user grant that is over",
        description=(
            "To its holder, administrators and auditors. A JSON object that chancery super-user report --verify checks"
            " against the ledger: the signed report, an entry for each event with its proof, and signed checkpoints."
        ),
        responses=ReportFile,
        examples=[
            OpenApiExample(
                "Report", {"report": "eyJhbGciOi…", "entries": [], "checkpoints": ["chancery.example/ledger/…"]}
            )
        ],
    )
    def get(self, request: Request, grant_id: UUID) -> Response:
        """Answer with the file; 409 while the grant is not over."""
        return Response(sealed_report(caller=self.caller, grant_id=grant_id).members)


def _shown(one: GrantFacts) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "number": one.number,
        "holder": one.holder_address,
        "application": one.application,
        "state": one.state,
        **scope_json(one.scope),
        "reason": one.reason,
        "case": one.case,
        "legal_ground": one.legal_ground,
        "notice_days": one.notice_days,
        "hours": one.hours,
        "answered_by": one.answered_address,
        "approved_by": one.approved_by,
        "ended_by": one.ended_address,
        **_moments(one),
    }


def _moments(one: GrantFacts) -> dict[str, str | None]:
    found = {
        "asked_at": one.asked_at,
        "answered_at": one.answered_at,
        "starts": one.starts,
        "ends": one.ends,
        "ended_at": one.ended_at,
    }
    return {name: None if moment is None else moment.isoformat() for name, moment in found.items()}


def _opened(one: Opened) -> dict[str, str]:
    return {
        "event": str(one.event),
        "cid": str(one.cid),
        "owner": one.owner_address,
        "at": one.at.isoformat(),
        "act": one.act,
    }
