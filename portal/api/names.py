"""Requests to see who opened one document or all, over the API."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import OPENING, PLAN, listed
from portal.api.framework import (
    ANYBODY,
    Answer,
    Confirmed,
    MailAddress,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.usecases.effects import EffectAnswer, effect_answer
from portal.usecases.names import (
    answer_names,
    ask_for_all_names,
    ask_for_group,
    ask_for_names,
    visible_names_requests,
)
from protection.selectors.unmaskings import ABOUT, STATES

REQUEST = {
    "id": OPENING,
    "about": "document",
    "cid": PLAN,
    "untracked_group": "",
    "title": "plan.pdf",
    "asked_by": "olga@contoso.example",
    "asked_at": "2026-11-29T09:00:00Z",
    "reason": "Suspected leak, case 17",
    "state": "waiting",
    "answered_by": "",
    "answered_at": None,
    "until": None,
}


class NamesRequest(Answer):
    """One request."""

    id = serializers.UUIDField()
    about = serializers.ChoiceField(
        choices=list(ABOUT), help_text="Names on one document, on all documents, or another group to be hidden."
    )
    cid = serializers.UUIDField(allow_null=True, help_text="Null where it is not about one document.")
    untracked_group = serializers.CharField(
        source="group_address", help_text="The group whose members are to be hidden from owners; empty for nobody."
    )
    title = serializers.CharField()
    asked_by = serializers.CharField(source="asked_address")
    asked_at = serializers.DateTimeField()
    reason = serializers.CharField()
    state = serializers.ChoiceField(choices=list(STATES))
    answered_by = serializers.CharField(source="answered_address")
    answered_at = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True, help_text="How long names are shown to the two people.")


class NamesRequests(OrganizationView):
    """Requests to see names."""

    needs = {"GET": ANYBODY, "POST": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="Ask to show names on all documents again",
        description="Asked first: confirm is the organization's name. An auditor decides.",
        request=Confirmed,
        responses=effect_answer("AllNamesAsked", id=serializers.UUIDField()),
        examples=[
            OpenApiExample("Ask", {"reason": "The agreement has ended", "confirm": "Contoso"}, request_only=True)
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(ask_for_all_names(caller=self.caller, organization=self.organization, stated=stated))

    @extend_schema(
        summary="List requests to see who opened a document",
        description="The caller's own, or all for auditors and administrators; where something is hidden from owners.",
        parameters=[OpenApiParameter("state", str, enum=list(STATES)), OpenApiParameter("limit", int)],
        responses=page_answer("NamesRequestList", NamesRequest),
        examples=[OpenApiExample("Requests", listed(REQUEST))],
    )
    def get(self, request: Request) -> Response:
        """Answer newest first."""
        found = visible_names_requests(caller=self.caller, state=request.query_params.get("state", ""))
        return page([NamesRequest(one).data for one in found.rows[: limit_of(request)]])


class OtherGroup(Confirmed):
    """The group that is to be hidden."""

    untracked_group = MailAddress(
        allow_blank=True, help_text="The group whose members are to be hidden from owners; empty for nobody."
    )


class GroupRequests(OrganizationView):
    """Requests to hide another group's members."""

    needs = {"POST": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="Ask to hide another group's members from owners, which shows others",
        description="Asked first: confirm is the organization's name. An auditor decides.",
        request=OtherGroup,
        responses=effect_answer("GroupAsked", id=serializers.UUIDField()),
        examples=[
            OpenApiExample(
                "Ask",
                {"untracked_group": "", "reason": "The agreement has ended", "confirm": "Contoso"},
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask."""
        wanted = checked(OtherGroup, request.data)
        return effect_response(
            ask_for_group(
                caller=self.caller,
                organization=self.organization,
                untracked_group=wanted["untracked_group"],
                stated=self.stated(wanted),
            )
        )


class DocumentNames(OrganizationView):
    """Names on one document."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Ask to see who opened a document",
        description="Asked first: confirm is the document's title. An auditor decides.",
        request=Confirmed,
        responses=effect_answer("NamesAsked", id=serializers.UUIDField()),
        examples=[OpenApiExample("Ask", {"reason": "Case 17", "confirm": "plan.pdf"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, cid: UUID) -> Response:
        """Ask."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            ask_for_names(caller=self.caller, organization=self.organization, cid=cid, stated=stated)
        )


class ApproveNames(OrganizationView):
    """The answer yes."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Show who opened a document to the person who asked, as an auditor",
        description="Asked first: confirm is the address of who asked.",
        request=Confirmed,
        responses=EffectAnswer,
        examples=[OpenApiExample("Show", {"confirm": "olga@contoso.example"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, request_id: UUID) -> Response:
        """Show names to both for seven days."""
        return self._answer(request, request_id, show=True)

    def _answer(self, request: Request, request_id: UUID, *, show: bool) -> Response:
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            answer_names(
                caller=self.caller, organization=self.organization, request_id=request_id, show=show, stated=stated
            )
        )


class DeclineNames(ApproveNames):
    """The answer no."""

    @extend_schema(
        summary="Decline to show who opened a document, or withdraw one's own request",
        description="",
        request=Confirmed,
        responses=EffectAnswer,
        examples=[OpenApiExample("Decline", {"reason": "No case"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, request_id: UUID) -> Response:
        """End it."""
        return self._answer(request, request_id, show=False)
