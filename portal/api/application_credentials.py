"""What applications sign in with, over the API."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import CREDENTIAL, listed
from portal.api.framework import (
    Answer,
    Confirmed,
    OrganizationView,
    checked,
    effect_response,
    page,
    page_answer,
)
from portal.identity.public_keys import MOST_TEXT
from portal.usecases.application_credentials import (
    CredentialMade,
    ShownCredential,
    add_keys,
    add_secret,
    end_credential,
    shown_credentials,
)
from portal.usecases.effects import effect_answer
from tenants.directory.selectors.domains import ApplicationFacts, application_of_client
from tenants.directory.services.application_credentials import DAYS, MOST_DAYS

NAMED = {"name": "nightly job", "days": 180}


class NewSecret(serializers.Serializer[dict[str, Any]]):
    """A secret to be."""

    name = serializers.CharField(max_length=200, help_text="Where it is used, for example.")
    days = serializers.IntegerField(required=False, default=DAYS, min_value=1, max_value=MOST_DAYS)


class NewKeys(NewSecret):
    """Public keys to be: either the keys or their address."""

    keys = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=MOST_TEXT,
        help_text="As PEM, JWK or JWK set: P-256, Ed25519, or RSA of at least 2048 bits.",
    )
    keys_url = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=1000, help_text="The address of a JWK set."
    )


class CredentialItem(Answer):
    """One secret or key; never the secret itself."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["secret", "key", "keys_url"])
    name = serializers.CharField()
    thumbprints = serializers.ListField(
        child=serializers.CharField(), help_text="Of its public keys (RFC 7638); of a key's address, as last read."
    )
    keys_url = serializers.CharField(allow_blank=True)
    made_by = serializers.CharField(allow_blank=True, help_text="Who gave it; empty where nobody knows any more.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When an administrator ended it.")
    valid = serializers.BooleanField()


class _OfApplication(OrganizationView):
    """A view about one application of the organization."""

    def application(self, client_id: str) -> ApplicationFacts:
        """Return it.  Raises Http404."""
        facts = application_of_client(client_id)
        if facts is None or facts.organization_id != self.organization.id:
            raise Http404
        return facts


class ApplicationCredentials(_OfApplication):
    """The secrets and keys of an application."""

    needs = {"GET": Permission.APPLICATIONS_MANAGE, "POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="List the secrets and keys of an application",
        responses=page_answer("CredentialList", CredentialItem),
        examples=[OpenApiExample("Credentials", listed(CREDENTIAL))],
    )
    def get(self, request: Request, client_id: str) -> Response:
        """Answer with all of them, the newest first; those that are over, too."""
        return page(
            [_item(one) for one in shown_credentials(caller=self.caller, application=self.application(client_id)).rows]
        )

    @extend_schema(
        summary="Make a secret for an application",
        request=NewSecret,
        responses={
            201: effect_answer(
                "SecretMade",
                id=serializers.UUIDField(),
                secret=serializers.CharField(help_text="Shown this once only."),
                expires_at=serializers.DateTimeField(),
            )
        },
        examples=[OpenApiExample("Secret", NAMED, request_only=True)],
    )
    def post(self, request: Request, client_id: str) -> Response:
        """Answer with the secret, once. Others stay valid, so that one can follow another."""
        found = self.application(client_id)
        wanted = checked(NewSecret, request.data)
        made = add_secret(caller=self.caller, organization=self.organization, application=found, **wanted)
        return _made(made, secret=made.credential.secret)


class ApplicationKeys(_OfApplication):
    """Public keys of an application."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="Let an application sign in by a key",
        request=NewKeys,
        responses={201: effect_answer("KeyGiven", id=serializers.UUIDField(), expires_at=serializers.DateTimeField())},
        examples=[OpenApiExample("Key", {**NAMED, "keys": "-----BEGIN PUBLIC KEY-----\n…"}, request_only=True)],
    )
    def post(self, request: Request, client_id: str) -> Response:
        """Take public keys, or the address where they are; the application then signs in by RFC 7523."""
        found = self.application(client_id)
        wanted = checked(NewKeys, request.data)
        return _made(add_keys(caller=self.caller, organization=self.organization, application=found, **wanted))


class EndCredential(_OfApplication):
    """The end of a secret or key."""

    needs = {"POST": Permission.APPLICATIONS_MANAGE}

    @extend_schema(
        summary="End a secret or key of an application",
        request=Confirmed,
        responses=effect_answer("CredentialEnded"),
        examples=[OpenApiExample("Confirmed", {"confirm": "nightly job", "reason": "Rotated"}, request_only=True)],
    )
    def post(self, request: Request, client_id: str, credential_id: UUID) -> Response:
        """End it at once, with the tokens that it gave."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            end_credential(
                caller=self.caller,
                application=self.application(client_id),
                credential_id=credential_id,
                stated=stated,
            )
        )


def _made(made: CredentialMade, **more: str) -> Response:
    body = {"id": str(made.credential.id), "expires_at": made.credential.expires_at, **more}
    return Response({**body, **made.effect.as_json()}, status=HTTPStatus.CREATED)


def _item(one: ShownCredential) -> dict[str, Any]:
    facts = one.facts
    return {
        "id": str(facts.id),
        "kind": facts.kind,
        "name": one.name,
        "thumbprints": list(facts.thumbprints),
        "keys_url": facts.keys_url,
        "made_by": one.made_by,
        "created_at": facts.created_at,
        "expires_at": facts.expires_at,
        "last_used_at": facts.used_at,
        "ended_at": facts.ended_at,
        "valid": facts.valid,
    }
