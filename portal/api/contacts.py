"""The organization's address book over the API."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import PLAN, done, listed
from portal.api.framework import (
    Answer,
    MailAddress,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page,
    page_answer,
)
from portal.usecases.contacts import MOST_AT_ONCE, WantedContact, keep_contacts, remove_contact, visible_contacts
from portal.usecases.effects import EffectAnswer
from portal.usecases.personal_data import PersonalData

RITA: dict[str, Any] = {
    "id": PLAN,
    "address": "rita@fabrikam.example",
    "name": "Rita Rossi",
    "made_at": "2026-11-29T09:00:00Z",
}


class ContactWanted(serializers.Serializer[dict[str, str]]):
    """One contact."""

    address = MailAddress()
    name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class ContactsWanted(serializers.Serializer[dict[str, Any]]):
    """Contacts to keep."""

    contacts = serializers.ListField(
        child=ContactWanted(), help_text=f"1 to {MOST_AT_ONCE}; a known address gets the name given here."
    )


class ContactItem(Answer):
    """One contact."""

    id = serializers.UUIDField()
    address = serializers.CharField()
    name = serializers.CharField()
    made_at = serializers.DateTimeField()


class Contacts(OrganizationView):
    """The address book."""

    needs = {"GET": Permission.PEOPLE_READ, "POST": Permission.PEOPLE_MANAGE}
    reads = {"GET": PersonalData.CONTACTS}

    @extend_schema(
        summary="List contacts",
        parameters=[
            OpenApiParameter("search", str, description="A part of a name or an address."),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("ContactList", ContactItem),
        examples=[OpenApiExample("Contacts", listed(RITA))],
    )
    def get(self, request: Request) -> Response:
        """Answer in the order of the addresses."""
        found = visible_contacts(
            caller=self.caller,
            search=request.query_params.get("search", ""),
            after=request.query_params.get("cursor", ""),
            limit=limit_of(request),
        )
        return page([asdict(one) for one in found.rows], found.next)

    @extend_schema(
        summary="Keep contacts",
        description="All of them or none. A contact grants nothing; members find it when they choose recipients.",
        request=ContactsWanted,
        responses={200: EffectAnswer},
        examples=[
            OpenApiExample(
                "A contact", {"contacts": [{"address": RITA["address"], "name": RITA["name"]}]}, request_only=True
            ),
            OpenApiExample("Kept", done("1 contact is kept."), response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """Add them, or give known ones another name."""
        body = checked(ContactsWanted, request.data)
        wanted = [WantedContact(**one) for one in body["contacts"]]
        return effect_response(keep_contacts(caller=self.caller, wanted=wanted))


class ContactDetail(OrganizationView):
    """One contact."""

    needs = {"DELETE": Permission.PEOPLE_MANAGE}

    @extend_schema(summary="Remove a contact", responses={200: EffectAnswer})
    def delete(self, request: Request, contact_id: UUID) -> Response:
        """Take it out; what was granted to the address stays."""
        return effect_response(remove_contact(caller=self.caller, contact_id=contact_id))
