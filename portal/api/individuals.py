"""Start to protect without an organization of one's own."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.examples import CONTOSO, done
from portal.api.framework import (
    Answer,
    BaseView,
    Confirmed,
    MailAddress,
    checked,
    directory_actor,
    effect_response,
    stated_by,
)
from portal.usecases.effects import effect_answer
from portal.usecases.individuals import end_personal_organization, start_offer, start_organization

STARTED: Any = {
    "id": serializers.UUIDField(),
    "name": serializers.CharField(),
    "slug": serializers.CharField(),
    "origin": serializers.URLField(),
}


class StartOffer(Answer):
    """Where the caller would protect under one of their addresses."""

    address = serializers.CharField()
    domain = serializers.CharField()
    kind = serializers.ChoiceField(
        choices=["member", "domain", "personal", "elsewhere"],
        help_text="member: you can protect already; domain: in the organization of your mail domain that nobody"
        " administers; personal: in one of your own; elsewhere: who owns the mail domain decides.",
    )
    organization = serializers.CharField(allow_blank=True, help_text="The organization that you protect in already.")
    why = serializers.CharField(allow_blank=True, help_text="Why somebody else decides.")
    open = serializers.BooleanField(help_text="Whether this installation makes organizations for individuals.")


class Start(serializers.Serializer[dict[str, str]]):
    """Under which address, and how the person is called."""

    address = MailAddress(required=False, help_text="One of your proven addresses; by default the main one.")
    name = serializers.CharField(required=False, max_length=200, allow_blank=True, help_text="Your name.")


class StartOrganization(BaseView):
    """An organization for people whose own one is not here."""

    @extend_schema(
        summary="See where I would protect without an organization of my own",
        parameters=[OpenApiParameter("address", str)],
        responses=StartOffer,
        examples=[
            OpenApiExample(
                "Offer",
                {
                    "address": "nina@adatum.example",
                    "domain": "adatum.example",
                    "kind": "domain",
                    "organization": "",
                    "why": "",
                    "open": True,
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Answer with what starting would mean; nothing is made."""
        actor = directory_actor(request)
        offer = start_offer(actor=actor, address=request.query_params.get("address") or actor.address)
        return Response(
            {
                "address": offer.address,
                "domain": offer.domain,
                "kind": offer.kind,
                "organization": "" if offer.organization is None else offer.organization.name,
                "why": offer.why,
                "open": bool(settings.CHANCERY_INDIVIDUALS),
            }
        )

    @extend_schema(
        summary="Start to protect without an organization of my own",
        request=Start,
        responses={201: effect_answer("OrganizationStarted", **STARTED)},
        examples=[
            OpenApiExample("Address", {"address": "nina@adatum.example", "name": "Nina"}, request_only=True),
            OpenApiExample(
                "Started",
                done(
                    "You can protect files now, in the organization of adatum.example. Nobody administers it yet.",
                    id=CONTOSO,
                    name="adatum.example",
                    slug="individuals-0a1b2c3d4e5f",
                    origin="https://individuals-0a1b2c3d4e5f.id.example.com",
                ),
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Make the organization of the mail domain or a personal one, or join it; asked again, nothing changes."""
        wanted = checked(Start, request.data)
        actor = directory_actor(request)
        made = start_organization(
            actor=actor, address=wanted.get("address") or actor.address, name=wanted.get("name", "")
        )
        return effect_response(made, HTTPStatus.CREATED)


class EndOrganization(BaseView):
    """The end of a personal organization."""

    @extend_schema(
        summary="Erase my personal organization",
        request=Confirmed,
        responses=effect_answer("PersonalOrganizationEnded", documents=serializers.IntegerField()),
        examples=[
            OpenApiExample("Confirmed", {"confirm": "nina@gmx.de", "reason": "No longer needed"}, request_only=True)
        ],
    )
    def post(self, request: Request) -> Response:
        """Destroy its key: nothing that was protected there opens again."""
        wanted = checked(Confirmed, request.data)
        return effect_response(
            end_personal_organization(actor=directory_actor(request), stated=stated_by(request, wanted))
        )
