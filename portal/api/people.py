"""People of an organization over the API."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import PERSON, listed
from portal.api.framework import (
    TOTAL,
    UNTIL,
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
from portal.api.sorting import sort_of, sort_parameter
from portal.usecases.effects import effect_answer, together
from portal.usecases.people import change_role, create_person, disable_person, enable_person, invite_person_again
from portal.usecases.personal_data import PersonalData
from tenants.directory.roles import OF_PEOPLE, USER
from tenants.directory.selectors.people import ORDERS, PersonFacts, count_in, people_in, person_in, place_in_list

PERSON_ROLES = (USER, *OF_PEOPLE)
"""What a person can be when they are added, or instead of what they were given."""
NEW_PERSON = {**{name: PERSON[name] for name in ("email", "name")}, "role": "user"}


class NewPerson(Confirmed):
    """A person to be; an administrator to be is confirmed."""

    email = MailAddress()
    name = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)
    role = serializers.ChoiceField(choices=PERSON_ROLES, required=False, default="user")
    guest = serializers.BooleanField(required=False, default=False)


class PersonAddress(Answer):
    """One address of a person."""

    address = serializers.CharField()
    proven = serializers.BooleanField()


class PersonItem(Answer):
    """One person's place."""

    id = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    roles = serializers.ListField(
        child=serializers.CharField(), help_text="All that they hold now, directly or by a group."
    )
    guest = serializers.BooleanField()
    disabled = serializers.BooleanField()
    invited = serializers.BooleanField(help_text="Whether a member has not signed in yet.")
    since = serializers.DateTimeField()
    addresses = PersonAddress(many=True)


class People(OrganizationView):
    """The organization's people."""

    needs = {"GET": Permission.PEOPLE_READ, "POST": Permission.PEOPLE_MANAGE}
    reads = {"GET": PersonalData.PEOPLE}

    @extend_schema(
        summary="List people",
        parameters=[
            OpenApiParameter("search", str),
            sort_parameter(ORDERS, "email"),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("PersonList", PersonItem, total=TOTAL),
        examples=[OpenApiExample("People", listed(PERSON))],
    )
    def get(self, request: Request) -> Response:
        """Answer with one page."""
        limit, query, sort = limit_of(request), request.query_params, sort_of(request, ORDERS, "email")
        found = people_in(
            self.organization.id, search=query.get("search", ""), sort=sort, after=query.get("cursor", ""), limit=limit
        )
        more, first = len(found) == limit, not query.get("cursor")
        total = count_in(self.organization.id, search=query.get("search", "")) if more and first else None
        return page(
            [_person(facts) for facts in found],
            place_in_list(found[-1], sort) if more else "",
            len(found) if first and not more else total,
        )

    @extend_schema(
        summary="Create a person",
        request=NewPerson,
        responses={201: effect_answer("PersonAdded", **PersonItem().fields)},
        examples=[OpenApiExample("Person", NEW_PERSON, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Create the person, or give a person of the installation a place here; they are invited by mail."""
        wanted = checked(NewPerson, request.data)
        added = create_person(
            caller=self.caller,
            organization=self.organization,
            address=wanted["email"],
            name=wanted["name"],
            role=wanted["role"],
            guest=wanted["guest"],
            stated=self.stated(wanted),
        )
        return Response({**_person(added.person), **added.effect.as_json()}, status=HTTPStatus.CREATED)


class PersonInvitation(OrganizationView):
    """The invitation of a person."""

    needs = {"POST": Permission.PEOPLE_MANAGE}

    @extend_schema(summary="Mail the invitation again", request=None, responses=effect_answer("InvitedAgain"))
    def post(self, request: Request, person_id: UUID) -> Response:
        """Mail it, at most once in ten minutes."""
        return effect_response(
            invite_person_again(caller=self.caller, organization=self.organization, person_id=person_id)
        )


class ChangedPerson(Confirmed):
    """What may be changed about a person's place."""

    role = serializers.ChoiceField(choices=PERSON_ROLES, required=False)
    disabled = serializers.BooleanField(required=False)


class PersonDetail(OrganizationView):
    """One person's place."""

    needs = {"GET": Permission.PEOPLE_READ, "PATCH": Permission.PEOPLE_MANAGE}
    reads = {"GET": PersonalData.PERSON}

    @extend_schema(
        summary="Show one person",
        responses=PersonItem,
        examples=[OpenApiExample("Person", PERSON)],
    )
    def get(self, request: Request, person_id: UUID) -> Response:
        """Answer with addresses and role."""
        return Response(_person(person_in(self.organization.id, person_id)))

    @extend_schema(
        summary="Change a person's role, disable or enable",
        request=ChangedPerson,
        responses=effect_answer("PersonChanged", **PersonItem().fields, latest_offline_moment=UNTIL),
        examples=[
            OpenApiExample(
                "Disable",
                {"disabled": True, "reason": "Left", "confirm": "max@contoso.example"},
                request_only=True,
            )
        ],
    )
    @idempotent
    def patch(self, request: Request, person_id: UUID) -> Response:
        """Apply what is named; a disabled person gets no license at the very next request."""
        wanted = checked(ChangedPerson, request.data)
        caller, stated, made = self.caller, self.stated(wanted), []
        with transaction.atomic():
            if "role" in wanted:
                made.append(change_role(caller=caller, person_id=person_id, role=wanted["role"], stated=stated))
            if wanted.get("disabled") is True:
                made.append(disable_person(caller=caller, person_id=person_id, stated=stated))
            if wanted.get("disabled") is False:
                made.append(enable_person(caller=caller, person_id=person_id))
        return Response({**_person(person_in(self.organization.id, person_id)), **together(made).as_json()})


def _person(facts: PersonFacts) -> dict[str, Any]:
    return {
        "id": str(facts.id),
        "email": facts.email,
        "name": facts.name,
        "roles": list(facts.roles),
        "guest": facts.guest,
        "disabled": facts.disabled,
        "invited": facts.invited,
        "since": facts.since,
        "addresses": [{"address": one.address, "proven": bool(one.proven_by)} for one in facts.addresses],
    }
