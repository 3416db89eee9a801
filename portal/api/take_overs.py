"""Take over the organization of a mail domain's individuals."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.examples import done
from portal.api.framework import (
    Answer,
    BaseView,
    Confirmed,
    checked,
    directory_actor,
    effect_response,
    stated_by,
)
from portal.usecases.effects import effect_answer
from portal.usecases.take_overs import announce_take_over, cancel_take_over, carry_out_take_over, take_over_of

OF_DOMAIN: Any = {"domain": serializers.CharField()}
CONFIRMED = {"confirm": "adatum.example", "reason": "Adatum uses Chancery now"}


class TakeOverRecord(Answer):
    """What the caller can take over, and how they prove the domain."""

    domain = serializers.CharField()
    by = serializers.CharField(
        allow_blank=True, help_text="Your organization that has proven the domain; empty where you prove it yourself."
    )
    challenge = serializers.CharField(help_text="The TXT record of the domain, for you alone.")
    announced_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True, help_text="From when on it can be taken over.")


class TakeOverConfirmed(Confirmed):
    """Confirmed for an act that asks first."""

    without_dns = serializers.BooleanField(
        required=False, default=False, help_text="Accept the domain as it is, on an installation of your own machine."
    )


class RecordOfDomain(BaseView):
    """The proof."""

    @extend_schema(
        summary="See what I can take over, and the record to publish",
        responses=TakeOverRecord,
        examples=[
            OpenApiExample(
                "Record",
                {
                    "domain": "adatum.example",
                    "by": "",
                    "challenge": "chancery-domain=5Ttr0pnJ8rH3Qm2v",
                    "announced_at": None,
                    "due_at": None,
                },
            )
        ],
    )
    def get(self, request: Request, domain: str) -> Response:
        """Answer to people of the domain who protect there, and to administrators of its owner."""
        return Response(asdict(take_over_of(actor=directory_actor(request), domain=domain)))


class AnnounceTakeOver(BaseView):
    """The week before."""

    @extend_schema(
        summary="Announce to take over the organization of a mail domain",
        request=TakeOverConfirmed,
        responses=effect_answer("TakeOverAnnounced", **OF_DOMAIN, due_at=serializers.DateTimeField()),
        examples=[OpenApiExample("Confirmed", CONFIRMED, request_only=True)],
    )
    def post(self, request: Request, domain: str) -> Response:
        """Ask the DNS, and mail the people when it can be taken over."""
        wanted = checked(TakeOverConfirmed, request.data)
        return effect_response(
            announce_take_over(
                actor=directory_actor(request),
                domain=domain,
                without_dns=wanted["without_dns"],
                stated=stated_by(request, wanted),
            )
        )


class TakeOver(BaseView):
    """The act."""

    @extend_schema(
        summary="Take over the organization of a mail domain",
        request=TakeOverConfirmed,
        responses=effect_answer("TakenOver", **OF_DOMAIN, origin=serializers.URLField()),
        examples=[OpenApiExample("Confirmed", CONFIRMED, request_only=True)],
    )
    def post(self, request: Request, domain: str) -> Response:
        """Become its administrator, seven days after it was announced and while the DNS still shows the record."""
        wanted = checked(TakeOverConfirmed, request.data)
        return effect_response(
            carry_out_take_over(
                actor=directory_actor(request),
                domain=domain,
                without_dns=wanted["without_dns"],
                stated=stated_by(request, wanted),
            )
        )


class CallOffTakeOver(BaseView):
    """The way back."""

    @extend_schema(
        summary="Call off taking over the organization of a mail domain",
        request=None,
        responses=effect_answer("TakeOverCalledOff", **OF_DOMAIN),
        examples=[
            OpenApiExample(
                "Called off",
                done(
                    "You do not take adatum.example over. Nothing has changed for its people.", domain="adatum.example"
                ),
                response_only=True,
            )
        ],
    )
    def post(self, request: Request, domain: str) -> Response:
        """Call off what the caller has announced."""
        return effect_response(cancel_take_over(actor=directory_actor(request), domain=domain))
