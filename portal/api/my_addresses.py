"""The caller's own addresses: list, add by a mailed code, remove, choose the main one."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.examples import OWN_ADDRESS, done, listed
from portal.api.framework import (
    Answer,
    BaseView,
    Confirmed,
    MailAddress,
    checked,
    directory_actor,
    effect_response,
    page_answer,
    stated_by,
)
from portal.identity.bearer import caller
from portal.usecases.addresses import ask_for_address, confirm_address, make_main_address, remove_address
from portal.usecases.effects import effect_answer
from tenants.directory.selectors.addresses import addresses_of

OF_ADDRESS: Any = {"address": serializers.CharField()}
HOME = {"address": OWN_ADDRESS["address"]}


class OwnAddressItem(Answer):
    """One address of the caller."""

    address = serializers.CharField()
    main = serializers.BooleanField(help_text="Messages go there, and others know you by it.")
    proven_by = serializers.CharField(
        allow_blank=True, help_text="person: by a mailed code; organization: it answers for the address; empty: nobody."
    )
    proven_at = serializers.DateTimeField(allow_null=True)
    signs_in = serializers.BooleanField(help_text="Whether you can sign in with it.")
    organization = serializers.CharField(
        allow_blank=True, help_text="Which organization manages it; only its administrators can take it away."
    )
    code_until = serializers.DateTimeField(allow_null=True, help_text="When the mailed code ends that was not entered.")


class AddressNamed(serializers.Serializer[dict[str, str]]):
    """An address."""

    address = MailAddress()


class AddressCodeEntered(AddressNamed):
    """An address and the code that was mailed to it."""

    code = serializers.CharField(max_length=64, help_text="As in the mail; hyphens and capitals do not matter.")


class AddressConfirmed(AddressNamed, Confirmed):
    """An address, confirmed for an act that asks first."""


class MyAddresses(BaseView):
    """The person's addresses."""

    @extend_schema(
        summary="List my addresses",
        responses=page_answer("MyAddressList", OwnAddressItem),
        examples=[OpenApiExample("Addresses", listed(OWN_ADDRESS))],
    )
    def get(self, request: Request) -> Response:
        """Answer with all of them, the main one first, and those for which a code was mailed."""
        return Response({"results": [asdict(one) for one in addresses_of(caller(request).id)], "next": ""})

    @extend_schema(
        summary="Add an address: mail a code to it",
        request=AddressNamed,
        responses={202: effect_answer("AddressCodeMailed", **OF_ADDRESS)},
        examples=[OpenApiExample("Address", HOME, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Mail a code; the answer is the same where the address is another account's, and the mail says so."""
        wanted = checked(AddressNamed, request.data)
        made = ask_for_address(
            actor=directory_actor(request), address=wanted["address"], stated=stated_by(request, wanted)
        )
        return effect_response(made, HTTPStatus.ACCEPTED)


class ConfirmMyAddress(BaseView):
    """The code that was mailed to an address."""

    @extend_schema(
        summary="Add an address: enter the mailed code",
        request=AddressCodeEntered,
        responses=effect_answer("AddressConfirmedByCode", **OF_ADDRESS),
        examples=[OpenApiExample("Code", {**HOME, "code": "B7KW-3PQT"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Take the code: the address is the caller's, and matches policies from now on."""
        wanted = checked(AddressCodeEntered, request.data)
        stated = stated_by(request, wanted)
        return effect_response(
            confirm_address(
                actor=directory_actor(request), address=wanted["address"], code=wanted["code"], stated=stated
            )
        )


class RemoveMyAddress(BaseView):
    """The end of an address."""

    @extend_schema(
        summary="Remove one of my addresses",
        request=AddressConfirmed,
        responses=effect_answer("AddressRemoved", **OF_ADDRESS),
        examples=[OpenApiExample("Confirmed", {**HOME, "confirm": HOME["address"]}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Remove it: it matches nothing from now on; refused where an organization manages it."""
        wanted = checked(AddressConfirmed, request.data)
        return effect_response(
            remove_address(actor=directory_actor(request), address=wanted["address"], stated=stated_by(request, wanted))
        )


class MainMyAddress(BaseView):
    """The main address."""

    @extend_schema(
        summary="Choose my main address",
        request=AddressNamed,
        responses=effect_answer("MainAddressChosen", **OF_ADDRESS),
        examples=[
            OpenApiExample("Address", HOME, request_only=True),
            OpenApiExample(
                "Chosen",
                done("olga@home.example is your main address now: messages go there.", **HOME),
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Send messages there from now on; it is one that the caller signs in with."""
        wanted = checked(AddressNamed, request.data)
        return effect_response(
            make_main_address(
                actor=directory_actor(request), address=wanted["address"], stated=stated_by(request, wanted)
            )
        )
