"""The API at the base domain: discovery, statements, who am I, this person's devices."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.signatures import VerifyKey
from chancery.objects.jws import b64, unb64
from chancery.policy.policy import Strength
from portal import clock
from portal.api.framework import (
    BaseView,
    Confirmed,
    MailAddress,
    Refused,
    TooManyRequests,
    checked,
    effect_response,
    members,
    plain,
    stated_by,
)
from portal.identity import fresh
from portal.identity.addresses import client_address
from portal.identity.bearer import caller, token_shown
from portal.identity.clients import CLI
from portal.identity.clients import ensure as ensure_clients
from portal.identity.proof import ProvenDevice, prove, proven, refuse_replay
from portal.identity.strength import Authentication
from portal.identity.tokens import grant_refresh_token
from portal.subjects.subject import may_act
from portal.throttle import count_wrong_guess, may_guess
from portal.usecases.administer import end_device
from portal.usecases.effects import EffectAnswer, effect_answer
from portal.usecases.preferences import set_preferences
from portal.usecases.tell import in_language_of, tell
from protection.selectors.installation import installation_public_key
from protection.services.certify import DeviceKeys, account_certificate
from protection.services.statement import organization_statement
from tenants.actor import Actor
from tenants.context import in_organization
from tenants.directory.errors import CodeRefused, NotHere
from tenants.directory.selectors.devices import DeviceFacts, device_of, devices_of
from tenants.directory.selectors.domains import organization_of_domain
from tenants.directory.selectors.people import memberships_of, proven_addresses
from tenants.directory.services.enroll_device import enroll_device
from tenants.directory.services.redeem_enrollment_code import redeem_enrollment_code
from tenants.naming import address, domain_of
from tenants.organizations.selectors import hosts_of, organization_by_id

CODE_GUESSES: Final = 10
CODE_SECONDS: Final = 60


class Key(serializers.Serializer[dict[str, str]]):
    """A public key under the name of its algorithm, in base64url."""

    alg = serializers.CharField(required=False)
    kem = serializers.CharField(required=False)
    public = serializers.CharField(max_length=4096)


class Discovery(APIView):
    """What a client must know before it can sign in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        summary="Discover the installation, or the organization of a mail address",
        parameters=[OpenApiParameter("email", str, description="A mail address, to find its organization.")],
        responses=inline_serializer(
            "Discovery",
            {
                "iss": serializers.CharField(),
                "oidc": serializers.URLField(),
                "client_id": serializers.CharField(),
                "enrollment": serializers.URLField(),
                "installation_key": Key(),
                "organizations": serializers.ListField(child=serializers.DictField()),
            },
        ),
        examples=[OpenApiExample("Discovery", {"iss": "https://id.example.com", "organizations": []})],
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """Answer for the installation; with ``email`` also the organization that proved the address's domain.

        Whether a person exists is not said.
        """
        key, base = installation_public_key(), settings.CHANCERY_BASE_URL
        written = request.query_params.get("email", "")
        owner = organization_of_domain(domain_of(address(written))) if written else None
        found = None if owner is None else organization_by_id(owner)
        return Response(
            {
                "iss": base,
                "oidc": f"{base}/.well-known/openid-configuration",
                "client_id": CLI,
                "enrollment": f"{base}/api/v1/enrollments",
                "installation_key": {"alg": key.algorithm.name, "public": b64(key.raw), "kid": b64(key.key_id)},
                "organizations": []
                if found is None
                else [{"id": str(found.id), "name": found.name, "origin": _origin(found.host)}],
            }
        )


class Statement(BaseView):
    """The signed statement of an organization."""

    @extend_schema(
        summary="Fetch an organization's statement",
        responses=inline_serializer("OrganizationStatement", {"statement": serializers.CharField()}),
        examples=[OpenApiExample("Statement", {"statement": "eyJhbGciOiJFZERTQSIs…"})],
    )
    def get(self, request: Request, organization_id: UUID) -> Response:
        """Answer with origins and public keys, signed by the installation for a day."""
        found = organization_by_id(organization_id)
        if found is None or found.state == "erased":
            raise Http404
        origins = tuple(_origin(host) for host in hosts_of(organization_id))
        with in_organization(organization_id):
            statement = organization_statement(
                organization=organization_id, iss=settings.CHANCERY_BASE_URL, origins=origins, now=clock.now()
            )
        return Response({"statement": statement})


class Preferences(serializers.Serializer[dict[str, str]]):
    """What is to be changed; what is left out stays."""

    name = serializers.CharField(required=False, max_length=200)
    language = serializers.CharField(
        required=False, max_length=10, allow_blank=True, help_text="Like de; empty for the language of the browser."
    )
    time_zone = serializers.CharField(required=False, max_length=64, help_text="Like Europe/Berlin.")


