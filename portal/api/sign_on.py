"""Single sign-on over the API: the identity providers that sign an organization's people in."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import PLAN, listed
from portal.api.framework import Answer, Confirmed, OrganizationView, checked, effect_response, page, page_answer
from portal.identity.sign_on.pending import logout_address, metadata_address, redirect_address
from portal.usecases.effects import effect_answer
from portal.usecases.sign_on.settings import KEYS, PROTOCOLS, STATES, change, connect, end, unlink
from tenants.sign_on.selectors import SignOnFacts, sign_on_connection, sign_on_in

CONNECTION = {
    "id": PLAN,
    "name": "Entra ID",
    "protocol": "oidc",
    "issuer": "https://login.contoso.example",
    "client_id": "7c9e6679",
    "has_secret": True,
    "read_at": "2026-11-30T09:00:00Z",
    "domains": ["contoso.example"],
    "lost_domains": [],
    "subject_claim": "sub",
    "address_claim": "email",
    "name_claim": "name",
    "groups_claim": "groups",
    "groups": [{"value": "board", "group": "board@contoso.example"}],
    "second_factors": ["mfa"],
    "asks_for": "",
    "makes_accounts": True,
    "state": "on",
    "break_glass": [{"address": "ada@contoso.example", "counts": True}],
    "redirect_address": f"https://chancery.example/signin/by/{PLAN}/callback/",
    "logout_address": f"https://chancery.example/signin/by/{PLAN}/logout/",
    "metadata_address": "",
    "keys": [],
    "certificates": [],
}
_URL = "The issuer, or the address of its configuration; with SAML the address of its metadata."
_TEXT = "The provider's configuration as JSON, or its metadata as XML, where its address cannot be asked."
_SUBJECT = "SAML alone: the attribute that names a person for good, or NameID. Changing it binds all accounts anew."


class GroupClaimItem(serializers.Serializer[dict[str, Any]]):
    """A value of the groups claim and the group it stands for."""

    value = serializers.CharField(max_length=255)
    group = serializers.CharField(max_length=254, help_text="The group's address.")


class BreakGlassItem(Answer):
    """An administrator who may sign in without the provider."""

    address = serializers.CharField()
    counts = serializers.BooleanField(help_text="False once they are no administrator, or have no second factor.")


class SignOnKeyItem(Answer):
    """A key of a connection that speaks SAML; never its secret half."""

    use = serializers.ChoiceField(choices=("current", "next", "previous"))
    created_at = serializers.DateTimeField()


class SignOnCertificateItem(Answer):
    """A certificate by which a provider signs that speaks SAML."""

    fingerprint = serializers.CharField(help_text="SHA-256, in hexadecimal digits.")
    ends = serializers.DateTimeField(help_text="When it ends; from then on nothing that it signs is believed.")


class SignOnItem(Answer):
    """One connection; never its secret."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    protocol = serializers.ChoiceField(choices=PROTOCOLS)
    issuer = serializers.CharField()
    client_id = serializers.CharField(allow_blank=True, help_text="Empty with SAML.")
    has_secret = serializers.BooleanField()
    read_at = serializers.DateTimeField(help_text="When the provider's configuration or keys were read last.")
    domains = serializers.ListField(child=serializers.CharField())
    lost_domains = serializers.ListField(
        child=serializers.CharField(), help_text="Domains that the organization does not speak for any more."
    )
    subject_claim = serializers.CharField()
    address_claim = serializers.CharField()
    name_claim = serializers.CharField()
    groups_claim = serializers.CharField(allow_blank=True)
    groups = GroupClaimItem(many=True)
    second_factors = serializers.ListField(child=serializers.CharField())
    asks_for = serializers.CharField(allow_blank=True)
    makes_accounts = serializers.BooleanField()
    state = serializers.ChoiceField(choices=STATES)
    break_glass = BreakGlassItem(many=True)
    redirect_address = serializers.CharField(
        help_text="The only redirect address of the client at the provider; with SAML the assertion consumer."
    )
    logout_address = serializers.CharField(help_text="Where the provider says that somebody has signed out there.")
    metadata_address = serializers.CharField(
        allow_blank=True, help_text="SAML alone: what the provider reads, and by which name it knows this connection."
    )
    keys = SignOnKeyItem(many=True, help_text="SAML alone: what requests are signed by.")
    certificates = SignOnCertificateItem(many=True, help_text="SAML alone: what the provider signs by.")


