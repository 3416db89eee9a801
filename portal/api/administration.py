"""Keys, settings and the service's switch over the API (C54, C65-C67)."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.framework import ANYBODY, MailAddress, OrganizationView, checked, members, page
from portal.api.idempotency import idempotent
from portal.operations.withdraw import deactivate_service
from portal.permissions import Permission
from protection.licensing.jws import b64
from protection.selectors.organization import Key, keys, settings
from protection.services.configure import Configuration, configure
from protection.services.rotate_key import activate_key, create_key, mark_key_compromised, rotate_key
from tenants.organizations.services.activate_service import activate_service

KEY = {"id": "1f0c…", "kid": "9d5e…", "suite": "hybrid", "status": "active"}
NOTHING = [OpenApiExample("Nothing", None)]
SuiteChoice = inline_serializer("KeySuite", {"suite": serializers.CharField(required=False, max_length=16)})


class OrganizationConfiguration(OrganizationView):
    """The whole configuration in one view (C54)."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Show the organization",
        responses=inline_serializer("Organization", {"id": serializers.UUIDField(), "name": serializers.CharField()}),
        examples=[OpenApiExample("Organization", {"id": "6f1e…", "name": "Contoso", "active": True})],
    )
    def get(self, request: Request) -> Response:
        """Answer with name and state; with settings and keys for those who may read them."""
        found = self.organization
        body: dict[str, Any] = {"id": str(found.id), "name": found.name, "active": found.service_active}
        if self.standing.may(Permission.SETTINGS_READ):
            body["settings"] = asdict(settings())
        if self.standing.may(Permission.KEYS_READ):
            body["keys"] = [_key(key) for key in keys()]
        return Response(body)


class Keys(OrganizationView):
    """Tenant keys; never a private half."""

    needs = {"GET": Permission.KEYS_READ, "POST": Permission.KEYS_MANAGE}

    @extend_schema(
        summary="List keys",
        responses=inline_serializer("KeyList", {"results": serializers.ListField(child=serializers.DictField())}),
        examples=[OpenApiExample("Keys", {"results": [KEY], "next": ""})],
    )
    def get(self, request: Request) -> Response:
        """Answer newest first."""
        return page([_key(key) for key in keys()])

    @extend_schema(
        summary="Create a key, archived until it is activated",
        request=SuiteChoice,
        responses={201: inline_serializer("KeyCreated", {"id": serializers.UUIDField()})},
        examples=[OpenApiExample("Suite", {"suite": "hybrid"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a key of the named suite, or of the organization's own."""
        identity = create_key(organization=self.organization.id, actor=self.standing.actor, suite=_suite(request))
        return Response({"id": str(identity)}, status=HTTPStatus.CREATED)


class RotateKey(OrganizationView):
    """Make a new key and use it from now on."""

    needs = {"POST": Permission.KEYS_MANAGE}

    @extend_schema(
        summary="Rotate the tenant key",
        request=SuiteChoice,
        responses={201: inline_serializer("KeyRotated", {"id": serializers.UUIDField()})},
        examples=[OpenApiExample("Suite", {"suite": "hybrid"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Old content still opens: the former key is archived."""
        identity = rotate_key(organization=self.organization.id, actor=self.standing.actor, suite=_suite(request))
        return Response({"id": str(identity)}, status=HTTPStatus.CREATED)


class ActivateKey(OrganizationView):
    """Make a key the active one."""

    needs = {"POST": Permission.KEYS_MANAGE}

    @extend_schema(summary="Activate a key", request=None, responses={204: None}, examples=NOTHING)
    def post(self, request: Request, key_id: UUID) -> Response:
        """Protect with this key from now on."""
        activate_key(organization=self.organization.id, actor=self.standing.actor, key=key_id)
        return Response(status=HTTPStatus.NO_CONTENT)


class CompromiseKey(OrganizationView):
    """Stop a key from opening anything."""

    needs = {"POST": Permission.KEYS_MANAGE}

    @extend_schema(summary="Mark a key as compromised", request=None, responses={204: None}, examples=NOTHING)
    def post(self, request: Request, key_id: UUID) -> Response:
        """Stop all content under this key from opening."""
        mark_key_compromised(organization=self.organization.id, actor=self.standing.actor, key=key_id)
        return Response(status=HTTPStatus.NO_CONTENT)


class SettingsChange(serializers.Serializer[dict[str, Any]]):
    """What may be set; what is not named stays."""

    suite = serializers.CharField(required=False, max_length=16)
    max_license_days = serializers.IntegerField(required=False)
    lease_seconds = serializers.IntegerField(required=False)
    registration_days = serializers.IntegerField(required=False)
    keep_titles = serializers.BooleanField(required=False)
    contact = MailAddress(required=False, allow_blank=True)


class Settings(OrganizationView):
    """How the service behaves for the organization."""

    needs = {"GET": Permission.SETTINGS_READ, "PATCH": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="Show the settings",
        responses=SettingsChange,
        examples=[OpenApiExample("Settings", {"suite": "hybrid", "max_license_days": 30})],
    )
    def get(self, request: Request) -> Response:
        """Answer with every setting."""
        return Response(asdict(settings()))

    @extend_schema(
        summary="Change settings",
        request=SettingsChange,
        responses=SettingsChange,
        examples=[OpenApiExample("Lease", {"lease_seconds": 3600}, request_only=True)],
    )
    @idempotent
    def patch(self, request: Request) -> Response:
        """Apply what is named, from the next license on."""
        configure(actor=self.standing.actor, configuration=Configuration(**checked(SettingsChange, request.data)))
        return Response(asdict(settings()))


class ActivateService(OrganizationView):
    """Switch the service on (C49)."""

    needs = {"POST": Permission.SERVICE_SWITCH}

    @extend_schema(summary="Activate the service", request=None, responses={204: None}, examples=NOTHING)
    def post(self, request: Request) -> Response:
        """Protect and open again; old content opens as before."""
        activate_service(organization_id=self.organization.id, actor=self.standing.directory_actor)
        return Response(status=HTTPStatus.NO_CONTENT)


class DeactivateService(OrganizationView):
    """Switch the service off (C49)."""

    needs = {"POST": Permission.SERVICE_SWITCH}

    @extend_schema(summary="Deactivate the service", request=None, responses={204: None}, examples=NOTHING)
    def post(self, request: Request) -> Response:
        """Take nothing new and issue no license until it is activated again; what waits on devices waits on."""
        deactivate_service(organization_id=self.organization.id, actor=self.standing.directory_actor)
        return Response(status=HTTPStatus.NO_CONTENT)


def _suite(request: Request) -> str | None:
    suite = members(request).get("suite")
    return None if suite is None else str(suite)


def _key(key: Key) -> dict[str, Any]:
    return {
        "id": str(key.id),
        "kid": key.kid,
        "suite": key.suite,
        "store": key.store,
        "status": key.status,
        "created_at": key.created_at,
        "status_changed_at": key.status_changed_at,
        "documents": key.documents,
        "encryption_public": b64(key.encryption_public),
        "signing_public": b64(key.signing_public),
    }
