"""Documents that get another owner, over the API: by their owner, or by two administrators."""

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
    MailAddress,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.usecases.effects import effect_answer
from portal.usecases.hand_overs.approval import approve, decline
from portal.usecases.hand_overs.ask import HandOverRequest, hand_over
from portal.usecases.hand_overs.visible import departed_owners, visible_hand_over, visible_hand_overs
from portal.usecases.offboarding import offboarding_of
from portal.usecases.personal_data import PersonalData
from protection.selectors.hand_overs import STATES, HandOverFacts

MOST: Final = 1_000
"""Documents that one call names; more are meant by their owner, a template or a label."""
FIRST: Final = "0190b6a4-7a9b-7c31-9a55-0d6c5d1c2a10"
HANDED_OVER: Final[dict[str, Any]] = {
    "id": FIRST,
    "owner": "olga@contoso.example",
    "to": "max@contoso.example",
    "named": False,
    "template": None,
    "label": None,
    "asked_by": "ada@contoso.example",
    "reason": "Olga has left",
    "asked_at": "2026-12-01T09:00:00Z",
    "state": "waiting",
    "answered_by": "",
    "answered_at": None,
    "documents": 12,
    "done": 0,
    "ended_at": None,
}


class HandOverBody(Confirmed):
    """Which documents go to whom."""

    to = MailAddress(max_length=320, help_text="The address of the member who is to own them.")
    documents = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        allow_empty=False,
        default=list,
        max_length=MOST,
        help_text="These alone; not together with owner, template or label. A list of none is refused: all are meant"
        " by leaving it out.",
    )
    owner = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=320,
        help_text="All documents of this person, by address or id, also after they left; yours if left out.",
    )
    template = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Of all, those by this template."
    )
    label = serializers.UUIDField(  # type: ignore[assignment]  # the member
        required=False, allow_null=True, default=None, help_text="Of all, those under this label."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what means two sets of documents: the larger one would go, and whoever asked may mean the smaller."""
        if attrs["documents"] and (attrs["owner"] or attrs["template"] or attrs["label"]):
            raise serializers.ValidationError(_("Name documents, or an owner, template or label, not both."))
        return attrs


class HandOverState(Answer):
    """One hand-over that was begun, and how far it is."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=STATES)


class HandOverItem(HandOverState):
    """One hand-over."""

    owner = serializers.CharField(help_text="Whose documents they were.")
    to = serializers.CharField()
    named = serializers.BooleanField(help_text="Whether single documents were named.")
    template = serializers.UUIDField(allow_null=True)
    label = serializers.UUIDField(allow_null=True)  # type: ignore[assignment]  # the member
    asked_by = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    asked_at = serializers.DateTimeField()
    answered_by = serializers.CharField(allow_blank=True, help_text="Who approved or declined it.")
    answered_at = serializers.DateTimeField(allow_null=True)
    documents = serializers.IntegerField()
    done = serializers.IntegerField(help_text="How many of them have the new owner.")
    ended_at = serializers.DateTimeField(allow_null=True)


class DepartedOwner(Answer):
    """A person who owns documents and is disabled or no longer a member."""

    id = serializers.UUIDField()
    address = serializers.CharField()
    documents = serializers.IntegerField()


class OffboardingShown(Answer):
    """What a person has here, for the day they leave."""

    disabled = serializers.BooleanField()
    documents = serializers.IntegerField(help_text="How many they own.")
    requests = serializers.IntegerField(help_text="How many requests for access wait for their answer.")
    devices = serializers.IntegerField(help_text="How many are in use.")
    sessions = serializers.IntegerField(allow_null=True, help_text="Browsers they are signed in with; null of guests.")
    groups = serializers.ListField(child=serializers.CharField())
    hand_overs = HandOverItem(many=True, help_text="Of their documents, waiting for approval or under way.")


def _answer(name: str) -> Any:
    return effect_answer(name, documents=serializers.IntegerField(), hand_overs=HandOverState(many=True))


class HandOvers(OrganizationView):
    """Hand-overs of documents."""

    needs = {"GET": ANYBODY, "POST": ANYBODY}

    @extend_schema(
        summary="List hand-overs of documents",
        description="Those from and to you; administrators and auditors see all.",
        parameters=[
            OpenApiParameter("state", str, enum=list(STATES)),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("HandOverList", HandOverItem),
        examples=[OpenApiExample("Hand-overs", listed(HANDED_OVER))],
    )
    def get(self, request: Request) -> Response:
        """Answer with the newest."""
        state = request.query_params.get("state", "")
        if state and state not in STATES:
            raise serializers.ValidationError({"state": [_("There is no such state.")]})
        limit, after = limit_of(request), request.query_params.get("cursor", "")
        found = visible_hand_overs(caller=self.caller, state=state, limit=limit, after=after).rows
        return page([_shown(one) for one in found], str(found[-1].id) if len(found) == limit else "")

    @extend_schema(
        summary="Hand documents over to another owner",
        description=(
            "Your own at once; those of others need documents:hand-over, a reason, a recent sign-in and the approval of"
            " an administrator who is independent of you. Asked first: confirm is the new owner's address."
        ),
        request=HandOverBody,
        responses=_answer("HandedOver"),
        examples=[
            OpenApiExample(
                "One document",
                {"to": "max@contoso.example", "documents": [PLAN], "confirm": "max@contoso.example"},
                request_only=True,
            ),
            OpenApiExample(
                "Done",
                done(
                    "1 document belongs to max@contoso.example now.",
                    documents=1,
                    hand_overs=[{"id": FIRST, "state": "done"}],
                ),
                response_only=True,
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Hand over what the caller may, or ask another administrator to approve it."""
        wanted = checked(HandOverBody, request.data)
        requested = HandOverRequest(
            to=wanted["to"],
            cids=tuple(wanted["documents"]),
            owner=wanted["owner"],
            template=wanted["template"],
            label=wanted["label"],
        )
        return effect_response(
            hand_over(
                caller=self.caller, organization=self.organization, requested=requested, stated=self.stated(wanted)
            )
        )


class HandOverDetail(OrganizationView):
    """One hand-over."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Show one hand-over and how far it is",
        responses=HandOverItem,
        examples=[OpenApiExample("Hand-over", HANDED_OVER)],
    )
    def get(self, request: Request, hand_over_id: UUID) -> Response:
        """Answer to former and new owner, administrators and auditors; 404 for others."""
        return Response(_shown(visible_hand_over(caller=self.caller, hand_over_id=hand_over_id)))


class ApproveHandOver(OrganizationView):
    """The approval of another administrator."""

    needs = {"POST": Permission.DOCUMENTS_HAND_OVER}

    @extend_schema(
        summary="Approve a hand-over that another administrator asked for",
        description="Asked first: confirm is the new owner's address. Needs a recent sign-in.",
        request=Confirmed,
        responses=_answer("HandOverApproved"),
        examples=[OpenApiExample("Approve", {"confirm": "max@contoso.example"}, request_only=True)],
    )
    def post(self, request: Request, hand_over_id: UUID) -> Response:
        """Let it begin."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            approve(caller=self.caller, organization=self.organization, hand_over_id=hand_over_id, stated=stated)
        )


class DeclineHandOver(OrganizationView):
    """The answer no."""

    needs = {"POST": Permission.DOCUMENTS_HAND_OVER}

    @extend_schema(
        summary="Decline a hand-over that waits for approval",
        request=Confirmed,
        responses=_answer("HandOverDeclined"),
        examples=[OpenApiExample("Decline", {"reason": "Olga comes back"}, request_only=True)],
    )
    def post(self, request: Request, hand_over_id: UUID) -> Response:
        """End it; nothing about the documents changes."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(decline(caller=self.caller, hand_over_id=hand_over_id, stated=stated))


class PersonOffboarding(OrganizationView):
    """What is to be done when a person leaves."""

    needs = {"GET": Permission.PEOPLE_MANAGE}
    reads = {"GET": PersonalData.PERSON}

    @extend_schema(
        summary="Show what a person has here and would leave behind",
        responses=OffboardingShown,
        examples=[
            OpenApiExample(
                "Offboarding",
                {
                    "disabled": True,
                    "documents": 12,
                    "requests": 1,
                    "devices": 2,
                    "sessions": 0,
                    "groups": ["Board"],
                    "hand_overs": [HANDED_OVER],
                },
            )
        ],
    )
    def get(self, request: Request, person_id: UUID) -> Response:
        """Answer with documents, requests, devices, sessions, groups and hand-overs."""
        found = offboarding_of(caller=self.caller, person_id=person_id)
        return Response(
            {
                "disabled": found.disabled,
                "documents": found.documents,
                "requests": found.requests,
                "devices": found.devices,
                "sessions": found.sessions,
                "groups": list(found.groups),
                "hand_overs": [_shown(one) for one in found.under_way],
            }
        )


class DepartedOwners(OrganizationView):
    """People who left and whose documents nobody decides about."""

    needs = {"GET": Permission.DOCUMENTS_HAND_OVER}
    reads = {"GET": PersonalData.LEFT}

    @extend_schema(
        summary="List people who own documents and are disabled or no longer members",
        responses=page_answer("DepartedOwnerList", DepartedOwner),
        examples=[OpenApiExample("Left", listed({"id": FIRST, "address": "olga@contoso.example", "documents": 12}))],
    )
    def get(self, request: Request) -> Response:
        """Answer with all of them."""
        return page([DepartedOwner(one).data for one in departed_owners(caller=self.caller).rows])


def _shown(one: HandOverFacts) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "owner": one.former_address,
        "to": one.new_address,
        "named": one.named,
        "template": None if one.template_id is None else str(one.template_id),
        "label": None if one.label_id is None else str(one.label_id),
        "asked_by": one.asker_address,
        "reason": one.reason,
        "asked_at": one.asked_at.isoformat(),
        "state": one.state,
        "answered_by": one.answered_address,
        "answered_at": None if one.answered_at is None else one.answered_at.isoformat(),
        "documents": one.total,
        "done": one.done,
        "ended_at": None if one.ended_at is None else one.ended_at.isoformat(),
    }
