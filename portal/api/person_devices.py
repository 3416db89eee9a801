"""The devices of the organization's people over the API: list them, block one here, take the block back."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import DEVICE, done, listed
from portal.api.framework import (
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    page,
    page_answer,
)
from portal.api.sorting import sort_of, sort_parameter
from portal.ordering import DEVICES, in_order
from portal.usecases.devices import block_device, unblock_device, visible_devices
from portal.usecases.effects import EffectAnswer, effect_answer
from portal.usecases.personal_data import PersonalData

UNBLOCKED = done("“laptop” of max@contoso.example gets licenses of this organization again.")


class PersonDevice(Answer):
    """One device of a person."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    platform = serializers.CharField()
    created_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    blocked = serializers.BooleanField(help_text="Whether it is blocked at this organization.")


class PersonDevices(OrganizationView):
    """The devices of one person."""

    needs = {"GET": Permission.PEOPLE_MANAGE}
    reads = {"GET": PersonalData.PERSON}

    @extend_schema(
        summary="List the devices of a person",
        description="Of a guest those that were used with this organization.",
        parameters=[sort_parameter(DEVICES, "-created_at")],
        responses=page_answer("PersonDevices", PersonDevice),
        examples=[OpenApiExample("Devices", listed({**DEVICE, "blocked": False}))],
    )
    def get(self, request: Request, person_id: UUID) -> Response:
        """Answer with revoked and blocked ones too."""
        found = visible_devices(caller=self.caller, person_id=person_id).devices
        return page(
            [
                {
                    "id": str(one.id),
                    "name": one.name,
                    "platform": one.platform,
                    "created_at": one.created_at,
                    "revoked_at": one.revoked_at,
                    "blocked": self.organization.id in one.blocked_by,
                }
                for one in in_order(found, DEVICES, sort_of(request, DEVICES, "-created_at"))
            ]
        )


class BlockDevice(OrganizationView):
    """A device of a person, blocked at this organization."""

    needs = {"POST": Permission.PEOPLE_MANAGE}

    @extend_schema(
        summary="Block a device of a person at this organization",
        description="Other organizations and the device's sign-in are not concerned: the person alone revokes it.",
        request=Confirmed,
        responses=effect_answer("DeviceBlocked", latest_offline_moment=serializers.DateTimeField(allow_null=True)),
        examples=[OpenApiExample("Confirmed", {"confirm": "laptop", "reason": "Lost"}, request_only=True)],
    )
    def post(self, request: Request, person_id: UUID, device_id: UUID) -> Response:
        """Refuse it from the next request on."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            block_device(caller=self.caller, person_id=person_id, device_id=device_id, stated=stated)
        )


class UnblockDevice(OrganizationView):
    """A device of a person, let in again."""

    needs = {"POST": Permission.PEOPLE_MANAGE}

    @extend_schema(
        summary="Unblock a device of a person at this organization",
        request=None,
        responses=EffectAnswer,
        examples=[OpenApiExample("Unblocked", UNBLOCKED)],
    )
    def post(self, request: Request, person_id: UUID, device_id: UUID) -> Response:
        """Take the block back."""
        return effect_response(unblock_device(caller=self.caller, person_id=person_id, device_id=device_id))
