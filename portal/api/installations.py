"""Other installations at which members sign in, over the API."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import done
from portal.api.framework import (
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    limit_of,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.usecases.effects import effect_answer
from portal.usecases.homes.installations import allow, forbid, visible_installations

FABRIKAM: dict[str, Any] = {
    "host": "rights.fabrikam.example",
    "people": 3,
    "first_at": "2026-11-29T09:00:00Z",
    "last_at": "2026-11-30T09:00:00Z",
    "forbidden": False,
    "reason": "",
    "by": "",
    "since": None,
}
RECORD: dict[str, str] = {
    "domain": "contoso.example",
    "name": "_chancery.contoso.example",
    "text": "chancery-home=https://id.example.com",
}


class HostBody(Answer):
    """Which installation."""

    host = serializers.CharField(max_length=300, help_text="Its host, with its port where it is not the usual one.")


class ForbidBody(Confirmed, HostBody):
    """Which installation to forbid."""


class InstallationItem(Answer):
    """One installation."""

    host = serializers.CharField()
    people = serializers.IntegerField(help_text="How many members have signed in there.")
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    forbidden = serializers.BooleanField(help_text="Whether members may not sign in there, nor at hosts below it.")
    reason = serializers.CharField(allow_blank=True)
    by = serializers.CharField(allow_blank=True, help_text="The address of who forbade it.")
    since = serializers.DateTimeField(allow_null=True)


class RecordItem(Answer):
    """The TXT record by which a mail domain names this installation as the home of its people."""

    domain = serializers.CharField()
    name = serializers.CharField()
    text = serializers.CharField()


class Installations(OrganizationView):
    """Other installations."""

    needs = {"GET": Permission.SETTINGS_READ}

    @extend_schema(
        summary="List where members sign in at other installations",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=page_answer("InstallationList", InstallationItem, records=RecordItem(many=True)),
        examples=[OpenApiExample("Installations", {"results": [FABRIKAM], "next": "", "records": [RECORD]})],
    )
    def get(self, request: Request) -> Response:
        """Answer in the order of the hosts."""
        found = visible_installations(
            caller=self.caller, after=request.query_params.get("cursor", ""), limit=limit_of(request)
        )
        rows = [{name: getattr(one, name) for name in FABRIKAM} for one in found.rows]
        records = [{name: getattr(one, name) for name in RECORD} for one in found.records]
        return Response({"results": rows, "next": found.next, "records": records})


class ForbidInstallation(OrganizationView):
    """Forbidding one."""

    needs = {"POST": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="Forbid members to sign in at an installation",
        description="Asked first: confirm is the host. Needs a reason.",
        request=ForbidBody,
        responses=effect_answer("InstallationForbidden", host=serializers.CharField()),
        examples=[
            OpenApiExample("A host", {"host": "rights.fabrikam.example"}, request_only=True),
            OpenApiExample(
                "Forbidden",
                done("Members cannot sign in at rights.fabrikam.example any more.", host="rights.fabrikam.example"),
                response_only=True,
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Forbid it."""
        body = checked(ForbidBody, request.data)
        return effect_response(forbid(caller=self.caller, host=body["host"], stated=self.stated(body)))


class AllowInstallation(OrganizationView):
    """Allowing one again."""

    needs = {"POST": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="Allow members to sign in at an installation again",
        request=HostBody,
        responses=effect_answer("InstallationAllowed", host=serializers.CharField()),
        examples=[OpenApiExample("A host", {"host": "rights.fabrikam.example"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Allow it."""
        body = checked(HostBody, request.data)
        return effect_response(allow(caller=self.caller, host=body["host"]))
