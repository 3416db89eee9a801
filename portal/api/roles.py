"""Roles over the API: who holds what, giving and ending, and what each permits."""

from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import listed
from portal.api.framework import (
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
from portal.usecases.personal_data import PersonalData
from portal.usecases.role_assignments import EffectiveRights, effective_rights, end_role, give_role, shown_roles
from portal.words.roles import permission_in_words, role_in_words, sentence_of
from tenants.directory.roles import PLACES, ROLES
from tenants.directory.selectors.roles import AssignmentFacts

CAN_BE_GIVEN: Final = tuple(name for name in ROLES if name not in PLACES)
KINDS: Final = ("person", "group", "application")
GIVEN: Final[dict[str, Any]] = {
    "id": "0190b6a4-7a9b-7c31-9a55-0d6c5d1c2a10",
    "role": "key_manager",
    "kind": "person",
    "whom": "max@contoso.example",
    "name": "Max",
    "since": "2026-12-01T09:00:00Z",
    "reason": "Stands in for Olga",
    "until": None,
    "for_group": "",
}


class GivenRole(Answer):
    """One role as it was given."""

    id = serializers.UUIDField()
    role = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    whom = serializers.CharField(help_text="The address of a person or group, the client id of an application.")
    name = serializers.CharField(allow_blank=True)
    since = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True)
    until = serializers.DateTimeField(allow_null=True, help_text="When it ends; null for never.")
    for_group = serializers.CharField(
        allow_blank=True, help_text="For the members of which group alone a connector protects; empty for all."
    )


class RoleToGive(Confirmed):
    """A role for a person, a group or an application."""

    role = serializers.ChoiceField(choices=CAN_BE_GIVEN)
    whom = serializers.CharField(
        max_length=320, help_text="The address of a member or group, or the client id of an application."
    )
    until = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="When it ends by itself; null for never."
    )
    for_group = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=320,
        help_text="The address of the group for whose members alone a connector protects; empty for all members.",
    )


class ExplainedRole(Answer):
    """What a role permits, and who can be given it."""

    role = serializers.CharField()
    name = serializers.CharField(help_text="In the caller's language.")
    meaning = serializers.CharField(help_text="In the caller's language.")
    permissions = serializers.ListField(child=serializers.CharField())
    people = serializers.BooleanField(help_text="Whether people and groups can be given it.")
    applications = serializers.BooleanField(help_text="Whether applications can be given it.")


class RightSource(Answer):
    """What a permission comes from."""

    role = serializers.CharField()
    groups = serializers.ListField(
        child=serializers.CharField(), help_text="The groups that lead to the person, the one with the role first."
    )
    until = serializers.DateTimeField(allow_null=True, help_text="When it ends; null for never.")


class RightShown(Answer):
    """One permission."""

    permission = serializers.CharField()
    meaning = serializers.CharField(help_text="In the caller's language.")
    sources = RightSource(many=True)


class RightsShown(Answer):
    """What somebody may do here."""

    roles = serializers.ListField(child=serializers.CharField())
    rights = RightShown(many=True)
    note = serializers.CharField(help_text="That no role opens content, in the caller's language.")


class Roles(OrganizationView):
    """The roles that were given."""

    needs = {"GET": Permission.PEOPLE_READ, "POST": Permission.ROLES_MANAGE}
    reads = {"GET": PersonalData.PEOPLE}

    @extend_schema(
        summary="List the roles that were given",
        parameters=[
            OpenApiParameter("role", str),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=page_answer("RoleList", GivenRole),
        examples=[OpenApiExample("Roles", listed(GIVEN))],
    )
    def get(self, request: Request) -> Response:
        """Answer with one page, the oldest first."""
        limit, query = limit_of(request), request.query_params
        after = _uuid(query.get("cursor", ""))
        rows = shown_roles(caller=self.caller, role=query.get("role", ""), after=after, limit=limit).rows
        return page([_given(one) for one in rows], str(rows[-1].id) if len(rows) == limit else "")

    @extend_schema(
        summary="Give a role",
        request=RoleToGive,
        responses=effect_answer("RoleGiven"),
        examples=[
            OpenApiExample(
                "Role",
                {"role": "key_manager", "whom": "max@contoso.example", "until": None, "reason": "Stands in"},
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Give a person, a group or an application a role, perhaps until a moment; giving it again changes the end."""
        wanted = checked(RoleToGive, request.data)
        return effect_response(
            give_role(
                caller=self.caller,
                role=wanted["role"],
                whom=wanted["whom"],
                until=wanted["until"],
                for_group=wanted["for_group"],
                stated=self.stated(wanted),
            )
        )


class RoleEnd(OrganizationView):
    """The end of a role."""

    needs = {"POST": Permission.ROLES_MANAGE}

    @extend_schema(
        summary="End a role",
        request=Confirmed,
        responses=effect_answer("RoleEnded"),
        examples=[
            OpenApiExample("Ended", {"confirm": "max@contoso.example", "reason": "Moved on"}, request_only=True),
        ],
    )
    @idempotent
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """End it at once; the last administrator's role stays."""
        wanted = checked(Confirmed, request.data)
        return effect_response(end_role(caller=self.caller, assignment=assignment_id, stated=self.stated(wanted)))


class RolesExplained(OrganizationView):
    """What roles there are."""

    needs = {"GET": Permission.PEOPLE_READ}

    @extend_schema(summary="Say what each role permits", responses=page_answer("RolesExplained", ExplainedRole))
    def get(self, _request: Request) -> Response:
        """Answer with all of them."""
        return page(
            [
                {
                    "role": name,
                    "name": role_in_words(name),
                    "meaning": sentence_of(name),
                    "permissions": sorted(role.permissions),
                    "people": role.people,
                    "applications": role.applications,
                }
                for name, role in ROLES.items()
            ],
            "",
        )


class PersonRights(OrganizationView):
    """What somebody may do here."""

    needs = {"GET": Permission.PEOPLE_READ}
    reads = {"GET": PersonalData.PERSON}

    @extend_schema(summary="Show what a person or an application may do, and by what", responses=RightsShown)
    def get(self, _request: Request, person_id: UUID) -> Response:
        """Answer with each permission and all that it comes from."""
        return Response(_rights(effective_rights(caller=self.caller, person_id=person_id)))


def _given(one: AssignmentFacts) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "role": one.role,
        "kind": one.kind,
        "whom": one.whom,
        "name": one.name,
        "since": one.since,
        "reason": one.reason,
        "until": one.ends_at,
        "for_group": one.for_group,
    }


def _rights(found: EffectiveRights) -> dict[str, Any]:
    return {
        "roles": list(found.person.roles),
        "rights": [
            {
                "permission": one.permission.value,
                "meaning": permission_in_words(one.permission),
                "sources": [
                    {"role": source.role, "groups": list(source.path), "until": source.ends_at}
                    for source in one.sources
                ],
            }
            for one in found.rights
        ],
        "note": _("No role opens documents: what somebody can read is decided by each document's policy."),
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
