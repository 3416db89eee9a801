"""Directory servers over the API: from where people and groups come, and the runs that read them."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import PLAN, listed
from portal.api.framework import (
    UNTIL,
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    page,
    page_answer,
)
from portal.ldap.connection import SECURITIES
from portal.usecases.directory_servers.mapping import KINDS
from portal.usecases.directory_servers.settings import SETTINGS, change, connect, end, tested
from portal.usecases.effects import effect_answer
from portal.usecases.personal_data import PersonalData
from tenants.directory_servers.selectors import (
    ServerFacts,
    server_in,
    servers_in,
)

NEW = {
    "name": "Contoso AD",
    "kind": "active_directory",
    "host": "dc1.contoso.example",
    "bind_name": "CN=chancery,OU=Services,DC=contoso,DC=example",
    "password": "…",
    "people_base": "OU=Staff,DC=contoso,DC=example",
    "groups_base": "OU=Groups,DC=contoso,DC=example",
}
SERVER = {
    "id": PLAN,
    **{name: value for name, value in NEW.items() if name != "password"},
    "may": ["groups", "people"],
    "ended": False,
    "port": 636,
    "security": "ldaps",
    "authority": "",
    "has_password": True,
    "people_filter": "(&(objectCategory=person)(objectClass=user)(mail=*))",
    "groups_filter": "(objectClass=group)",
    "attributes": {"id": "objectGUID", "address": "mail", "name": "displayName cn"},
    "every_minutes": 30,
    "most_percent": 10,
    "changed_until": "2026-11-30T09:30:00Z",
    "complete_at": "2026-11-30T02:00:00Z",
    "failures": 0,
    "locked_out": False,
}
_FILTER = "As in RFC 4515; the usual one for the kind of server unless it is given."


class ServerSettings(serializers.Serializer[dict[str, Any]]):
    """What is set about a server; what is not given stays."""

    host = serializers.CharField(required=False, max_length=253)
    port = serializers.IntegerField(required=False, min_value=1, max_value=65_535)
    security = serializers.ChoiceField(required=False, choices=SECURITIES)
    authority = serializers.CharField(
        required=False, allow_blank=True, max_length=20_000, help_text="The authority's certificate as PEM."
    )
    bind_name = serializers.CharField(required=False, max_length=500, help_text="The account that reads.")
    password = serializers.CharField(
        required=False,
        max_length=1000,
        trim_whitespace=False,
        help_text="Kept sealed, and never shown. Given again with another host, port or authority.",
    )
    people_base = serializers.CharField(required=False, max_length=500)
    people_filter = serializers.CharField(required=False, max_length=2000, help_text=_FILTER)
    groups_base = serializers.CharField(required=False, allow_blank=True, max_length=500)
    groups_filter = serializers.CharField(required=False, allow_blank=True, max_length=2000, help_text=_FILTER)
    attributes = serializers.DictField(
        required=False,
        child=serializers.CharField(allow_blank=True, max_length=500),
        help_text="Which attribute holds what; several are separated by spaces, and the first with a value counts.",
    )
    every_minutes = serializers.IntegerField(
        required=False, min_value=0, max_value=1440, help_text="How often changes are read; 0 for never by itself."
    )
    most_percent = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=100,
        help_text="More than this share of the people or groups, and more than five, are not taken away unasked.",
    )


class NewServer(ServerSettings):
    """A server to be."""

    name = serializers.CharField(max_length=200, help_text="How it appears in the audit log.")
    kind = serializers.ChoiceField(choices=KINDS)
    host = serializers.CharField(max_length=253)
    bind_name = serializers.CharField(max_length=500, help_text="The account that reads.")
    people_base = serializers.CharField(max_length=500)
    roles = serializers.BooleanField(
        required=False, default=False, help_text="Whether it also disables people who hold a role; it never gives one."
    )
    group_domain = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=253,
        help_text="The proven mail domain in which groups without an address get one; the only one unless named.",
    )


class ServerItem(Answer):
    """One server; never its password."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    may = serializers.ListField(child=serializers.CharField())
    ended = serializers.BooleanField()
    host = serializers.CharField()
    port = serializers.IntegerField()
    security = serializers.ChoiceField(choices=SECURITIES)
    authority = serializers.CharField(allow_blank=True)
    bind_name = serializers.CharField()
    has_password = serializers.BooleanField()
    people_base = serializers.CharField()
    people_filter = serializers.CharField()
    groups_base = serializers.CharField(allow_blank=True)
    groups_filter = serializers.CharField(allow_blank=True)
    attributes = serializers.DictField(child=serializers.CharField(allow_blank=True))
    every_minutes = serializers.IntegerField()
    most_percent = serializers.IntegerField()
    changed_until = serializers.DateTimeField(allow_null=True, help_text="Up to when changes are here.")
    complete_at = serializers.DateTimeField(allow_null=True, help_text="When everything was read last.")
    failures = serializers.IntegerField(help_text="Failed runs since the last good one.")
    locked_out = serializers.BooleanField(help_text="Whether the password was refused; nothing runs by itself then.")


