"""A lost device over the API: by its person, signed in afresh, or with a code from an administrator."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chancery.policy.permission import Permission
from portal.api.examples import DEVICE, listed
from portal.api.framework import (
    UNTIL,
    Answer,
    BaseView,
    Confirmed,
    MailAddress,
    OrganizationView,
    checked,
    directory_actor,
    effect_response,
    page,
    page_answer,
    plain,
    stated_by,
)
from portal.request_facts import client_address
from portal.usecases.confirmation import Stated
from portal.usecases.effects import effect_answer
from portal.usecases.lost_devices import devices_by_loss_code, give_loss_code, report_lost, report_lost_by_code
from tenants.actor import Actor

LOST = effect_answer("DeviceLost", latest_offline_moment=UNTIL)
BY_CODE = {"address": "max@contoso.example", "code": "K7QM-2RXT-9WPD-B4HG"}


class LossCode(serializers.Serializer[dict[str, str]]):
    """What somebody has who cannot sign in."""

    address = MailAddress()
    code = serializers.CharField(max_length=64, help_text="As the administrator read it; hyphens do not matter.")


class ConfirmedLoss(LossCode, Confirmed):
    """The same, confirmed."""


class LosableDevice(Answer):
    """One device in use."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    platform = serializers.CharField()
    created_at = serializers.DateTimeField()


class DeviceLost(BaseView):
    """A device of the caller that is lost."""

    @extend_schema(
        summary="Report one of my devices lost",
        request=Confirmed,
        responses=LOST,
        examples=[OpenApiExample("Confirmed", {"confirm": "laptop"}, request_only=True)],
    )
    def post(self, request: Request, device_id: UUID) -> Response:
        """Revoke it; the sign-in is of the last ten minutes, with the second factor where there is one."""
        stated = stated_by(request, checked(Confirmed, request.data))
        return effect_response(report_lost(actor=directory_actor(request), device_id=device_id, stated=stated))


class DevicesByLossCode(APIView):
    """The devices of somebody who cannot sign in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        summary="List devices of which one is lost, with a code",
        request=LossCode,
        responses=page_answer("LosableDevices", LosableDevice),
        examples=[
            OpenApiExample("Code", BY_CODE, request_only=True),
            OpenApiExample(
                "Devices",
                listed({name: DEVICE[name] for name in ("id", "name", "platform", "created_at")}),
                response_only=True,
            ),
        ],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Answer with those in use; the code stays good."""
        wanted = checked(LossCode, request.data)
        found = devices_by_loss_code(actor=_somebody(request), **wanted)
        return page(
            [
                {"id": str(one.id), "name": one.name, "platform": one.platform, "created_at": one.created_at}
                for one in found.devices
            ]
        )


class DeviceLostByCode(APIView):
    """A lost device of somebody who cannot sign in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        summary="Report a device lost, with a code",
        request=ConfirmedLoss,
        responses=LOST,
        examples=[OpenApiExample("Confirmed", {**BY_CODE, "confirm": "laptop"}, request_only=True)],
        auth=[],
    )
    def post(self, request: Request, device_id: UUID) -> Response:
        """Revoke it and use the code up."""
        wanted = checked(ConfirmedLoss, request.data)
        made = report_lost_by_code(
            actor=_somebody(request),
            address=wanted["address"],
            code=wanted["code"],
            device_id=device_id,
            stated=Stated(wanted["confirm"], wanted["reason"], None),
        )
        return effect_response(made)


class PersonLossCode(OrganizationView):
    """A code for a person who cannot sign in."""

    needs = {"POST": Permission.PEOPLE_MANAGE}

    @extend_schema(
        summary="Give a person a code to report a device lost",
        description="The code ends one device and signs nobody in. The person is mailed.",
        request=Confirmed,
        responses=effect_answer("LossCodeGiven", code=serializers.CharField(), until=serializers.DateTimeField()),
        examples=[
            OpenApiExample("Confirmed", {"confirm": "max@contoso.example", "reason": "He called"}, request_only=True)
        ],
    )
    def post(self, request: Request, person_id: UUID) -> Response:
        """Answer with the code, once; it is good for a quarter of an hour."""
        stated = self.stated(checked(Confirmed, request.data))
        given = give_loss_code(caller=self.caller, person_id=person_id, stated=stated)
        body: dict[str, Any] = {**given.effect.as_json(), "code": given.code, "until": given.until}
        return Response(body)


def _somebody(request: Request) -> Actor:
    """Return who asks: nobody who is known, from a network address."""
    return Actor(person_id=None, name="", source="api", ip=client_address(plain(request)))
