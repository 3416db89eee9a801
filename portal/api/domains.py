"""Mail domains of an organization over the API."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import DOMAIN, done, listed
from portal.api.framework import (
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    page,
    page_answer,
)
from portal.api.idempotency import idempotent
from portal.usecases.domains import claim_domain, prove_domain, release_domain
from portal.usecases.effects import EffectAnswer, effect_answer
from portal.words.domain_checks import check_in_words
from tenants.directory.selectors.domains import DomainFacts, domains_in

PROVEN = done("contoso.example is proven: your organization answers for its addresses from now on.")


class DomainItem(Answer):
    """One mail domain."""

    domain = serializers.CharField()
    challenge = serializers.CharField(help_text="The text that a TXT record of the domain must hold.")
    proven_at = serializers.DateTimeField(allow_null=True)
    checked_at = serializers.DateTimeField(allow_null=True, help_text="When the DNS was asked last.")
    checked_by = serializers.UUIDField(allow_null=True, help_text="Who asked; null for the daily check.")
    check_result = serializers.CharField(
        allow_blank=True, help_text="found, other, empty, no_domain, alias, failed or timeout; empty before the first."
    )
    check_resolver = serializers.CharField(allow_blank=True, help_text="Whose answer it was, of several.")
    check_seen = serializers.ListField(
        child=serializers.CharField(), help_text="What the domain holds instead, or the name that it is an alias of."
    )
    found_at = serializers.DateTimeField(allow_null=True, help_text="When the record was seen last.")
    missing_since = serializers.DateTimeField(allow_null=True, help_text="Since when a proven domain's record is gone.")
    check = serializers.CharField(allow_blank=True, help_text="What the DNS said, in the caller's language.")


class ProofWanted(serializers.Serializer[dict[str, bool]]):
    """How a domain is to be proven."""

    without_dns = serializers.BooleanField(
        required=False, default=False, help_text="Accept it as it is; only on an installation on your own machine."
    )


class Domains(OrganizationView):
    """The organization's mail domains."""

    needs = {"GET": Permission.SETTINGS_READ, "POST": Permission.DOMAINS_MANAGE}

    @extend_schema(
        summary="List mail domains",
        responses=page_answer("DomainList", DomainItem),
        examples=[OpenApiExample("Domains", listed(DOMAIN))],
    )
    def get(self, request: Request) -> Response:
        """Answer with claimed and proven domains and the text that proves them."""
        return page([_domain(facts) for facts in domains_in(self.organization.id)])

    @extend_schema(
        summary="Claim a mail domain",
        request=inline_serializer("NewDomain", {"domain": serializers.CharField(max_length=253)}),
        responses={
            201: effect_answer("DomainClaimed", domain=serializers.CharField(), challenge=serializers.CharField())
        },
        examples=[OpenApiExample("Domain", {"domain": "contoso.example"}, request_only=True)],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Answer with the text that a TXT record of the domain must hold."""
        domain = str(request.data.get("domain", "")) if isinstance(request.data, dict) else ""
        return effect_response(claim_domain(caller=self.caller, domain=domain), HTTPStatus.CREATED)


class ProveDomain(OrganizationView):
    """The proof of a claimed domain."""

    needs = {"POST": Permission.DOMAINS_MANAGE}

    @extend_schema(
        summary="Prove a claimed mail domain by its TXT record",
        request=ProofWanted,
        responses=EffectAnswer,
        examples=[
            OpenApiExample("By the DNS", {}, request_only=True),
            OpenApiExample("Proven", PROVEN, response_only=True),
        ],
    )
    def post(self, request: Request, domain: str) -> Response:
        """Ask the DNS and take the domain over when all resolvers see the text; says what they saw otherwise."""
        wanted = checked(ProofWanted, request.data)
        return effect_response(prove_domain(caller=self.caller, domain=domain, **wanted))


class ReleaseDomain(OrganizationView):
    """The end of a claim or proof."""

    needs = {"POST": Permission.DOMAINS_MANAGE}

    @extend_schema(
        summary="Release a mail domain",
        request=Confirmed,
        responses=EffectAnswer,
        examples=[OpenApiExample("Confirmed", {"confirm": "contoso.example", "reason": "Sold"}, request_only=True)],
    )
    def post(self, request: Request, domain: str) -> Response:
        """Vouch for its addresses no longer; refused while groups have addresses in it."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            release_domain(caller=self.caller, organization=self.organization, domain=domain, stated=stated)
        )


def _domain(facts: DomainFacts) -> dict[str, Any]:
    said = check_in_words(facts.check_result, facts.domain, resolver=facts.check_resolver, seen=facts.check_seen)
    return {**asdict(facts), "check": said}
