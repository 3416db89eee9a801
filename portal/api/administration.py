"""Keys, settings and the service's switch over the API."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.objects.jws import b64
from chancery.policy.permission import Permission
from chancery.policy.policy import Strength
from portal.api.examples import CONTOSO, KEY, SETTINGS, listed
from portal.api.framework import (
    ANYBODY,
    UNTIL,
    Answer,
    Confirmed,
    MailAddress,
    OrganizationView,
    checked,
    effect_response,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.subjects.named_groups import group_addresses
from portal.subjects.untracked import untracked_address
from portal.usecases.effects import EffectAnswer, effect_answer
from portal.usecases.invalidate_licenses import invalidate_licenses
from portal.usecases.keys import activate_key, create_key, mark_key_compromised, rotate_key
from portal.usecases.settings import change_settings, switch_service
from protection.selectors.organization import Key, keys, settings
from protection.services.configure import CLIENTS, PLATFORMS, TRACKING, Configuration
from tenants.directory.session_limits import UNITS, limits_of

DEACTIVATED = effect_answer("ServiceDeactivated", latest_offline_moment=UNTIL)
COMPROMISED = effect_answer("KeyCompromised", latest_offline_moment=UNTIL)
CONFIRMED = [OpenApiExample("Confirmed", {"confirm": "Contoso", "reason": "Moving"}, request_only=True)]


class SuiteChoice(serializers.Serializer[dict[str, Any]]):
    """The algorithms of a key to be."""

    suite = serializers.CharField(required=False, max_length=16)


class Rotation(Confirmed):
    """The algorithms of a key that is to be the active one, confirmed."""

    suite = serializers.CharField(required=False, max_length=16)


STRENGTHS: Final = [way.value for way in Strength if way is not Strength.CODE]


OPERATORS: Final = "How long members stay signed in; 0 leaves the limit of the installation."


class SettingsChange(Confirmed):
    """What may be set; what is not named stays.  What only an auditor can undo asks first."""

    suite = serializers.CharField(required=False, max_length=16)
    max_license_days = serializers.IntegerField(required=False)
    lease_seconds = serializers.IntegerField(required=False)
    registration_days = serializers.IntegerField(required=False)
    keep_titles = serializers.BooleanField(required=False)
    account_required = serializers.BooleanField(required=False, help_text="Whether a mailed code opens no document.")
    tracking = serializers.ChoiceField(
        required=False,
        choices=list(TRACKING),
        help_text="What owners see of those who open their documents: names, counts without names, or nothing.",
    )
    untracked_group = MailAddress(
        required=False, allow_blank=True, help_text="A group whose members only auditors and administrators see."
    )
    owners_restore = serializers.BooleanField(
        required=False, help_text="Whether owners give back what an administrator took back."
    )
    contact = MailAddress(required=False, allow_blank=True)
    alarm_address = MailAddress(
        required=False, allow_blank=True, help_text="Mailed about alarms, beside owners and auditors."
    )
    strength = serializers.ChoiceField(
        required=False,
        allow_blank=True,
        choices=STRENGTHS,
        help_text="How everybody must have signed in to open anything, owners and super users too; empty for any way.",
    )
    networks = serializers.ListField(
        required=False,
        child=serializers.CharField(max_length=60),
        help_text="Networks like 192.0.2.0/24 or 2001:db8::/32 from which alone anything opens; empty for everywhere.",
    )
    platforms_off = serializers.ListField(
        required=False,
        child=serializers.CharField(max_length=40),
        help_text=f"Kinds of device that open nothing: {', '.join(PLATFORMS)}.",
    )
    times = serializers.ListField(
        required=False,
        child=serializers.CharField(max_length=120),
        help_text="When anything opens, like “mon-fri 08:00-18:00 Europe/Berlin”; empty for always.",
    )
    protectors = serializers.ListField(
        required=False,
        child=serializers.CharField(max_length=320),
        help_text="Addresses of groups: who is in one of them, in a nested group too, may protect. Empty: everybody.",
    )
    protectors_on = serializers.ListField(
        required=False,
        child=serializers.CharField(max_length=40),
        help_text=f"Kinds of device on which only these groups protect: {', '.join(PLATFORMS)}. Empty: on all.",
    )
    protecting_off = serializers.ListField(
        required=False,
        child=serializers.CharField(max_length=40),
        help_text=f"Kinds of program and device that protect nothing: {', '.join(CLIENTS)}.",
    )
    browser_idle_minutes = serializers.IntegerField(required=False, min_value=0, help_text=OPERATORS)
    browser_hours = serializers.IntegerField(required=False, min_value=0, help_text=OPERATORS)
    program_idle_days = serializers.IntegerField(required=False, min_value=0, help_text=OPERATORS)
    program_days = serializers.IntegerField(required=False, min_value=0, help_text=OPERATORS)


class SettingsShown(Answer):
    """Every setting."""

    name = serializers.CharField()
    suite = serializers.CharField()
    max_license_days = serializers.IntegerField()
    lease_seconds = serializers.IntegerField(allow_null=True)
    registration_days = serializers.IntegerField()
    keep_titles = serializers.BooleanField()
    account_required = serializers.BooleanField()
    tracking = serializers.ChoiceField(choices=list(TRACKING))
    untracked_group = serializers.CharField(allow_blank=True)
    owners_restore = serializers.BooleanField()
    contact = serializers.CharField(allow_blank=True)
    alarm_address = serializers.CharField(allow_blank=True)
    strength = serializers.ChoiceField(allow_blank=True, choices=STRENGTHS)
    networks = serializers.ListField(child=serializers.CharField())
    times = serializers.ListField(child=serializers.CharField())
    platforms_off = serializers.ListField(child=serializers.CharField())
    protectors = serializers.ListField(child=serializers.CharField(), help_text="Addresses of groups.")
    protectors_on = serializers.ListField(child=serializers.CharField())
    protecting_off = serializers.ListField(child=serializers.CharField())
    browser_idle_minutes = serializers.IntegerField(help_text="Minutes without use; 0: as the installation says.")
    browser_hours = serializers.IntegerField(help_text="Hours since the sign-in; 0: as the installation says.")
    program_idle_days = serializers.IntegerField(help_text="Days without use; 0: as the installation says.")
    program_days = serializers.IntegerField(help_text="Days since the sign-in; 0: as the installation says.")


class KeyItem(Answer):
    """One tenant key; never its private half."""

    id = serializers.UUIDField()
    kid = serializers.CharField()
    suite = serializers.CharField()
    store = serializers.CharField()
    status = serializers.CharField()
    created_at = serializers.DateTimeField()
    status_changed_at = serializers.DateTimeField()
    documents = serializers.IntegerField(help_text="Registered documents that only this key opens.")
    encryption_public = serializers.CharField()
    signing_public = serializers.CharField()


class OrganizationShown(Answer):
    """The organization; settings and keys for callers who may read them."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    active = serializers.BooleanField()
    settings = SettingsShown(required=False)
    keys = KeyItem(many=True, required=False)


