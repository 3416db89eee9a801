"""Where the account suite asks us: addresses, the issuer's name and keys, passkeys' home, sign-on."""

from collections.abc import Iterable
from typing import Any, ClassVar, Final, Literal

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.internal.private_keys import filter_keys
from allauth.idp.oidc.models import Client, PrivateKey
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_out
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.dispatch import receiver
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from portal.identity import account_words, clients, issuer_keys, origins, second_factors
from portal.identity.homes.arriving import require_home
from portal.identity.homes.asserting import claims_for
from portal.identity.homes.names import SCOPE
from portal.identity.known_browsers import recognize_browser
from portal.identity.public_keys import ALGORITHMS
from portal.identity.redirects import onward
from portal.identity.sign_on.enforcing import require_provider
from portal.identity.sign_on.sessions import name_session, way_out
from portal.languages import reason_of
from portal.subjects.subject import is_disabled
from tenants import naming
from tenants.actor import Actor
from tenants.directory.access import end_sessions
from tenants.directory.errors import DirectoryRefused
from tenants.directory.models import Person
from tenants.directory.services.claim_address import claim_address
from tenants.directory.services.outsiders import adopted_by_sign_up
from tenants.directory.services.prove_address import prove_address
from tenants.sign_on.services.sessions import BASE

SIGNED_UP = "chancery.signed_up"
PROVEN_NOW: Final = "chancery_proven_now"
BOUND: Final = ("password", "access_generation")
"""What a session is bound to."""


class AccountAdapter(DefaultAccountAdapter):
    """Accounts: one spelling of every address, and every proof passed to the directory."""

    error_messages: ClassVar[dict[str, Any]] = DefaultAccountAdapter.error_messages | account_words.ERRORS

    def clean_email(self, email: str) -> str:
        """Return the address in its normal form, so that one mailbox is one address everywhere."""
        try:
            return naming.address(email)
        except naming.NameRefused as error:
            raise ValidationError(reason_of(error)) from error

    def save_user(
        self, request: HttpRequest, user: AbstractBaseUser, form: BaseForm, commit: bool = True
    ) -> AbstractBaseUser:
        """Save a person who signs up, and remember in which browser that was.

        A person who opened documents by mailed codes until now goes on with that identity.
        """
        outsider = adopted_by_sign_up(form.cleaned_data["email"])
        person: AbstractBaseUser = super().save_user(request, outsider or user, form, commit)
        if commit and isinstance(person, Person):
            claim_address(person_id=person.pk, address=person.email)
            request.session[SIGNED_UP] = str(person.pk)
        return person

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Begin a session, bound to password and generation as they are after a proof made in this request."""
        if getattr(request, PROVEN_NOW, None) == user.pk:
            user.refresh_from_db(fields=[*BOUND])
        if is_disabled(user.pk):
            raise ImmediateHttpResponse(self.respond_user_inactive(request, user))
        require_provider(request, user)
        require_home(request, user)
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **how: Any) -> HttpResponse:
        """Lead on after any way of signing in, also to the host of an organization."""
        response: HttpResponse = super().post_login(request, user, **how)
        name_session(request)
        led = onward(request, response["Location"]) if response.has_header("Location") else response
        return recognize_browser(request, led)

    def is_reauthentication_required(self, *, app: str, **_more: Any) -> bool:
        """Ask nobody a second time: ``portal.identity.recent_sign_in`` sees to fresh sign-ins, for everybody alike."""
        return False

    def get_reauthentication_methods(self, user: AbstractBaseUser) -> list[dict[str, Any]]:
        """Name the ways that are offered when a program asks for a new proof."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [way | {"description": account_words.OTHER_WAYS[way["id"]]} for way in found]

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Lead who signs out on to their identity provider, where they are signed in as well."""
        return way_out(request) or str(super().get_logout_redirect_url(request))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send to the normal form: the mail library would write the domain by older rules, which name another one."""
        super().send_mail(template_prefix, naming.address(email), context)

    def get_from_email(self) -> str:
        """Return the sender of all mail."""
        return settings.DEFAULT_FROM_EMAIL


@receiver(email_confirmed, dispatch_uid="portal.identity.address_proven")
def address_proven(request: HttpRequest, email_address: EmailAddress, **_kwargs: Any) -> None:
    """Record in the directory that somebody entered a mailed code.

    A password that was set before the proof, in another browser, may be a stranger's who signed up with this address
    and waited; the directory ends it with everything else of that kind.
    """
    person, session = email_address.user, request.session
    signs_up = session.get(SIGNED_UP) == str(person.pk)
    try:
        prove_address(
            person_id=person.pk,
            address=email_address.email,
            actor=actor_of(request, email_address),
            except_session=session.session_key,
            keep_password=signs_up,
        )
    except DirectoryRefused as error:
        EmailAddress.objects.filter(pk=email_address.pk).update(verified=False)
        raise PermissionDenied(str(error)) from error
    session.pop(SIGNED_UP, None)
    if signs_up:
        # The code that completes signing up signs in as well, and counts like any other mailed code from now on.
        record_authentication(request, person, method="code", email=email_address.email)
    setattr(request, PROVEN_NOW, person.pk)
    if request.user.pk == person.pk:
        stay_signed_in(request)


