"""Why a person may or may not do something with a document, over the API."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.explain import Contribution
from chancery.policy.reasons import WORDS
from chancery.policy.rights import LEVELS, Right, in_order
from portal import clock
from portal.api.access_requests import OwnAccessRequest, own_json
from portal.api.framework import ANYBODY, Answer, OrganizationView, checked
from portal.languages import translate
from portal.usecases.access_requests import OwnStanding, explain_to_caller
from portal.usecases.explain import Explained, explain_document
from portal.words.read_permissions import reading_in_words
from portal.words.why import blocker_words, own_words
from protection.selectors.documents import document_for

EXAMPLE = {
    "who": "rita@fabrikam.example",
    "known": False,
    "right": "PRINT",
    "allowed": False,
    "basis": "grant",
    "entries": [{"who": "address:rita@fabrikam.example", "rights": ["VIEW"], "path": []}],
    "ended": [],
    "blockers": [
        {
            "reason": "not_granted",
            "message": "No entry of the policy grants this person access.",
            "detail": "",
            "entry": None,
        }
    ],
    "at_opening": [],
    "undecided": [],
    "applications": [],
}


class Question(serializers.Serializer[dict[str, str]]):
    """Whom and what the question is about; without a person, about the caller."""

    who = serializers.CharField(max_length=320, required=False)
    right = serializers.ChoiceField(choices=[right.value for right in Right], required=False, default=Right.VIEW.value)


class WhyEntry(Answer):
    """One entry that grants the person rights."""

    who = serializers.CharField()
    rights = serializers.ListField(child=serializers.CharField())
    path = serializers.ListField(child=serializers.CharField(), help_text="The groups through which it means them.")
    personal = serializers.BooleanField(required=False, help_text="Whether it was granted beside the policy.")
    until = serializers.IntegerField(
        required=False, allow_null=True, help_text="When it ends, in seconds since 1970; null or left out for never."
    )


class WhyBlocker(Answer):
    """One reason against it."""

    reason = serializers.CharField()
    message = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    entry = serializers.CharField(allow_null=True)


class WhyAnswer(Answer):
    """The answer about a person, for callers who may see the policy."""

    who = serializers.CharField()
    known = serializers.BooleanField()
    right = serializers.CharField()
    allowed = serializers.BooleanField()
    basis = serializers.CharField(allow_blank=True)
    entries = WhyEntry(many=True)
    ended = WhyEntry(many=True, help_text="What gave them more before, the last first.")
    blockers = WhyBlocker(many=True)
    at_opening = serializers.ListField(child=serializers.CharField())
    undecided = serializers.ListField(child=serializers.CharField())
    applications = serializers.ListField(
        child=serializers.CharField(), help_text="By which read permissions applications read it, in words."
    )


class OwnReason(Answer):
    """One reason against it, in words for the person themselves."""

    reason = serializers.CharField()
    message = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    next_step = serializers.CharField(allow_blank=True)


class SuccessorShown(Answer):
    """The document that replaces another one; null and empty for those who may not open it."""

    cid = serializers.UUIDField(allow_null=True)
    title = serializers.CharField(allow_blank=True)


class OwnWhyAnswer(Answer):
    """The answer about the caller."""

    who = serializers.CharField()
    right = serializers.CharField()
    allowed = serializers.BooleanField()
    rights = serializers.ListField(child=serializers.CharField())
    reasons = OwnReason(many=True)
    had = serializers.ListField(child=serializers.CharField(), help_text="Rights that they had until had_until.")
    had_until = serializers.IntegerField(allow_null=True, help_text="Seconds since 1970; null where nothing ended.")
    at_opening = serializers.ListField(child=serializers.CharField())
    contact = serializers.CharField(allow_blank=True)
    message_to_recipients = serializers.CharField(allow_blank=True, help_text="What was written for the refused.")
    successor = SuccessorShown(allow_null=True, help_text="What replaces the document; null for nothing.")
    may_ask = serializers.BooleanField()
    levels = serializers.ListField(child=serializers.CharField())
    ask_level = serializers.CharField(allow_null=True)
    request = OwnAccessRequest(allow_null=True)


class DocumentWhy(OrganizationView):
    """Why a person may or may not do something with one document."""

    for_outsiders = frozenset({"GET"})

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Ask why a person may or may not do something with a document",
        description=(
            "Decided as an opening would be, but for sign-in, network and device, which only an opening has"
            " (at_opening). undecided lists entries that may still mean the person by another organization."
            " Without who the answer is about you, in your words and without any entry: for documents that you may open"
            " or have tried to open; levels are those that you can ask for, ask_level the lowest one with the right."
        ),
        parameters=[
            OpenApiParameter("who", str, description="The person's address; left out for yourself."),
            OpenApiParameter("right", str, enum=[right.value for right in Right], description="VIEW if left out."),
        ],
        responses=PolymorphicProxySerializer(
            component_name="DocumentWhy", serializers=[WhyAnswer, OwnWhyAnswer], resource_type_field_name=None
        ),
        examples=[OpenApiExample("Not granted", EXAMPLE)],
    )
    def get(self, request: Request, cid: UUID) -> Response:
        """Answer about any person to issuer, owner, administrators and auditors; to others about themselves."""
        asked = checked(Question, request.query_params.dict())
        if "who" not in asked:
            found_himself = explain_to_caller(
                caller=self.caller, organization=self.organization, cid=cid, right=Right(asked["right"])
            )
            return Response(_about_himself(self.caller.address, found_himself))
        document_for(self.caller.actor, cid)
        found = explain_document(
            caller=self.caller,
            organization=self.organization,
            cid=cid,
            address=asked["who"],
            right=Right(asked["right"]),
            now=clock.now(),
        )
        return Response(_explained(found))


def _about_himself(address: str, found: OwnStanding) -> dict[str, Any]:
    why = found.why
    return {
        "who": address,
        "right": why.right.value,
        "allowed": why.allowed,
        "rights": list(why.rights),
        "reasons": [
            {
                "reason": one.reason.value,
                "message": own_words(why, one.reason),
                "detail": translate(one.detail),
                "next_step": translate(WORDS[one.reason].next_step),
            }
            for one in why.reasons
        ],
        "had": in_order(why.had),
        "had_until": why.had_until,
        "at_opening": [translate(words) for words in why.at_opening],
        "contact": why.contact,
        "message_to_recipients": why.note.message,
        "successor": None if why.note.successor is None else asdict(why.note.successor),
        "may_ask": bool(found.levels),
        "levels": list(found.levels),
        "ask_level": next((name for name in found.levels if why.right in LEVELS[name]), None),
        "request": None if found.asked is None else own_json(found.asked),
    }


def _explained(found: Explained) -> dict[str, Any]:
    explanation = found.why.explanation
    return {
        "who": found.who.address,
        "known": found.who.known,
        "right": explanation.right.value,
        "allowed": explanation.allowed,
        "basis": "" if explanation.basis is None else explanation.basis.value,
        "entries": [_entry(found, one) for one in explanation.contributions],
        "ended": [_entry(found, one) for one in explanation.ended],
        "blockers": [
            {
                "reason": one.reason.value,
                "message": blocker_words(explanation, one.reason),
                "detail": translate(one.detail),
                "entry": None if one.entry is None else str(one.entry),
            }
            for one in explanation.blockers
        ],
        "at_opening": [translate(words) for words in found.why.at_opening],
        "undecided": [str(who) for who in found.why.undecided],
        "applications": [reading_in_words(one) for one in found.applications],
    }


def _entry(found: Explained, one: Contribution) -> dict[str, Any]:
    return {
        "who": str(one.who),
        "rights": in_order(one.rights),
        "path": [] if one.group is None else list(found.paths.get(one.group, ())),
        **({"personal": True, "until": one.until} if one.personal else {}),
        **({} if one.until is None else {"until": one.until}),
    }