class NewSignOn(Confirmed):
    """A connection to be; the provider is read at its address or in a pasted text."""

    name = serializers.CharField(max_length=200)
    protocol = serializers.ChoiceField(choices=PROTOCOLS, required=False, default="oidc")
    client_id = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=255, help_text="Needed with OpenID Connect."
    )
    domains = serializers.ListField(child=serializers.CharField(max_length=253), help_text="Proven mail domains.")
    metadata_url = serializers.CharField(required=False, allow_blank=True, default="", max_length=1000, help_text=_URL)
    metadata = serializers.CharField(required=False, allow_blank=True, default="", max_length=400_000, help_text=_TEXT)


class ChangedSignOn(Confirmed):
    """What changes about a connection; what is not given stays."""

    name = serializers.CharField(required=False, max_length=200)
    client_id = serializers.CharField(required=False, max_length=255)
    client_secret = serializers.CharField(required=False, max_length=1000, help_text="Kept sealed, and never shown.")
    domains = serializers.ListField(required=False, child=serializers.CharField(max_length=253))
    metadata_url = serializers.CharField(required=False, max_length=1000, help_text=_URL)
    metadata = serializers.CharField(required=False, max_length=400_000, help_text=_TEXT)
    subject_claim = serializers.CharField(required=False, max_length=200, help_text=_SUBJECT)
    address_claim = serializers.CharField(required=False, max_length=200)
    name_claim = serializers.CharField(required=False, max_length=200)
    groups_claim = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="Empty to leave groups alone."
    )
    groups = GroupClaimItem(many=True, required=False)
    second_factors = serializers.ListField(
        required=False,
        child=serializers.CharField(max_length=200),
        max_length=50,
        help_text="Values of acr and amr, or of AuthnContext, that mean a second factor.",
    )
    asks_for = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="The acr_values, or AuthnContext, with which a new sign-in is asked.",
    )
    makes_accounts = serializers.BooleanField(
        required=False, help_text="Whether who is unknown gets an account by signing in."
    )
    state = serializers.ChoiceField(required=False, choices=STATES)
    key = serializers.ChoiceField(
        required=False, choices=KEYS, help_text="SAML alone: make a next key, or sign by it from now on."
    )
    break_glass = serializers.ListField(
        required=False,
        child=serializers.CharField(max_length=254),
        max_length=20,
        help_text="Addresses of administrators who may sign in without the provider while it is enforced.",
    )


