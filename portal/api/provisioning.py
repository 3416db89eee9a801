"""Provisioning connections over the API: identity providers that fill the directory by SCIM, and their tokens."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import MAX, OPENING, PLAN, listed
from portal.api.framework import (
    UNTIL,
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page,
    page_answer,
)
from portal.usecases.effects import effect_answer
from portal.usecases.personal_data import PersonalData
from portal.usecases.provisioning.connections import connect, end, make_token, resume, revoke_token, set_dry_run
from tenants.connections.selectors import (
    ConnectionFacts,
    connection_in,
    connections_in,
    dry_runs_of,
    removed_by_provisioning,
)
from tenants.connections.services.create_connection import MAY
from tenants.connections.services.tokens import DAYS, MOST_DAYS

TOKEN = {
    "id": OPENING,
    "hint": "kV3x9b",
    "created_at": "2026-11-30T09:00:00Z",
    "expires_at": "2027-11-30T09:00:00Z",
    "last_used_at": None,
    "revoked_at": None,
    "valid": True,
}
CONNECTION = {
    "id": PLAN,
    "name": "Entra ID",
    "may": ["groups", "people"],
    "group_domain": "contoso.example",
    "dry_run": False,
    "stopped_at": None,
    "ended": False,
    "created_at": "2026-11-30T09:00:00Z",
    "last_used_at": None,
    "tokens": [TOKEN],
}
REMOVED = {"id": MAX, "address": "max@contoso.example", "name": "Max", "removed_at": "2026-11-30T09:00:00Z"}
TRIED = {
    "at": "2026-11-30T09:00:00Z",
    "method": "PATCH",
    "what": "max@contoso.example",
    "status": 200,
    "changes": ["active: true → false"],
}


class NewConnection(serializers.Serializer[dict[str, Any]]):
    """A connection to be."""

    name = serializers.CharField(max_length=200, help_text="How it appears in the audit log.")
    may = serializers.ListField(
        child=serializers.ChoiceField(choices=list(MAY)),
        help_text="What it manages. With roles it may also disable people who hold a role; it never gives one.",
    )
    group_domain = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=253,
        help_text="The proven mail domain in which its groups get addresses; the only one unless named.",
    )
    dry_run = serializers.BooleanField(
        required=False, default=False, help_text="Whether its requests are only judged and listed."
    )


class TokenItem(Answer):
    """One token; never its secret."""

    id = serializers.UUIDField()
    hint = serializers.CharField(help_text="The first letters of its secret part.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    revoked_at = serializers.DateTimeField(allow_null=True)
    valid = serializers.BooleanField()


class ConnectionItem(Answer):
    """One connection with its tokens."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    may = serializers.ListField(child=serializers.CharField())
    group_domain = serializers.CharField(allow_blank=True)
    dry_run = serializers.BooleanField()
    stopped_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was stopped because it shut out too many people; null while it works."
    )
    ended = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    tokens = TokenItem(many=True)


