"""Budgets of openings and pauses, over the API."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
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
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.usecases.budgets import (
    ShownBudget,
    WantedBudget,
    change_budget,
    make_budget,
    remove_budget,
    visible_budgets,
)
from portal.usecases.effects import EffectAnswer, effect_answer
from portal.usecases.pauses import ShownPause, confirm_pause, own_pause, release_pause, visible_pauses
from protection.selectors.budgets import STATES, WHO
from protection.selectors.cursors import InvalidCursor

TERMS = {"openings": 200, "seconds": 600, "who": "people"}
BUDGET = {
    "id": PLAN,
    **TERMS,
    "name": "",
    "owner": "ada@contoso.example",
    "counts_grants": True,
    "forgets_copies": False,
    "words": "All people: 200 openings in 10 minutes",
    "made_at": "2026-11-29T09:00:00Z",
    "paused": 0,
    "near": [{"who": "max@contoso.example", "used": 17}],
}
PAUSE = {
    "id": OPENING,
    "number": "9b2f6c1e",
    "who": "max@contoso.example",
    "budget": PLAN,
    "allowance": "200 openings in 10 minutes",
    "began_at": "2026-11-29T09:00:00Z",
    "state": "open",
    "ended_at": None,
    "ended_as": "",
    "ended_by": "",
    "note": "",
}


class BudgetBody(serializers.Serializer[dict[str, Any]]):
    """What a budget says."""

    openings = serializers.IntegerField(help_text="How many documents each person may open within the time.")
    seconds = serializers.IntegerField(help_text="60 to 604800.")
    who = serializers.ChoiceField(required=False, default="people", choices=list(WHO), help_text="Whom it is for.")
    name = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=320,
        help_text="The address of the group or person, or an application's client id.",
    )
    owner = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=320, help_text="A member's address; else the caller."
    )
    counts_grants = serializers.BooleanField(
        required=False, default=True, help_text="Whether openings under super-user grants count."
    )
    forgets_copies = serializers.BooleanField(
        required=False, default=False, help_text="Whether a pause also invalidates what devices keep."
    )


class ConfirmedBudget(Confirmed, BudgetBody):
    """A budget that replaces the present one, and what confirms it."""


class NearItem(Answer):
    """Who opened the most within the window."""

    who = serializers.CharField()
    used = serializers.IntegerField()


class BudgetItem(Answer):
    """One budget."""

    id = serializers.UUIDField()
    openings = serializers.IntegerField()
    seconds = serializers.IntegerField()
    who = serializers.ChoiceField(choices=list(WHO))
    name = serializers.CharField(allow_blank=True)
    owner = serializers.CharField()
    counts_grants = serializers.BooleanField()
    forgets_copies = serializers.BooleanField()
    words = serializers.CharField(help_text="All of it in the caller's language.")
    made_at = serializers.DateTimeField()
    paused = serializers.IntegerField(help_text="How many people it has paused now.")
    near = NearItem(many=True, allow_null=True, help_text="Null where names are not shown.")


class PauseItem(Answer):
    """One pause."""

    id = serializers.UUIDField()
    number = serializers.CharField(help_text="What the paused person names where nobody is named.")
    who = serializers.CharField(allow_blank=True, help_text="Empty where nobody is named.")
    budget = serializers.UUIDField()
    allowance = serializers.CharField()
    began_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=list(STATES))
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_as = serializers.CharField(allow_blank=True, help_text="confirmed, released or removed.")
    ended_by = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)


class PausedElsewhere(Answer):
    """Another organization at which the caller is paused."""

    organization = serializers.CharField()
    page = serializers.CharField(help_text="Where the person confirms that it was them.")


class OwnPauseShown(Answer):
    """Whether the caller is paused."""

    pause = PauseItem(allow_null=True)
    confirms = serializers.BooleanField(help_text="Whether they end it by their second factor.")
    elsewhere = PausedElsewhere(many=True)


class Budgets(OrganizationView):
    """Budgets."""

    needs = {"GET": ANYBODY, "POST": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="List budgets of openings, with who is nearest to them",
        description="Those that you own; auditors and administrators see all.",
        parameters=[OpenApiParameter("limit", int)],
        responses=page_answer("BudgetList", BudgetItem),
        examples=[OpenApiExample("Budgets", listed(BUDGET))],
    )
    def get(self, request: Request) -> Response:
        """Answer with the oldest first; there are never many."""
        found = visible_budgets(caller=self.caller).rows
        return page([_budget(one) for one in found[: limit_of(request)]])

    @extend_schema(
        summary="Make a budget of openings",
        description="It holds from the next license on; whoever opens more is paused.",
        request=BudgetBody,
        responses=effect_answer("BudgetMade", id=serializers.UUIDField()),
        examples=[OpenApiExample("200 in ten minutes", TERMS, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make it."""
        return effect_response(make_budget(caller=self.caller, wanted=_wanted(checked(BudgetBody, request.data))))