def stay_signed_in(request: HttpRequest) -> None:
    """Bind the session to password and generation as they are after a proof that the signed-in person has made."""
    if isinstance(request.user, Person):
        request.user.refresh_from_db(fields=[*BOUND])
        update_session_auth_hash(request, request.user)


@receiver(user_logged_out, dispatch_uid="portal.identity.signed_out")
def signed_out(request: HttpRequest, **_kwargs: Any) -> None:
    """End the sessions that were handed over from the one that ends now."""
    key = request.session.session_key
    if key:
        end_sessions(UserSession.objects.filter(Q(session_key=key) | Q(**{f"data__{BASE}": key})))


def actor_of(request: HttpRequest, email_address: EmailAddress) -> Actor:
    """Return the person who holds the mailbox as the one who acts."""
    return Actor(
        person_id=email_address.user_id,
        name=str(email_address.user),
        source="pages",
        ip=AccountAdapter(request).get_client_ip(request),
        address=email_address.user.email,
    )


ONE_ORIGIN: Final = gettext_lazy("A token names exactly one origin.")


class IssuerAdapter(DefaultOIDCAdapter):
    """The issuer: one name whatever host is asked, keys from the database, tokens for our origins only."""

    def get_issuer(self) -> str:
        """Return the base URL."""
        return str(settings.CHANCERY_BASE_URL)

    def list_private_keys(
        self, *, did_activate: Literal[True] | None = None, is_active: Literal[True] | None = None
    ) -> list[PrivateKey]:
        """Return the signing keys that are kept in the database."""
        keys: list[PrivateKey] = filter_keys(issuer_keys.private_keys(), did_activate=did_activate, is_active=is_active)
        return keys

    scope_display = DefaultOIDCAdapter.scope_display | {
        clients.ACCESS: gettext_lazy("Protect, open and manage documents as you"),
        SCOPE: gettext_lazy("Learn your name, addresses and groups of your organization"),
    }

    def validate_resource_uris(self, *, uris: list[str], **_kwargs: Any) -> None:
        """Let a token name one origin of this installation, and nothing else.

        A person reads it on the page that asks for their consent, a program in an answer that speaks English.
        """
        if len(uris) > 1:
            raise ValidationError(ONE_ORIGIN)
        if any(not origins.is_ours(uri) for uri in uris):
            raise ValidationError(gettext_lazy("This is not an origin of this installation."))

    def get_claims(
        self,
        purpose: Literal["id_token", "userinfo"],
        user: AbstractBaseUser,
        client: Client,
        scopes: Iterable[str],
        email: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Return what the issuer says about a person; language and zone come with the profile."""
        claims: dict[str, Any] = super().get_claims(purpose, user, client, scopes, email=email, **kwargs)
        if "profile" in scopes and isinstance(user, Person):
            claims |= {"zoneinfo": user.time_zone, **({"locale": user.language} if user.language else {})}
        if SCOPE in scopes and purpose == "id_token" and isinstance(user, Person):
            claims |= claims_for(user, self.request)
        return claims

    def populate_server_metadata(self, metadata: dict[str, Any]) -> None:
        """Say what the suite does not know: who may ask, that answers name who gives them (RFC 9207), assertions."""
        metadata["scopes_supported"] = [*metadata["scopes_supported"], SCOPE]
        metadata["authorization_response_iss_parameter_supported"] = True
        methods = [*metadata["token_endpoint_auth_methods_supported"], "private_key_jwt"]
        metadata["token_endpoint_auth_methods_supported"] = methods
        metadata["token_endpoint_auth_signing_alg_values_supported"] = list(ALGORITHMS)


class StrengthAdapter(DefaultMFAAdapter):
    """Second factors and passkeys; a passkey belongs to the base domain, where all signing in happens."""

    error_messages: ClassVar[dict[str, Any]] = DefaultMFAAdapter.error_messages | account_words.SECOND_STEP_ERRORS

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the base domain, not the host of the moment."""
        return {"id": settings.CHANCERY_BASE.host, "name": settings.CHANCERY_NAME}

    def encrypt(self, text: str) -> str:
        """Return what the database keeps of a secret."""
        return second_factors.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret of what the database keeps."""
        return second_factors.unseal(encrypted_text)

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        """Propose a name that says what it is."""
        return f"Passkey {Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1}"


class SignOnAdapter(DefaultSocialAccountAdapter):
    """Sign-on by another provider; closed until an organization has set one up."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Refuse accounts from providers: what they say about addresses proves nothing by itself.

        See docs/protocol.md P12.
        """
        return False
