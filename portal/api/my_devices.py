"""The caller's devices: enroll, list, revoke, renew a certificate."""

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.crypto.keys import EncryptionPublicKey
from chancery.crypto.signatures import VerifyKey
from chancery.objects.jws import unb64
from portal import clock
from portal.api.examples import DEVICE, done, listed
from portal.api.framework import (
    Answer,
    BaseView,
    Confirmed,
    Refused,
    checked,
    directory_actor,
    effect_response,
    page_answer,
    plain,
    refuse_disabled,
    stated_by,
)
from portal.api.sorting import sort_of, sort_parameter
from portal.identity import recent_sign_in
from portal.identity.bearer import caller, token_shown
from portal.identity.page_tokens import outsider_session
from portal.identity.proof import ProvenDevice, proven
from portal.notifications.sessions import mail_device_added
from portal.ordering import DEVICES, in_order
from portal.request_facts import client_address
from portal.usecases.devices import revoke_device
from portal.usecases.effects import effect_answer
from protection.services.certify import DeviceKeys, account_certificate
from tenants.directory.errors import NotHere
from tenants.directory.selectors.devices import DeviceFacts, device_of, devices_of
from tenants.directory.services.enroll_device import enroll_device


class SigningKey(serializers.Serializer[dict[str, str]]):
    """The public key under which a device signs."""

    alg = serializers.CharField(max_length=64, help_text="The algorithm, like EdDSA.")
    public = serializers.CharField(max_length=4096, help_text="The key, in base64url.")


class EncryptionKey(serializers.Serializer[dict[str, str]]):
    """The public key to which a device's licenses are encrypted."""

    kem = serializers.CharField(max_length=64, help_text="The key encapsulation, like mlkem768-x25519.")
    public = serializers.CharField(max_length=4096, help_text="The key, in base64url.")


class DeviceItem(Answer):
    """One device of the caller."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    platform = serializers.CharField()
    signing = serializers.CharField(help_text="The algorithm of its signing key.")
    encryption = serializers.CharField(help_text="The key encapsulation of its encryption key.")
    created_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewDevice(serializers.Serializer[dict[str, Any]]):
    """A device's public keys."""

    name = serializers.CharField(max_length=200)
    platform = serializers.CharField(max_length=40)
    signing = SigningKey()
    encryption = EncryptionKey()


class Devices(BaseView):
    """The person's devices."""

    without_proof = True
    for_outsiders = frozenset({"POST"})

    @extend_schema(
        summary="List my devices",
        parameters=[sort_parameter(DEVICES, "-created_at")],
        responses=page_answer("Devices", DeviceItem),
        examples=[OpenApiExample("Devices", listed({**DEVICE, "signing": "EdDSA", "encryption": "mlkem768-x25519"}))],
    )
    def get(self, request: Request) -> Response:
        """Answer with all devices, revoked ones too."""
        found = in_order(devices_of(caller(request).id), DEVICES, sort_of(request, DEVICES, "-created_at"))
        return Response({"results": [_device(facts) for facts in found], "next": ""})

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
        """Enroll a device; the sign-in must be younger than ten minutes, and the person gets a mail.

        The tab of a person without an account is a device for its hour, without a mail.
        """
        token = token_shown(request)
        if token.application_of is None and clock.now() - token.authentication.at > recent_sign_in.SECONDS:
            raise Refused(_("Enrolling a device needs a sign-in of the last ten minutes."), "fresh_sign_in_required")
        refuse_disabled(caller(request).id)
        wanted = checked(NewDevice, request.data)
        session = outsider_session(token)
        signing = VerifyKey.named(wanted["signing"]["alg"], unb64(wanted["signing"]["public"]))
        encryption = EncryptionPublicKey.named(wanted["encryption"]["kem"], unb64(wanted["encryption"]["public"]))
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
            ends_at=None if session is None else session.ends_at,
            actor=directory_actor(request),
        )
        certificate = _certificate(proven(facts), ends_at=facts.ends_at)
        me = caller(request)
        if session is None:
            mail_device_added(
                person=me.id,
                address=me.email,
                device=facts.name,
                platform=facts.platform,
                ip=client_address(plain(request)),
            )
        return Response({"id": str(facts.id), "account_certificate": certificate}, status=HTTPStatus.CREATED)


class DeviceDetail(BaseView):
    """One device of the person."""

    @extend_schema(
        summary="Revoke one of my devices",
        parameters=[
            OpenApiParameter("confirm", str, description="The device's name, once the consequences were seen.")
        ],
        responses={
            200: effect_answer("DeviceRevoked", latest_offline_moment=serializers.DateTimeField(allow_null=True))
        },
        examples=[
            OpenApiExample("Revoked", done("laptop is revoked and gets no more licenses.", latest_offline_moment=None))
        ],
    )
    def delete(self, request: Request, device_id: UUID) -> Response:
        """Revoke the device: it gets no license any more, and the feed invalidates its cached ones."""
        person, device = caller(request).id, device_of(caller(request).id, device_id)
        if device is None:
            raise NotHere(_("The person has no such device."))
        stated = stated_by(request, checked(Confirmed, request.data or request.query_params.dict()))
        family = token_shown(request).family
        return effect_response(
            revoke_device(
                person_id=person,
                device=device,
                actor=directory_actor(request),
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
        refuse_disabled(caller(request).id)
        device = self.device()
        facts = device_of(caller(request).id, device_id)
        if device.id != device_id or facts is None or facts.revoked_at is not None:
            raise Http404
        return Response({"account_certificate": _certificate(device)})


def _certificate(device: ProvenDevice, *, ends_at: datetime | None = None) -> str:
    keys = DeviceKeys(device.id, device.person, device.signing, device.encryption, device.platform)
    ends = None if ends_at is None else int(ends_at.timestamp())
    return account_certificate(iss=settings.CHANCERY_BASE_URL, device=keys, now=clock.now(), ends=ends)


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