class BudgetDetail(OrganizationView):
    """One budget."""

    needs = {"PUT": Permission.SETTINGS_MANAGE, "DELETE": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="Change a budget of openings",
        description="Asked first; needs a recent sign-in. Whom it has paused stays so.",
        request=ConfirmedBudget,
        responses=EffectAnswer,
        examples=[OpenApiExample("300 in ten minutes", {**TERMS, "openings": 300}, request_only=True)],
    )
    @idempotent
    def put(self, request: Request, budget_id: UUID) -> Response:
        """Replace what it says."""
        wanted = checked(ConfirmedBudget, request.data)
        stated = self.stated(wanted)
        return effect_response(
            change_budget(caller=self.caller, budget_id=budget_id, wanted=_wanted(wanted), stated=stated)
        )

    @extend_schema(
        summary="Remove a budget of openings, and end the pauses by it",
        description="Asked first; needs a reason and a recent sign-in.",
        request=Confirmed,
        responses={200: EffectAnswer},
        examples=[OpenApiExample("Remove", {"reason": "Replaced by another", "confirm": "yes"}, request_only=True)],
    )
    @idempotent
    def delete(self, request: Request, budget_id: UUID) -> Response:
        """Remove it."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(remove_budget(caller=self.caller, budget_id=budget_id, stated=stated))


class Pauses(OrganizationView):
    """Who is paused."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="List people who are paused because they opened too much",
        description="By budgets that you own; auditors and administrators see all.",
        parameters=[
            OpenApiParameter("state", str, enum=list(STATES)),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("PauseList", PauseItem),
        examples=[OpenApiExample("Pauses", listed(PAUSE))],
    )
    def get(self, request: Request) -> Response:
        """Answer with the newest first."""
        state = request.query_params.get("state", "")
        if state and state not in STATES:
            raise serializers.ValidationError({"state": [_("There is no such state.")]})
        cursor = request.query_params.get("cursor", "")
        try:
            found = visible_pauses(caller=self.caller, state=state, limit=limit_of(request), cursor=cursor)
        except InvalidCursor:
            raise serializers.ValidationError({"cursor": [_("This cursor is not known.")]}) from None
        return page([_pause(one) for one in found.rows], found.next)


class ReleasePause(OrganizationView):
    """The end of another person's pause."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Release a paused person, as an administrator or the budget's owner",
        description="Asked first: confirm is the pause's number. Needs a reason and a recent sign-in.",
        request=Confirmed,
        responses=EffectAnswer,
        examples=[OpenApiExample("Release", {"reason": "It was the audit", "confirm": "9b2f6c1e"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, pause_id: UUID) -> Response:
        """End it."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(release_pause(caller=self.caller, pause_id=pause_id, stated=stated))


class OwnPause(OrganizationView):
    """The caller's own pause."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Show whether you are paused",
        responses=OwnPauseShown,
        examples=[OpenApiExample("Paused", {"pause": PAUSE, "confirms": True, "elsewhere": []})],
    )
    def get(self, request: Request) -> Response:
        """Answer with the pause and how it ends."""
        found = own_pause(caller=self.caller)
        shown = None if found.pause is None else _pause(found.pause)
        elsewhere = [asdict(one) for one in found.elsewhere]
        return Response({"pause": shown, "confirms": found.confirms, "elsewhere": elsewhere})


class ConfirmPause(OrganizationView):
    """The end of the caller's own pause."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Confirm that it was you who opened so much",
        description="Asked first; needs a sign-in with a second factor since the pause began.",
        request=Confirmed,
        responses=EffectAnswer,
        examples=[OpenApiExample("Confirm", {"confirm": "yes"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Get licenses again."""
        return effect_response(confirm_pause(caller=self.caller, stated=self.stated(checked(Confirmed, request.data))))


def _wanted(body: Mapping[str, Any]) -> WantedBudget:
    return WantedBudget(**{name: body[name] for name in asdict(WantedBudget(openings=1, seconds=1))})


def _budget(one: ShownBudget) -> Mapping[str, Any]:
    row = one.row
    return {
        "id": str(row.id),
        "openings": row.openings,
        "seconds": row.seconds,
        "who": row.who,
        "name": row.subject_address,
        "owner": row.owner_address,
        "counts_grants": row.counts_grants,
        "forgets_copies": row.forgets_copies,
        "words": one.words,
        "made_at": row.made_at,
        "paused": row.paused,
        "near": None if one.near is None else [{"who": near.called, "used": near.used} for near in one.near],
    }


def _pause(one: ShownPause) -> Mapping[str, Any]:
    row = one.row
    return {
        "id": str(row.id),
        "number": row.number,
        "who": one.called,
        "budget": str(row.budget),
        "allowance": one.allowance,
        "began_at": row.began_at,
        "state": row.state,
        "ended_at": row.ended_at,
        "ended_as": row.ended_as,
        "ended_by": row.ended_address if one.called or row.ended_as != "confirmed" else "",
        "note": row.note,
    }
