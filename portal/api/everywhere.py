"""One entry replaced, added or removed across many documents, over the API."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.days import LAST_MOMENT
from portal.api.examples import PLAN, done, listed
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
from portal.usecases.effects import effect_answer
from portal.usecases.everywhere import ACTS, EverywhereRequest, change_everywhere, undo_change
from portal.words.everywhere import SKIPPED
from protection.selectors.everywhere import (
    STATES,
    EverywhereFacts,
    everywhere_change,
    everywhere_changes,
    skipped_documents,
)

FIRST: Final = "0190b6a4-7a9b-7c31-9a55-0d6c5d1c2a10"
_ASKED: Final = (
    "act",
    "who",
    "to",
    "rights",
    "until",
    "owner",
    "template",
    "label",
    "protected_from",
    "protected_until",
)
_STATED: Final = ("act", "who", "to", "until", "asked_by", "reason", "state", "total", "done", "changed")
CHANGE: Final[dict[str, Any]] = {
    "id": FIRST,
    "act": "replace",
    "who": "address:rita@fabrikam.example",
    "to": "address:max@contoso.example",
    "rights": [],
    "until": None,
    "scope": "mine",
    "asked_by": "olga@contoso.example",
    "reason": "",
    "asked_at": "2026-11-29T09:00:00Z",
    "state": "done",
    "total": 12,
    "done": 12,
    "changed": 10,
    "ended_at": "2026-11-29T09:00:01Z",
}


class EverywhereBody(Confirmed):
    """What is to be done, and in which documents."""

    act = serializers.ChoiceField(choices=list(ACTS))
    who = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=320, help_text="The entry to replace or remove."
    )
    to = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=320, help_text="The entry that comes in."
    )
    rights = serializers.ListField(
        child=serializers.CharField(), required=False, default=list, help_text="Of an entry that is added."
    )
    until = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=LAST_MOMENT, help_text="Its end."
    )
    scope = serializers.ChoiceField(
        choices=["mine", "all"], required=False, default="mine", help_text="all: administrators remove only."
    )
    owner = serializers.CharField(required=False, allow_blank=True, default="", max_length=320)
    template = serializers.UUIDField(required=False, allow_null=True, default=None)
    label = serializers.UUIDField(required=False, allow_null=True, default=None)  # type: ignore[assignment]  # the member
    protected_from = serializers.DateTimeField(required=False, allow_null=True, default=None)
    protected_until = serializers.DateTimeField(required=False, allow_null=True, default=None)


class EverywhereItem(Answer):
    """One change of many documents, and how far it is."""

    id = serializers.UUIDField()
    act = serializers.ChoiceField(choices=list(ACTS))
    who = serializers.CharField(allow_blank=True)
    to = serializers.CharField(allow_blank=True)
    rights = serializers.ListField(child=serializers.CharField())
    until = serializers.IntegerField(allow_null=True)
    scope = serializers.ChoiceField(choices=["mine", "all"])
    asked_by = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    asked_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=list(STATES))
    total = serializers.IntegerField(help_text="Documents to look at.")
    done = serializers.IntegerField(help_text="How many of them are done.")
    changed = serializers.IntegerField()
    ended_at = serializers.DateTimeField(allow_null=True)


class SkippedItem(Answer):
    """A document that was left as it was."""

    document = serializers.UUIDField()
    title = serializers.CharField(allow_blank=True)
    reason = serializers.ChoiceField(choices=list(SKIPPED))
    message = serializers.CharField()


class EverywhereShown(EverywhereItem):
    """One change with the documents that it left."""

    skipped = SkippedItem(many=True)


class EverywhereChanges(OrganizationView):
    """Changes of many documents."""

    needs = {"GET": ANYBODY, "POST": ANYBODY}

    @extend_schema(
        summary="List changes of many documents, the newest first",
        description="Yours; administrators and auditors see all.",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=page_answer("EverywhereList", EverywhereItem),
        examples=[OpenApiExample("Changes", listed(CHANGE))],
    )
    def get(self, request: Request) -> Response:
        """Answer with one page."""
        limit = limit_of(request)
        found = everywhere_changes(self.caller.actor, limit=limit + 1, after=request.query_params.get("cursor", ""))
        shown = found[:limit]
        return page([_shown(one) for one in shown], str(shown[-1].id) if len(found) > limit else "")

    @extend_schema(
        summary="Replace, add or remove one person, group or domain across documents",
        description=(
            "In all documents with a policy of their own that match. Asked first: the answer says who gains, who"
            " loses, how many kept copies stay readable until when, and which documents are left; confirm is the number"
            " of documents."
        ),
        request=EverywhereBody,
        responses=effect_answer(
            "ChangedEverywhere",
            id=serializers.UUIDField(allow_null=True),
            documents=serializers.IntegerField(),
            skipped=serializers.DictField(child=serializers.IntegerField()),
        ),
        examples=[
            OpenApiExample(
                "Replace",
                {"act": "replace", "who": "rita@fabrikam.example", "to": "max@contoso.example", "confirm": "10"},
                request_only=True,
            ),
            OpenApiExample(
                "Done",
                done("10 documents are changed.", id=FIRST, documents=10, skipped={"by_template": 2}),
                response_only=True,
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Do it, at once or in the background."""
        wanted = checked(EverywhereBody, request.data)
        stated = self.stated(wanted)
        members = {name: wanted[name] for name in _ASKED}
        asked = EverywhereRequest(**members, everybody=wanted["scope"] == "all")
        return effect_response(
            change_everywhere(caller=self.caller, organization=self.organization, asked=asked, stated=stated)
        )


class EverywhereDetail(OrganizationView):
    """One change of many documents."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Show one change of many documents, how far it is and what it left",
        responses=EverywhereShown,
        examples=[
            OpenApiExample(
                "Change",
                {
                    **CHANGE,
                    "skipped": [
                        {
                            "document": PLAN,
                            "title": "plan.pdf",
                            "reason": "by_template",
                            "message": str(SKIPPED["by_template"]),
                        }
                    ],
                },
            )
        ],
    )
    def get(self, request: Request, change_id: UUID) -> Response:
        """Answer to who asked, administrators and auditors; 404 for others."""
        found = everywhere_change(self.caller.actor, change_id)
        skipped = [
            {"document": str(one.cid), "title": one.title, "reason": one.reason, "message": str(SKIPPED[one.reason])}
            for one in skipped_documents(change_id)
        ]
        return Response({**_shown(found), "skipped": skipped})


class UndoEverywhere(OrganizationView):
    """Undo a change of many documents."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Undo a change of many documents as one",
        description="What another person changed since stays. Asked first: confirm is the number of documents.",
        request=Confirmed,
        responses=effect_answer("UndoneEverywhere", id=serializers.UUIDField(), state=serializers.CharField()),
        examples=[OpenApiExample("Undo", {"confirm": "10"}, request_only=True)],
    )
    def post(self, request: Request, change_id: UUID) -> Response:
        """Give back who had access before."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(undo_change(caller=self.caller, change_id=change_id, stated=stated))


def _shown(one: EverywhereFacts) -> dict[str, Any]:
    members: dict[str, Any] = {name: getattr(one, name) for name in _STATED}
    return {
        **members,
        "id": str(one.id),
        "rights": list(one.rights),
        "asked_at": one.asked_at.isoformat(),
        "ended_at": None if one.ended_at is None else one.ended_at.isoformat(),
        "scope": "all" if one.administrator else "mine",
    }