class SignOnConnections(OrganizationView):
    """The organization's sign-on connections."""

    needs = {"GET": Permission.SETTINGS_READ, "POST": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="List sign-on connections",
        responses=page_answer("SignOnList", SignOnItem),
        examples=[OpenApiExample("Connections", listed(CONNECTION))],
    )
    def get(self, request: Request) -> Response:
        """Answer with every connection; never with a secret."""
        return page([_connection(one) for one in sign_on_in(self.organization.id)])

    @extend_schema(
        summary="Connect an identity provider for single sign-on",
        request=NewSignOn,
        responses={201: effect_answer("SignOnConnected", **SignOnItem().fields)},
        examples=[
            OpenApiExample(
                "Connect",
                {
                    "name": "Entra ID",
                    "client_id": "7c9e6679",
                    "domains": ["contoso.example"],
                    "metadata_url": "https://login.contoso.example",
                    "confirm": "Entra ID",
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Read the provider's configuration and make a connection, off at first."""
        wanted = checked(NewSignOn, request.data)
        stated = self.stated(wanted)
        made = connect(caller=self.caller, organization=self.organization, stated=stated, **_plain(wanted))
        return Response({**_connection(made.connection), **made.effect.as_json()}, status=HTTPStatus.CREATED)


class SignOnDetail(OrganizationView):
    """One connection."""

    needs = {"GET": Permission.SETTINGS_READ, "PATCH": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="Show a sign-on connection", responses=SignOnItem, examples=[OpenApiExample("Connection", CONNECTION)]
    )
    def get(self, request: Request, sign_on_id: UUID) -> Response:
        """Answer with what it is, whom it signs in and how."""
        return Response(_connection(sign_on_connection(self.organization.id, sign_on_id)))

    @extend_schema(
        summary="Change a sign-on connection",
        request=ChangedSignOn,
        responses=effect_answer("SignOnChanged"),
        examples=[OpenApiExample("Turn it on", {"state": "on", "confirm": "Entra ID"}, request_only=True)],
    )
    def patch(self, request: Request, sign_on_id: UUID) -> Response:
        """Change what is given; a state that would shut people out is refused."""
        wanted = checked(ChangedSignOn, request.data)
        changes = _plain(wanted)
        if "groups" in changes:
            changes["groups"] = [(one["value"], one["group"]) for one in changes["groups"]]
        stated = self.stated(wanted)
        return effect_response(
            change(
                caller=self.caller,
                organization=self.organization,
                connection_id=sign_on_id,
                changes=changes,
                stated=stated,
            )
        )


class EndSignOn(OrganizationView):
    """The end of a connection."""

    needs = {"POST": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="End a sign-on connection",
        request=Confirmed,
        responses=effect_answer("SignOnEnded"),
        examples=[OpenApiExample("Confirmed", {"confirm": "Entra ID", "reason": "Replaced"}, request_only=True)],
    )
    def post(self, request: Request, sign_on_id: UUID) -> Response:
        """End it, with all sessions and tokens that came out of it."""
        stated = self.stated(checked(Confirmed, request.data))
        return effect_response(
            end(caller=self.caller, organization=self.organization, connection_id=sign_on_id, stated=stated)
        )


class UnlinkedAccount(Confirmed):
    """Whose account is bound anew."""

    address = serializers.CharField(max_length=254)


class UnlinkSignOn(OrganizationView):
    """What loosens an account from its subject at the provider."""

    needs = {"POST": Permission.SETTINGS_MANAGE}

    @extend_schema(
        summary="Bind a person's account anew",
        request=UnlinkedAccount,
        responses=effect_answer("SignOnUnlinked"),
        examples=[
            OpenApiExample(
                "Confirmed", {"address": "max@contoso.example", "confirm": "max@contoso.example"}, request_only=True
            )
        ],
    )
    def post(self, request: Request, sign_on_id: UUID) -> Response:
        """Forget who they are at the provider; the next one who comes with their address is they."""
        wanted = checked(UnlinkedAccount, request.data)
        return effect_response(
            unlink(
                caller=self.caller,
                organization=self.organization,
                connection_id=sign_on_id,
                address=wanted["address"],
                stated=self.stated(wanted),
            )
        )


def _plain(wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if name not in {"confirm", "reason"}}


def _connection(facts: SignOnFacts) -> dict[str, Any]:
    return {
        "id": str(facts.id),
        "name": facts.name,
        "protocol": facts.protocol,
        "issuer": facts.issuer,
        "client_id": facts.client_id,
        "has_secret": facts.has_secret,
        "read_at": facts.read_at,
        "domains": list(facts.domains),
        "lost_domains": list(facts.lost_domains),
        "subject_claim": facts.subject_claim,
        "address_claim": facts.address_claim,
        "name_claim": facts.name_claim,
        "groups_claim": facts.groups_claim,
        "groups": [{"value": one.value, "group": one.address} for one in facts.groups],
        "second_factors": list(facts.second_factors),
        "asks_for": facts.asks_for,
        "makes_accounts": facts.makes_accounts,
        "state": facts.state,
        "break_glass": [{"address": one.address, "counts": one.counts} for one in facts.break_glass],
        "redirect_address": redirect_address(facts),
        "logout_address": logout_address(facts),
        "metadata_address": metadata_address(facts),
        "keys": [{"use": one.use, "created_at": one.created_at} for one in facts.own_keys],
        "certificates": [{"fingerprint": one.fingerprint, "ends": one.ends} for one in facts.certificates],
    }