class OrganizationConfiguration(OrganizationView):
    """The whole configuration in one view."""

    needs = {"GET": ANYBODY}

    @extend_schema(
        summary="Show the organization",
        responses=OrganizationShown,
        examples=[OpenApiExample("Organization", {"id": CONTOSO, "name": "Contoso", "active": True})],
    )
    def get(self, request: Request) -> Response:
        """Answer with name and state; with settings and keys for those who may read them."""
        found = self.organization
        body: dict[str, Any] = {"id": str(found.id), "name": found.name, "active": found.service_active}
        if self.caller.may(Permission.SETTINGS_READ):
            body["settings"] = _settings(found.id)
        if self.caller.may(Permission.KEYS_READ):
            body["keys"] = [_key(key) for key in keys()]
        return Response(body)


class Keys(OrganizationView):
    """Tenant keys; never a private half."""

    needs = {"GET": Permission.KEYS_READ, "POST": Permission.KEYS_MANAGE}

    @extend_schema(
        summary="List keys",
        responses=page_answer("KeyList", KeyItem),
        examples=[OpenApiExample("Keys", listed(KEY))],
    )
    def get(self, request: Request) -> Response:
        """Answer newest first."""
        return page([_key(key) for key in keys()])

    @extend_schema(
        summary="Create a key, archived until it is activated",
        request=SuiteChoice,
        responses={201: effect_answer("KeyCreated", id=serializers.UUIDField())},
        examples=[OpenApiExample("Suite", {"suite": "hybrid"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Make a key of the named suite, or of the organization's own."""
        suite = checked(SuiteChoice, request.data).get("suite")
        made = create_key(caller=self.caller, suite=suite)
        return effect_response(made, HTTPStatus.CREATED)


class RotateKey(OrganizationView):
    """Make a new key and use it from now on."""

    needs = {"POST": Permission.KEYS_MANAGE}

    @extend_schema(
        summary="Rotate the tenant key",
        request=Rotation,
        responses={201: effect_answer("KeyRotated", id=serializers.UUIDField())},
        examples=[
            OpenApiExample("Suite", {"suite": "hybrid", "confirm": "rotate", "reason": "Every year"}, request_only=True)
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Old content still opens: the former key is archived."""
        wanted = checked(Rotation, request.data)
        made = rotate_key(caller=self.caller, suite=wanted.get("suite"), stated=self.stated(wanted))
        return effect_response(made, HTTPStatus.CREATED)


class ActivateKey(OrganizationView):
    """Make a key the active one."""

    needs = {"POST": Permission.KEYS_MANAGE}

    @extend_schema(summary="Activate a key", request=Confirmed, responses=EffectAnswer, examples=CONFIRMED)
    def post(self, request: Request, key_id: UUID) -> Response:
        """Protect with this key from now on."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(activate_key(caller=self.caller, key_id=key_id, stated=stated))


class CompromiseKey(OrganizationView):
    """Stop a key from opening anything."""

    needs = {"POST": Permission.KEYS_MANAGE}

    @extend_schema(summary="Mark a key as compromised", request=Confirmed, responses=COMPROMISED, examples=CONFIRMED)
    def post(self, request: Request, key_id: UUID) -> Response:
        """Stop all content under this key from opening."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(mark_key_compromised(caller=self.caller, key_id=key_id, stated=stated))


class Settings(OrganizationView):
    """How the service behaves for the organization."""

    needs = {"GET": Permission.SETTINGS_READ, "PATCH": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="Show the settings",
        responses=SettingsShown,
        examples=[OpenApiExample("Settings", SETTINGS)],
    )
    def get(self, request: Request) -> Response:
        """Answer with every setting."""
        return Response(_settings(self.organization.id))

    @extend_schema(
        summary="Change settings",
        description=(
            "What binds every opening asks first where it gets stricter, and so does hiding from owners who opens their"
            " documents: confirm is yes. To show them again takes an"
            " auditor: 409 needs_an_auditor."
        ),
        request=SettingsChange,
        responses=effect_answer("SettingsChanged", **SettingsShown().fields),
        examples=[OpenApiExample("Lease", {"lease_seconds": 3600}, request_only=True)],
    )
    @idempotent
    def patch(self, request: Request) -> Response:
        """Apply what is named, from the next license on."""
        wanted = checked(SettingsChange, request.data)
        stated, group = self.stated(wanted), wanted.pop("untracked_group", None)
        protectors = wanted.pop("protectors", None)
        limits = {name: wanted.pop(name) for name in UNITS if name in wanted}
        settings = {name: value for name, value in wanted.items() if name not in Confirmed().fields}
        made = change_settings(
            caller=self.caller,
            configuration=Configuration(**settings),
            limits=limits,
            untracked_group=group,
            protectors=protectors,
            stated=stated,
        )
        return Response({**_settings(self.organization.id), **made.as_json()})


def _settings(organization: UUID) -> dict[str, Any]:
    found = settings()
    group = untracked_address(organization, found.untracked_group)
    protectors = group_addresses(organization, found.protectors)
    return {**asdict(found), "untracked_group": group, "protectors": protectors, **limits_of(organization)}


class ActivateService(OrganizationView):
    """Switch the service on."""

    needs = {"POST": Permission.SERVICE_SWITCH}

    @extend_schema(summary="Activate the service", request=Confirmed, responses=EffectAnswer, examples=CONFIRMED)
    def post(self, request: Request) -> Response:
        """Protect and open again; old content opens as before."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            switch_service(caller=self.caller, organization=self.organization, on=True, stated=stated)
        )


class DeactivateService(OrganizationView):
    """Switch the service off."""

    needs = {"POST": Permission.SERVICE_SWITCH}

    @extend_schema(summary="Deactivate the service", request=Confirmed, responses=DEACTIVATED, examples=CONFIRMED)
    def post(self, request: Request) -> Response:
        """Take nothing new and issue no license until it is activated again; what waits on devices waits on."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            switch_service(caller=self.caller, organization=self.organization, on=False, stated=stated)
        )


class InvalidateLicensesBody(Confirmed):
    """Whose licenses are meant, confirmed."""

    group = MailAddress(required=False, help_text="Only of the people in this group.")


class InvalidateLicenses(OrganizationView):
    """Licenses that devices keep."""

    needs = {"POST": Permission.SERVICE_SWITCH}

    @extend_schema(
        summary="Invalidate the licenses that devices keep",
        request=InvalidateLicensesBody,
        responses=DEACTIVATED,
        examples=[
            OpenApiExample(
                "Of a group", {"group": "sales@contoso.example", "confirm": "sales@contoso.example"}, request_only=True
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Let the next opening ask for a new license; nobody loses a right."""
        body = checked(InvalidateLicensesBody, request.data)
        made = invalidate_licenses(
            caller=self.caller, organization=self.organization, stated=self.stated(body), group=body.get("group", "")
        )
        return effect_response(made)


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