class Me(BaseView):
    """The signed-in person."""

    @extend_schema(
        summary="Who am I",
        responses=inline_serializer(
            "Me",
            {
                "id": serializers.UUIDField(),
                "email": MailAddress(),
                "name": serializers.CharField(),
                "language": serializers.CharField(),
                "time_zone": serializers.CharField(),
                "addresses": serializers.ListField(child=serializers.CharField()),
                "organizations": serializers.ListField(child=serializers.DictField()),
            },
        ),
        examples=[OpenApiExample("Me", {"id": "6f1e…", "email": "olga@contoso.example", "organizations": []})],
    )
    def get(self, request: Request) -> Response:
        """Answer with the person's addresses and places."""
        person = caller(request)
        places = memberships_of(person.id)
        return Response(
            {
                "id": str(person.id),
                "email": person.email,
                "name": person.name,
                "language": person.language,
                "time_zone": person.time_zone,
                "addresses": proven_addresses(person.id),
                "organizations": [
                    {
                        "id": str(place.organization_id),
                        "name": place.name,
                        "slug": place.slug,
                        "origin": _origin(place.host),
                        "role": place.role,
                        "guest": place.guest,
                    }
                    for place in places
                    if not place.disabled and place.state == "active"
                ],
            }
        )

    @extend_schema(
        summary="Change my name, language or time zone",
        request=Preferences,
        responses=EffectAnswer,
        examples=[OpenApiExample("Preferences", {"language": "de", "time_zone": "Europe/Berlin"}, request_only=True)],
    )
    def patch(self, request: Request) -> Response:
        """Change what is named."""
        wanted, person = checked(Preferences, request.data), caller(request)
        return effect_response(set_preferences(person_id=person.id, actor=_actor(request), **wanted))


class NewDevice(serializers.Serializer[dict[str, Any]]):
    """A device's public keys."""

    name = serializers.CharField(max_length=200)
    platform = serializers.CharField(max_length=40)
    signing = Key()
    encryption = Key()


