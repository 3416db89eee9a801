"""Addresses of members, as administrators add, remove and choose them."""

from http import HTTPStatus
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.framework import OrganizationView, checked, effect_response
from portal.api.idempotency import idempotent
from portal.api.my_addresses import OF_ADDRESS, AddressConfirmed, AddressNamed
from portal.usecases.effects import effect_answer
from portal.usecases.member_addresses import add_member_address, make_member_main_address, remove_member_address

ALIAS = {"address": "m.meier@contoso.example"}


class PersonAddresses(OrganizationView):
    """The addresses of a member."""

    needs = {"POST": Permission.PEOPLE_MANAGE}

    @extend_schema(
        summary="Add an address to a member",
        request=AddressNamed,
        responses={201: effect_answer("MemberAddressAdded", **OF_ADDRESS)},
        examples=[OpenApiExample("Address", ALIAS, request_only=True)],
    )
    @idempotent
    def post(self, request: Request, person_id: UUID) -> Response:
        """Add an address in a proven mail domain: it matches policies, and signs nobody in before they confirm it."""
        wanted = checked(AddressNamed, request.data)
        made = add_member_address(caller=self.caller, person_id=person_id, address=wanted["address"])
        return effect_response(made, HTTPStatus.CREATED)


class RemovePersonAddress(OrganizationView):
    """The end of a member's address."""

    needs = {"POST": Permission.PEOPLE_MANAGE}

    @extend_schema(
        summary="Take an address from a member",
        request=AddressConfirmed,
        responses=effect_answer("MemberAddressRemoved", **OF_ADDRESS),
        examples=[
            OpenApiExample(
                "Confirmed",
                {**ALIAS, "confirm": ALIAS["address"], "reason": "Somebody else's mailbox now"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, person_id: UUID) -> Response:
        """Take it away: it matches nothing from now on, and kept licenses end within a minute."""
        wanted = checked(AddressConfirmed, request.data)
        return effect_response(
            remove_member_address(
                caller=self.caller, person_id=person_id, address=wanted["address"], stated=self.stated(wanted)
            )
        )


class MainPersonAddress(OrganizationView):
    """The main address of a member."""

    needs = {"POST": Permission.PEOPLE_MANAGE}

    @extend_schema(
        summary="Choose the main address of a member",
        request=AddressNamed,
        responses=effect_answer("MemberMainAddressChosen", **OF_ADDRESS),
        examples=[OpenApiExample("Address", ALIAS, request_only=True)],
    )
    def post(self, request: Request, person_id: UUID) -> Response:
        """Send messages there from now on; it is one that they sign in with."""
        wanted = checked(AddressNamed, request.data)
        return effect_response(
            make_member_main_address(caller=self.caller, person_id=person_id, address=wanted["address"])
        )
