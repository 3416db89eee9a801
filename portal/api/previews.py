"""What if? over the API: ask what a change would do, read the answer, save exactly that change."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal import clock
from portal.api.framework import ANYBODY, Answer, Confirmed, OrganizationView, Refused, checked
from portal.api.groups import ChangedGroup
from portal.api.idempotency import idempotent
from portal.api.people import ChangedPerson
from portal.api.templates import OFFER, Draft, draft_of
from portal.usecases.previews.ask import (
    DAYS,
    MOST_DAYS,
    PreviewAsked,
    ask_about_group,
    ask_about_person,
    ask_about_template,
)
from portal.usecases.previews.drafts import NEEDS
from portal.usecases.previews.save import has_moved, preview_for, save
from portal.words.codes import preview_error_in_words
from portal.words.read_permissions import unchanged_in_words
from protection.selectors.previews import PreviewFacts
from protection.selectors.templates import template
from tenants.directory.members import Member

GAIN = {
    "who": "max@contoso.example",
    "name": "Max",
    "person": "6f1e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e10",
    "documents": 412,
    "openings": 400,
    "rights": {"VIEW": 400, "PRINT": 412},
    "you": False,
}
TURNED = {"times": 0, "documents": 0, "people_count": 0, "people": []}
EXAMPLE = {
    "id": "0f0e3f6a-6a2c-4a55-9a3b-0d5f0c3a9d10",
    "kind": "group",
    "target": "6f1e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e11",
    "state": "done",
    "done": 1236,
    "total": 1236,
    "moved": False,
    "error": "",
    "applications": [],
    "result": {
        "documents": {"considered": 412, "affected": 412, "end_sooner": 0, "end_later": 0},
        "people": {"considered": 1, "gain": 1, "lose": 0, "undecided": 0},
        "gains": [GAIN],
        "loses": [],
        "undecided": [],
        "you_gain": 0,
        "replay": {
            "days": 30,
            "openings": 0,
            "refusals": 3,
            "would_be_refused": TURNED,
            "would_be_allowed": {
                "times": 3,
                "documents": 2,
                "people_count": 1,
                "people": [{"who": "max@contoso.example", "name": "Max", "person": None, "times": 3}],
            },
            "undecided": 0,
        },
        "read_all": [],
    },
}


class GroupChange(ChangedGroup):
    """Of a group's members only what can concern documents: its name and description cannot."""

    name = None  # type: ignore[assignment]  # how the framework leaves out an inherited member
    description = None  # type: ignore[assignment]


class PreviewChange(serializers.DictField):
    """A change of a template, a group or a person, which is checked when the kind is known."""


class PreviewChangeSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # the base registers untyped
    """Describes the three bodies that a change may be."""

    target_class = "portal.api.previews.PreviewChange"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return a reference to each; which one it is follows from kind."""
        bodies = (Draft, GroupChange, ChangedPerson)
        return {"anyOf": [auto_schema.resolve_serializer(body, direction).ref for body in bodies]}


class PreviewQuestion(serializers.Serializer[dict[str, Any]]):
    """A change that is not made yet; ``change`` is what would be sent to the object itself."""

    kind = serializers.ChoiceField(choices=sorted(NEEDS))
    id = serializers.UUIDField()
    change = PreviewChange()
    based_on = serializers.IntegerField(required=False, min_value=1)
    days = serializers.IntegerField(required=False, default=DAYS, min_value=1, max_value=MOST_DAYS)


class PreviewPerson(Answer):
    """One person, as previews name them."""

    who = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    person = serializers.UUIDField(allow_null=True)


class PreviewLine(PreviewPerson):
    """One person who gains or loses by the change."""

    documents = serializers.IntegerField()
    openings = serializers.IntegerField(help_text="Of these, documents that they can or cannot open any more.")
    rights = serializers.DictField(child=serializers.IntegerField(), help_text="Documents by right.")
    you = serializers.BooleanField()


class PreviewAttempts(PreviewPerson):
    """How often one person tried."""

    times = serializers.IntegerField()


class PreviewTurned(Answer):
    """Attempts that would have another outcome."""

    times = serializers.IntegerField()
    documents = serializers.IntegerField()
    people = PreviewAttempts(many=True, help_text="Empty for a caller who may not read who opened what.")
    people_count = serializers.IntegerField()


class PreviewReplay(Answer):
    """What happened in the last days, decided again."""

    days = serializers.IntegerField()
    openings = serializers.IntegerField()
    refusals = serializers.IntegerField()
    would_be_refused = PreviewTurned()
    would_be_allowed = PreviewTurned()
    undecided = serializers.IntegerField()


class PreviewDocuments(Answer):
    """How many documents the change is about."""

    considered = serializers.IntegerField()
    affected = serializers.IntegerField()
    end_sooner = serializers.IntegerField()
    end_later = serializers.IntegerField()


class PreviewPeople(Answer):
    """How many people the change is about."""

    considered = serializers.IntegerField()
    gain = serializers.IntegerField()
    lose = serializers.IntegerField()
    undecided = serializers.IntegerField()


class PreviewConditions(Answer):
    """What a template asks for at an opening, and did not before."""

    added = serializers.ListField(child=serializers.CharField())
    removed = serializers.ListField(child=serializers.CharField())


class PreviewPermissions(Answer):
    """What a role permits, and did not before."""

    gained = serializers.ListField(child=serializers.CharField())
    lost = serializers.ListField(child=serializers.CharField())


class PreviewResult(Answer):
    """Who gains and who loses."""

    documents = PreviewDocuments()
    people = PreviewPeople()
    gains = PreviewLine(many=True)
    loses = PreviewLine(many=True)
    undecided = serializers.ListField(child=serializers.CharField())
    you_gain = serializers.IntegerField()
    replay = PreviewReplay()
    read_all = serializers.ListField(
        child=serializers.UUIDField(), help_text="The read permissions that cover a document reached by the change."
    )
    at_opening = PreviewConditions(required=False, help_text="For a template.")
    permissions = PreviewPermissions(required=False, help_text="For a person whose role changes.")


class Previews(OrganizationView):
    """Changes that are asked about."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Ask what a change would do",
        description=(
            "change is the body by which the change itself is made: PUT of a template, PATCH of a group or a person."
            " A worker decides the openings of the last days and all documents again and says who gains and who"
            " loses. Nothing is changed. People who may make a change may ask about it."
        ),
        request=PreviewQuestion,
        responses={202: inline_serializer("PreviewAsked", {"id": serializers.UUIDField()})},
        examples=[
            OpenApiExample(
                "One member more",
                {
                    "kind": "group",
                    "id": "6f1e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e11",
                    "change": {"add": ["max@contoso.example"]},
                },
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Answer at once with the preview's id; its result comes with GET."""
        asked = checked(PreviewQuestion, request.data)
        if not self.caller.may(NEEDS[asked["kind"]]):
            raise Refused
        made = {"template": self._template, "group": self._group, "person": self._person}[asked["kind"]](asked)
        return Response({"id": str(made.id)}, status=HTTPStatus.ACCEPTED)

    def _template(self, asked: Mapping[str, Any]) -> PreviewAsked:
        wanted, found = checked(Draft, asked["change"]), template(asked["id"])
        # As when it is replaced: whom it is offered to stays where nothing is said of it.
        draft = draft_of({**{name: getattr(found, name) for name in OFFER}, **wanted})
        return ask_about_template(
            caller=self.caller,
            template_id=asked["id"],
            draft=draft,
            based_on=asked.get("based_on"),
            days=asked["days"],
        )

    def _group(self, asked: Mapping[str, Any]) -> PreviewAsked:
        wanted = checked(GroupChange, asked["change"])
        return ask_about_group(
            caller=self.caller,
            organization_id=self.organization.id,
            group_id=asked["id"],
            add=[Member(address=address) for address in wanted["add"]],
            remove=[Member(address=address) for address in wanted["remove"]],
            archived=wanted.get("archived"),
            days=asked["days"],
        )

    def _person(self, asked: Mapping[str, Any]) -> PreviewAsked:
        wanted = checked(ChangedPerson, asked["change"])
        return ask_about_person(
            caller=self.caller,
            organization_id=self.organization.id,
            person_id=asked["id"],
            role=wanted.get("role"),
            disabled=wanted.get("disabled"),
            reason=wanted["reason"],
            days=asked["days"],
        )


class PreviewDetail(OrganizationView):
    """One change that was asked about."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Show what a change would do",
        description=(
            "state is waiting, running, done, failed or saved; done and total are the progress; moved says that people"
            " or groups changed after the answer. Kept for a day."
        ),
        responses=inline_serializer(
            "Preview",
            {
                "id": serializers.UUIDField(),
                "kind": serializers.CharField(),
                "target": serializers.UUIDField(),
                "state": serializers.CharField(),
                "done": serializers.IntegerField(),
                "total": serializers.IntegerField(),
                "moved": serializers.BooleanField(),
                "error": serializers.CharField(),
                "applications": serializers.ListField(
                    child=serializers.CharField(), help_text="For which applications nothing changes, in words."
                ),
                "result": PreviewResult(allow_null=True),
            },
        ),
        examples=[OpenApiExample("Answered", EXAMPLE)],
    )
    def get(self, request: Request, preview_id: UUID) -> Response:
        """Answer with the progress, and with the result once it is there."""
        found = preview_for(caller=self.caller, preview=preview_id)
        return Response(_shown(found, moved=has_moved(self.organization.id, found)))


class SavePreview(OrganizationView):
    """The change itself."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Make a change exactly as it was asked about",
        description="Refused with 409 when the template, the group or the person was changed meanwhile.",
        request=Confirmed,
        responses=inline_serializer(
            "PreviewSaved",
            {"kind": serializers.CharField(), "target": serializers.UUIDField(), "moved": serializers.BooleanField()},
        ),
        examples=[
            OpenApiExample("Saved", {name: EXAMPLE[name] for name in ("kind", "target", "moved")}, response_only=True),
            OpenApiExample("Confirmed", {"confirm": "board@contoso.example"}, request_only=True),
        ],
    )
    @idempotent
    def post(self, request: Request, preview_id: UUID) -> Response:
        """Make the change once."""
        stated = self.stated(checked(Confirmed, request.data))
        done = save(caller=self.caller, organization_id=self.organization.id, preview=preview_id, stated=stated)
        return Response({"kind": done.kind, "target": str(done.target), "moved": done.moved})


def _shown(found: PreviewFacts, *, moved: bool) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "kind": found.kind,
        "target": str(found.target),
        "state": found.state,
        "done": found.done,
        "total": found.total,
        "moved": moved,
        "error": preview_error_in_words(found.kind, found.error),
        "applications": unchanged_in_words(found.result, clock.now()),
        "result": found.result,
    }
