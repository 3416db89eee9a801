"""What a client must know first: the installation, the organization of an address, signed statements."""

from uuid import UUID

from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chancery.objects.jws import b64
from portal import clock
from portal.api.examples import DISCOVERY
from portal.api.framework import (
    Answer,
    BaseView,
)
from portal.identity.clients import CLI
from protection.selectors.installation import installation_public_key
from protection.services.statement import organization_statement
from tenants.context import in_organization
from tenants.directory.selectors.domains import organization_of_domain
from tenants.naming import address, domain_of
from tenants.organizations.selectors import hosts_of, organization_by_id


class InstallationKey(Answer):
    """The public key under which the installation signs statements."""

    alg = serializers.CharField(help_text="The algorithm, like EdDSA.")
    public = serializers.CharField(help_text="The key, in base64url.")
    kid = serializers.CharField(help_text="Its id, in base64url.")


class FoundOrganization(Answer):
    """The organization that has proven the domain of an address."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    origin = serializers.URLField()


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
                "installation_key": InstallationKey(),
                "organizations": FoundOrganization(many=True),
            },
        ),
        examples=[OpenApiExample("Discovery", DISCOVERY)],
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

    for_outsiders = frozenset({"GET"})

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


def _origin(host: str) -> str:
    return str(settings.CHANCERY_BASE.origin_of(host))