class Connections(OrganizationView):
    """The organization's provisioning connections."""

    needs = {"GET": Permission.APPLICATIONS_MANAGE, "POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="List provisioning connections",
        responses=page_answer("ConnectionList", ConnectionItem),
        examples=[OpenApiExample("Connections", listed(CONNECTION))],
    )
    def get(self, request: Request) -> Response:
        """Answer with every connection; never with a token."""
        return page([_connection(one) for one in connections_in(self.organization.id)])

    @extend_schema(
        summary="Connect an identity provider",
        request=NewConnection,
        responses={201: effect_answer("Connected", **ConnectionItem().fields)},
        examples=[OpenApiExample("Connect", {"name": "Entra ID", "may": ["people", "groups"]}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Make a connection; it can do nothing until it has a token."""
        made = connect(caller=self.caller, **checked(NewConnection, request.data))
        return Response({**_connection(made.connection), **made.effect.as_json()}, status=HTTPStatus.CREATED)


class ChangedConnection(serializers.Serializer[dict[str, Any]]):
    """What may be changed about a connection."""

    dry_run = serializers.BooleanField(help_text="Whether its requests are only judged and listed.")


class ConnectionDetail(OrganizationView):
    """One connection."""

    needs = {"GET": Permission.APPLICATIONS_MANAGE, "PATCH": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Show a provisioning connection",
        responses=ConnectionItem,
        examples=[OpenApiExample("Connection", CONNECTION)],
    )
    def get(self, request: Request, connection_id: UUID) -> Response:
        """Answer with what it may do and which tokens it has."""
        return Response(_connection(connection_in(self.organization.id, connection_id)))

    @extend_schema(
        summary="Let a provisioning connection only try, or change things",
        request=ChangedConnection,
        responses=effect_answer("ConnectionChanged"),
        examples=[OpenApiExample("Try", {"dry_run": True}, request_only=True)],
    )
    def patch(self, request: Request, connection_id: UUID) -> Response:
        """Turn the dry run on or off."""
        wanted = checked(ChangedConnection, request.data)
        return effect_response(set_dry_run(caller=self.caller, connection_id=connection_id, dry_run=wanted["dry_run"]))


class NewToken(serializers.Serializer[dict[str, Any]]):
    """A token to be."""

    days = serializers.IntegerField(required=False, default=DAYS, min_value=1, max_value=MOST_DAYS)


class ConnectionTokens(OrganizationView):
    """The tokens of a connection."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Make a token for a provisioning connection",
        request=NewToken,
        responses={
            201: effect_answer(
                "ConnectionTokenMade",
                id=serializers.UUIDField(),
                token=serializers.CharField(help_text="Shown this once only."),
                expires_at=serializers.DateTimeField(),
            )
        },
        examples=[OpenApiExample("Token", {"days": 365}, request_only=True)],
    )
    def post(self, request: Request, connection_id: UUID) -> Response:
        """Answer with the token, once: it is kept as a hash. Two are valid at a time, for one to follow another."""
        made = make_token(
            caller=self.caller,
            organization=self.organization,
            connection_id=connection_id,
            days=checked(NewToken, request.data)["days"],
        )
        body = {"id": str(made.token.id), "token": made.token.value, "expires_at": made.token.expires_at}
        return Response({**body, **made.effect.as_json()}, status=HTTPStatus.CREATED)


class RevokeConnectionToken(OrganizationView):
    """The end of a token."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Revoke a token of a provisioning connection",
        request=Confirmed,
        responses=effect_answer("ConnectionTokenRevoked"),
        examples=[OpenApiExample("Confirmed", {"confirm": "kV3x9b"}, request_only=True)],
    )
    def post(self, request: Request, connection_id: UUID, token_id: UUID) -> Response:
        """Revoke it at once."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            revoke_token(caller=self.caller, connection_id=connection_id, token_id=token_id, stated=stated)
        )


class ResumeConnection(OrganizationView):
    """What lets a stopped connection go on."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Let a stopped provisioning connection go on",
        request=Confirmed,
        responses=effect_answer("ConnectionResumed"),
        examples=[OpenApiExample("Confirmed", {"confirm": "Entra ID", "reason": "Planned"}, request_only=True)],
    )
    def post(self, request: Request, connection_id: UUID) -> Response:
        """Let it go on, for an hour without a limit."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(resume(caller=self.caller, connection_id=connection_id, stated=stated))


class EndConnection(OrganizationView):
    """The end of a connection."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="End a provisioning connection",
        request=Confirmed,
        responses=effect_answer("ConnectionEnded", latest_offline_moment=UNTIL),
        examples=[OpenApiExample("Confirmed", {"confirm": "Entra ID", "reason": "Replaced"}, request_only=True)],
    )
    def post(self, request: Request, connection_id: UUID) -> Response:
        """End its tokens; people and groups stay as they are."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(end(caller=self.caller, connection_id=connection_id, stated=stated))


class TriedItem(Answer):
    """One request that was judged and not carried out."""

    at = serializers.DateTimeField()
    method = serializers.CharField()
    what = serializers.CharField(help_text="The address of the person or the name of the group.")
    status = serializers.IntegerField(help_text="How it was answered.")
    changes = serializers.ListField(child=serializers.CharField(), help_text="What would have changed, or why not.")


class TriedRequests(OrganizationView):
    """What a connection asked for during its dry run."""

    needs = {"GET": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="List what a provisioning connection tried",
        parameters=[OpenApiParameter("limit", int)],
        responses=page_answer("TriedList", TriedItem),
        examples=[OpenApiExample("Tried", listed(TRIED))],
    )
    def get(self, request: Request, connection_id: UUID) -> Response:
        """Answer with the latest requests of its dry run, newest first."""
        found = connection_in(self.organization.id, connection_id)
        rows = dry_runs_of(found.id, organization_id=self.organization.id, limit=limit_of(request))
        return page(
            [
                {"at": one.at, "method": one.method, "what": one.what, "status": one.status, "changes": one.changes}
                for one in rows
            ]
        )


class RemovedItem(Answer):
    """One person whom a connection has deleted."""

    id = serializers.UUIDField()
    address = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    removed_at = serializers.DateTimeField()


class RemovedPeople(OrganizationView):
    """People whom connections have deleted and who are still in the directory."""

    needs = {"GET": Permission.PEOPLE_MANAGE}
    reads = {"GET": PersonalData.LEFT}

    @extend_schema(
        summary="List people removed by provisioning",
        description=(
            "They are disabled and in no group. Remove them for good with people/{person_id}/removal, hand over their"
            " documents with hand-overs, or enable them again."
        ),
        responses=page_answer("RemovedList", RemovedItem),
        examples=[OpenApiExample("Removed", listed(REMOVED))],
    )
    def get(self, request: Request) -> Response:
        """Answer with all of them, the latest first."""
        return page(
            [
                {"id": str(one.person_id), "address": one.address, "name": one.name, "removed_at": one.removed_at}
                for one in removed_by_provisioning(self.organization.id)
            ]
        )


def _connection(facts: ConnectionFacts) -> dict[str, Any]:
    return {
        "id": str(facts.id),
        "name": facts.name,
        "may": list(facts.may),
        "group_domain": facts.group_domain,
        "dry_run": facts.dry_run,
        "stopped_at": facts.stopped_at,
        "ended": facts.ended,
        "created_at": facts.created_at,
        "last_used_at": facts.last_used_at,
        "tokens": [
            {
                "id": str(one.id),
                "hint": one.hint,
                "created_at": one.created_at,
                "expires_at": one.expires_at,
                "last_used_at": one.last_used_at,
                "revoked_at": one.revoked_at,
                "valid": one.valid,
            }
            for one in facts.tokens
        ],
    }