class DirectoryServers(OrganizationView):
    """The organization's directory servers."""

    needs = {"GET": Permission.APPLICATIONS_MANAGE, "POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="List directory servers",
        responses=page_answer("DirectoryServerList", ServerItem),
        examples=[OpenApiExample("Servers", listed(SERVER))],
    )
    def get(self, request: Request) -> Response:
        """Answer with every server; never with a password."""
        return page([_server(one) for one in servers_in(self.organization.id)])

    @extend_schema(
        summary="Connect a directory server",
        request=NewServer,
        responses={201: effect_answer("DirectoryServerConnected", **ServerItem().fields)},
        examples=[OpenApiExample("Connect", NEW, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Connect it; nothing is read before a run is asked for."""
        given = checked(NewServer, request.data)
        values = {name: given.pop(name) for name in SETTINGS if name in given}
        made = connect(caller=self.caller, organization=self.organization, values=values, **given)
        return Response({**_server(made.server), **made.effect.as_json()}, status=HTTPStatus.CREATED)


class DirectoryServerDetail(OrganizationView):
    """One server."""

    needs = {"GET": Permission.APPLICATIONS_MANAGE, "PATCH": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Show a directory server",
        responses=ServerItem,
        examples=[OpenApiExample("Server", SERVER)],
    )
    def get(self, request: Request, server_id: UUID) -> Response:
        """Answer with its settings and how up to date it is."""
        return Response(_server(server_in(self.organization.id, server_id)))

    @extend_schema(
        summary="Change a directory server",
        request=ServerSettings,
        responses=effect_answer("DirectoryServerChanged"),
        examples=[OpenApiExample("Read changes", {"every_minutes": 30}, request_only=True)],
    )
    def patch(self, request: Request, server_id: UUID) -> Response:
        """Change what is given; all administrators are mailed."""
        wanted = checked(ServerSettings, request.data)
        return effect_response(
            change(caller=self.caller, organization=self.organization, server_id=server_id, changes=wanted)
        )


class TestedPerson(Answer):
    """One of the first people, as they would come."""

    address = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    active = serializers.BooleanField()
    aliases = serializers.ListField(child=serializers.CharField())


class TestedItem(Answer):
    """What a server answered."""

    people = TestedPerson(many=True)
    groups = serializers.IntegerField(allow_null=True, help_text="Of the first five; null where none are read.")
    bases = serializers.ListField(child=serializers.CharField(), help_text="What the server holds.")
    vendor = serializers.CharField(allow_blank=True)


class DirectoryServerTest(OrganizationView):
    """What asks a server for its first people."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}
    reads = {"POST": PersonalData.PEOPLE}

    @extend_schema(
        summary="Test a directory server",
        request=None,
        responses=TestedItem,
        examples=[
            OpenApiExample(
                "Tested",
                {
                    "people": [{"address": "max@contoso.example", "name": "Max", "active": True, "aliases": []}],
                    "groups": 5,
                    "bases": ["DC=contoso,DC=example"],
                    "vendor": "",
                },
                response_only=True,
            )
        ],
    )
    def post(self, request: Request, server_id: UUID) -> Response:
        """Answer with the first five people as they would come; nothing is changed."""
        found = tested(caller=self.caller, organization=self.organization, server_id=server_id)
        people = [
            {
                "address": one.address,
                "name": one.wanted["name"],
                "active": one.wanted["active"],
                "aliases": one.wanted["aliases"],
            }
            for one in found.people
        ]
        return Response({"people": people, "groups": found.groups, "bases": found.bases, "vendor": found.vendor})


class EndDirectoryServer(OrganizationView):
    """The end of a server's connection."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="End a directory server",
        request=Confirmed,
        responses=effect_answer("DirectoryServerEnded", latest_offline_moment=UNTIL),
        examples=[OpenApiExample("Confirmed", {"confirm": "Contoso AD", "reason": "Replaced"}, request_only=True)],
    )
    def post(self, request: Request, server_id: UUID) -> Response:
        """End it; people and groups stay as they are."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(end(caller=self.caller, server_id=server_id, stated=stated))


def _server(facts: ServerFacts) -> dict[str, Any]:
    return {
        "id": str(facts.id),
        "name": facts.name,
        "kind": facts.kind,
        "may": list(facts.connection.may),
        "ended": facts.connection.ended,
        **{name: getattr(facts, name) for name in SETTINGS},
        "has_password": facts.has_password,
        "changed_until": facts.changed_until,
        "complete_at": facts.complete_at,
        "failures": facts.failures,
        "locked_out": facts.locked_out,
    }
