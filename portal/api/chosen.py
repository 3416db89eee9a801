"""Acts on several objects over the API, as the lists of the pages have them: one question, an answer for each."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.days import LAST_MOMENT
from chancery.policy.permission import Permission
from portal.api.examples import done
from portal.api.framework import (
    ANYBODY,
    Answer,
    BaseView,
    Confirmed,
    FreeText,
    OrganizationView,
    checked,
    directory_actor,
    effect_response,
    stated_by,
)
from portal.identity.bearer import caller
from portal.usecases.bulk.access_requests import decline_requests, grant_requests
from portal.usecases.bulk.devices import revoke_devices
from portal.usecases.bulk.documents import restore_documents, revoke_documents
from portal.usecases.bulk.each import MOST
from portal.usecases.bulk.people import disable_people, enable_people, invite_people_again
from portal.usecases.effects import effect_answer

HOW: Final = "Asked about once; each is done, recorded and answered by itself. confirm is how many would change."
FIRST: Final = "0190b6a4-7a9b-7c31-9a55-0d6c5d1c2a10"
OUTCOME: Final = {
    "id": FIRST,
    "name": "Offer.pdf",
    "changed": True,
    "refused": "",
    "message": "Access is taken back from everybody but the person who protected the document, "
    "unless it was handed over.",
    "warnings": [],
}
DONE: Final = OpenApiExample("Done", done("Access to 1 document is taken back.", results=[OUTCOME]), response_only=True)


class Outcome(Answer):
    """What became of one of them."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    changed = serializers.BooleanField()
    refused = serializers.CharField(allow_blank=True, help_text="The code of the refusal; empty where there was none.")
    message = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField())


def _ids() -> serializers.ListField:
    return serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST)


def _answer(name: str) -> Any:
    return effect_answer(name, results=Outcome(many=True))


class ChosenDocumentsBody(Confirmed):
    """Which documents, and what to do with them."""

    act = serializers.ChoiceField(choices=["revoke", "restore"])
    documents = _ids()


class ChosenPeopleBody(Confirmed):
    """Which people, and what to do with them."""

    act = serializers.ChoiceField(choices=["disable", "enable", "invite"])
    people = _ids()


class ChosenRequestsBody(Confirmed):
    """Which requests for access, and the answer to them."""

    act = serializers.ChoiceField(choices=["grant", "decline"])
    requests = _ids()
    until = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=0,
        max_value=LAST_MOMENT,
        help_text="Granted until then, in seconds since 1970; null for no end of its own.",
    )
    message = FreeText(
        required=False, allow_blank=True, default="", max_length=500, help_text="What they read when declined."
    )


class ChosenDevicesBody(Confirmed):
    """Which devices, and what to do with them."""

    act = serializers.ChoiceField(choices=["revoke"])
    devices = _ids()


class ChosenDocuments(OrganizationView):
    """Several documents."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Revoke several documents for everybody, or restore them",
        description=HOW,
        request=ChosenDocumentsBody,
        responses=_answer("ChosenDocumentsDone"),
        examples=[
            OpenApiExample("Revoke", {"act": "revoke", "documents": [FIRST], "confirm": "1"}, request_only=True),
            DONE,
        ],
    )
    def post(self, request: Request) -> Response:
        """Do it for each that the caller may."""
        wanted = checked(ChosenDocumentsBody, request.data)
        act = revoke_documents if wanted["act"] == "revoke" else restore_documents
        return effect_response(
            act(
                caller=self.caller,
                organization=self.organization,
                cids=wanted["documents"],
                stated=self.stated(wanted),
            )
        )


class ChosenPeople(OrganizationView):
    """Several people."""

    needs = {"POST": Permission.PEOPLE_MANAGE}

    @extend_schema(
        summary="Disable or enable several people, or invite them again",
        description=HOW,
        request=ChosenPeopleBody,
        responses=_answer("ChosenPeopleDone"),
        examples=[
            OpenApiExample(
                "Disable",
                {"act": "disable", "people": [FIRST], "confirm": "1", "reason": "Left the company"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Do it for each that the caller may."""
        wanted = checked(ChosenPeopleBody, request.data)
        people, stated = wanted["people"], self.stated(wanted)
        if wanted["act"] == "disable":
            return effect_response(disable_people(caller=self.caller, people=people, stated=stated))
        if wanted["act"] == "enable":
            return effect_response(enable_people(caller=self.caller, people=people, stated=stated))
        return effect_response(
            invite_people_again(caller=self.caller, organization=self.organization, people=people, stated=stated)
        )


class ChosenRequests(OrganizationView):
    """Several requests for access."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Grant several requests for access, each what it asks for, or decline them",
        description=HOW,
        request=ChosenRequestsBody,
        responses=_answer("ChosenRequestsDone"),
        examples=[
            OpenApiExample(
                "Grant", {"act": "grant", "requests": [FIRST], "until": 1798675200, "confirm": "1"}, request_only=True
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Answer each that the caller may."""
        wanted = checked(ChosenRequestsBody, request.data)
        about = {
            "caller": self.caller,
            "organization": self.organization,
            "requests": wanted["requests"],
            "stated": self.stated(wanted),
        }
        if wanted["act"] == "grant":
            return effect_response(grant_requests(**about, until=wanted["until"]))
        return effect_response(decline_requests(**about, message=wanted["message"]))


class ChosenDevices(BaseView):
    """Several devices of the person."""

    @extend_schema(
        summary="Revoke several of my devices",
        description=HOW,
        request=ChosenDevicesBody,
        responses=_answer("ChosenDevicesDone"),
        examples=[OpenApiExample("Revoke", {"act": "revoke", "devices": [FIRST], "confirm": "1"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Revoke each that is the caller's."""
        wanted = checked(ChosenDevicesBody, request.data)
        return effect_response(
            revoke_devices(
                person_id=caller(request).id,
                devices=wanted["devices"],
                actor=directory_actor(request),
                stated=stated_by(request, wanted),
            )
        )