class Devices(BaseView):
    """The person's devices."""

    @extend_schema(
        summary="List my devices",
        responses=inline_serializer("Devices", {"results": serializers.ListField(child=serializers.DictField())}),
        examples=[OpenApiExample("Devices", {"results": [], "next": ""})],
    )
    def get(self, request: Request) -> Response:
        """Answer with all devices, revoked ones too."""
        return Response({"results": [_device(facts) for facts in devices_of(caller(request).id)], "next": ""})

    @extend_schema(
        summary="Enroll this device",
        request=NewDevice,
        responses={
            201: inline_serializer(
                "EnrolledDevice", {"id": serializers.UUIDField(), "account_certificate": serializers.CharField()}
            )
        },
        examples=[
            OpenApiExample(
                "Device",
                {
                    "name": "laptop",
                    "platform": "linux",
                    "signing": {"alg": "EdDSA", "public": "kz2…"},
                    "encryption": {"kem": "mlkem768-x25519", "public": "vQ9…"},
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Enroll a device; the sign-in must be younger than ten minutes, and the person is told by mail."""
        token = token_shown(request)
        if token.application_of is None and clock.now() - token.authentication.at > fresh.SECONDS:
            raise Refused(_("Enrolling a device needs a sign-in of the last ten minutes."))
        _refuse_disabled(caller(request).id)
        wanted = checked(NewDevice, request.data)
        signing = VerifyKey.named(wanted["signing"].get("alg", ""), unb64(wanted["signing"]["public"]))
        encryption = EncryptionPublicKey.named(
            wanted["encryption"].get("kem", ""), unb64(wanted["encryption"]["public"])
        )
        facts = enroll_device(
            person_id=caller(request).id,
            name=wanted["name"],
            platform=wanted["platform"],
            signing_algorithm=signing.algorithm.name,
            signing_key=signing.raw,
            signing_key_id=signing.key_id,
            encryption_kem=encryption.kem.name,
            encryption_key=encryption.raw,
            token_family=token.family,
            actor=_actor(request),
        )
        certificate = _certificate(proven(facts))
        _tell(caller(request).id, caller(request).email, facts)
        return Response({"id": str(facts.id), "account_certificate": certificate}, status=HTTPStatus.CREATED)


class DeviceDetail(BaseView):
    """One device of the person."""

    @extend_schema(
        summary="Revoke one of my devices",
        parameters=[
            OpenApiParameter("confirm", str, description="The device's name, once the consequences were seen.")
        ],
        responses=effect_answer("DeviceRevoked", latest_offline_moment=serializers.DateTimeField(allow_null=True)),
        examples=[
            OpenApiExample("Revoked", {"changed": True, "message": "laptop is revoked.", "latest_offline_moment": None})
        ],
    )
    def delete(self, request: Request, device_id: UUID) -> Response:
        """Revoke the device: it gets no license any more, and its cached ones die by the feed."""
        person, device = caller(request).id, device_of(caller(request).id, device_id)
        if device is None:
            raise NotHere(_("The person has no such device."))
        stated = stated_by(request, checked(Confirmed, request.data or request.query_params.dict()))
        family = token_shown(request).family
        return effect_response(
            end_device(
                person_id=person,
                device=device,
                actor=_actor(request),
                stated=stated,
                signs_out=family is not None and family == device.token_family,
            )
        )


class DeviceCertificate(BaseView):
    """The account certificate of a device."""

    @extend_schema(
        summary="Renew this device's account certificate",
        request=None,
        responses=inline_serializer("AccountCertificate", {"account_certificate": serializers.CharField()}),
        examples=[OpenApiExample("Certificate", {"account_certificate": "eyJhbGciOiJFZERTQSIs…"})],
    )
    def post(self, request: Request, device_id: UUID) -> Response:
        """Answer with a certificate for the next 31 days, while the person is enabled."""
        _refuse_disabled(caller(request).id)
        device = prove(plain(request), caller(request).id)
        refuse_replay(plain(request))
        facts = device_of(caller(request).id, device_id)
        if device.id != device_id or facts is None or facts.revoked_at is not None:
            raise Http404
        return Response({"account_certificate": _certificate(device)})


class Enrollments(APIView):
    """One-time enrollment codes for automation and for devices without a browser."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        summary="Exchange a one-time enrollment code for tokens",
        request=inline_serializer("EnrollmentCode", {"code": serializers.CharField(max_length=64)}),
        responses=inline_serializer(
            "Tokens",
            {"refresh_token": serializers.CharField(), "token_type": serializers.CharField()},
        ),
        examples=[OpenApiExample("Code", {"code": "K7QM-2RXT-9WPD"}, request_only=True)],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Use the code up; wrong codes are limited by network address."""
        guesser = f"enrollment:{client_address(plain(request))}"
        if not may_guess(guesser, most=CODE_GUESSES):
            raise TooManyRequests(CODE_SECONDS)
        try:
            person = redeem_enrollment_code(code=str(members(request).get("code", "")))
        except CodeRefused:
            count_wrong_guess(guesser, seconds=CODE_SECONDS)
            raise
        _refuse_disabled(person)
        authentication = Authentication(Strength.CODE, clock.now())
        ensure_clients()
        granted = grant_refresh_token(person_id=person, client_id=CLI, authentication=authentication)
        return Response({"refresh_token": granted.refresh_token, "token_type": "Bearer"})


def _refuse_disabled(person: UUID) -> None:
    """Refuse certificates to whom his own organization has disabled: they are renewed only while he is enabled."""
    if not may_act(person):
        raise Refused(_("Your account is disabled by your organization."))


def _origin(host: str) -> str:
    return str(settings.CHANCERY_BASE.origin_of(host))


def _certificate(device: ProvenDevice) -> str:
    keys = DeviceKeys(device.id, device.person, device.signing, device.encryption, device.platform)
    return account_certificate(iss=settings.CHANCERY_BASE_URL, device=keys, now=clock.now())


def _tell(person: UUID, address: str, facts: DeviceFacts) -> None:
    """Tell the person by mail that a device was enrolled, so that a stolen sign-in does not go unnoticed (P13)."""
    with in_language_of(person):
        subject = _("A device was added to your account")
        text = _(
            "The device “{device}” ({platform}) can now open and protect documents as {address}.\n\n"
            "If this was not you, revoke it: {page}\n"
        )
    text = text.format(
        device=facts.name,
        platform=facts.platform,
        address=address,
        page=f"{settings.CHANCERY_BASE_URL}/devices/",
    )
    tell(address, subject, text)


def _actor(request: Request) -> Actor:
    person = caller(request)
    return Actor(
        person_id=person.id,
        name=person.name or person.email,
        source="api",
        ip=client_address(plain(request)),
        address=person.email,
        application=person.is_service,
    )


def _device(facts: DeviceFacts) -> dict[str, Any]:
    return {
        "id": str(facts.id),
        "name": facts.name,
        "platform": facts.platform,
        "signing": facts.signing_algorithm,
        "encryption": facts.encryption_kem,
        "created_at": facts.created_at,
        "revoked_at": facts.revoked_at,
    }
