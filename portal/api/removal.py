"""Removing a person who left, over the API."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.framework import ANYBODY, Confirmed, OrganizationView, checked, effect_response
from portal.usecases.effects import effect_answer
from portal.usecases.leave import leave_organization
from portal.usecases.personal_data import PersonalData
from portal.usecases.remove_person import Removal, removal_of, remove_person

MAX_LEAVES: Final = {
    "email": "max@contoso.example",
    "documents": 3,
    "groups": ["Board"],
    "latest_offline_moment": "2026-12-25T09:00:00Z",
}
_MEANS: Final[dict[str, Any]] = {
    "documents": serializers.IntegerField(),
    "groups": serializers.ListField(child=serializers.CharField()),
    "latest_offline_moment": serializers.DateTimeField(allow_null=True),
}
"""What the end of a place means: documents that stay with the old identity, groups that lose a member, copies."""


class PersonRemoval(OrganizationView):
    """The removal of a person."""

    needs = {"GET": Permission.PEOPLE_MANAGE, "POST": Permission.PEOPLE_MANAGE}
    reads = {"GET": PersonalData.PERSON}

    @extend_schema(
        summary="Show what removing a person would do",
        responses=inline_serializer(
            "Removal",
            {"email": serializers.CharField(), **_MEANS},
        ),
        examples=[OpenApiExample("Removal", MAX_LEAVES)],
    )
    def get(self, request: Request, person_id: UUID) -> Response:
        """Answer with the documents that stay with the old identity and the groups that lose a member."""
        return Response(_shown(removal_of(caller=self.caller, person_id=person_id)))

    @extend_schema(
        summary="Remove a person who left",
        request=Confirmed,
        responses=effect_answer("Removed", **_MEANS),
        examples=[
            OpenApiExample(
                "Removal", {"confirm": "max@contoso.example", "reason": "Left the company"}, request_only=True
            )
        ],
    )
    def post(self, request: Request, person_id: UUID) -> Response:
        """Remove the person for good; the address is free for a successor, who inherits nothing."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(remove_person(caller=self.caller, person_id=person_id, stated=stated))


class Leave(OrganizationView):
    """The end of one's own place."""

    needs = {"POST": ANYBODY}

    @extend_schema(
        summary="Leave the organization",
        description=(
            "Asked first: without confirm the answer says what it means. The last administrator cannot leave, nor can"
            " an application."
        ),
        request=Confirmed,
        responses=effect_answer(
            "Left",
            documents=serializers.IntegerField(),
            latest_offline_moment=serializers.DateTimeField(allow_null=True),
        ),
        examples=[OpenApiExample("Leave", {"confirm": "Contoso"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """End the caller's place for good, as a removal by an administrator does."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(leave_organization(caller=self.caller, organization=self.organization, stated=stated))


def _shown(removal: Removal) -> dict[str, Any]:
    return {
        "email": removal.person.email,
        "documents": removal.documents,
        "groups": list(removal.groups),
        "latest_offline_moment": removal.until,
    }
