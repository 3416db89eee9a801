"""Single sign-on: which identity providers sign people in, for which mail domains and how."""

from typing import Any, Final, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from chancery.policy.permission import Permission
from portal.identity.sign_on.pending import address, logout_address, metadata_address, redirect_address
from portal.identity.strength import of_session
from portal.usecases.confirmation import FreshSignInRequired, Stated
from portal.usecases.effects import Effect
from portal.usecases.sign_on.certificates import WARNED_BEFORE
from portal.usecases.sign_on.settings import KEYS, STATES, change, connect, end, unlink
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, carried_out, page, show
from tenants.directory.selectors.domains import domains_in
from tenants.sign_on.selectors import SignOnFacts, sign_on_connection, sign_on_in

ACTS: Final = frozenset({"change", "read", "secret", "key", "unlink", "end"})
PROTOCOL_WORDS: Final = {
    "oidc": gettext_lazy("OpenID Connect"),
    "saml": gettext_lazy("SAML 2.0"),
}
STATE_WORDS: Final = {
    "off": gettext_lazy("Off: it signs nobody in"),
    "test": gettext_lazy("Test: administrators can try it, and nobody is signed in"),
    "on": gettext_lazy("On: who types an address of its domains is sent to it"),
    "enforced": gettext_lazy("Enforced: its people sign in by it alone"),
}


class ProviderForm(forms.Form):
    """Where the provider is; one of the two."""

    metadata_url = forms.CharField(
        label=gettext_lazy("Address of the provider"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("OpenID Connect: the issuer. SAML: the address of its metadata."),
    )
    metadata = forms.CharField(
        label=gettext_lazy("Or its configuration as text"),
        required=False,
        max_length=400_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("JSON or XML, where Chancery cannot ask that address itself."),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two."""
        cleaned = super().clean() or {}
        if not cleaned.get("metadata_url") and not cleaned.get("metadata"):
            raise forms.ValidationError(_("Give the address of the provider, or its configuration."))
        return cleaned


class NewForm(ProviderForm):
    """A connection to be."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("People see it when they sign in.")
    )
    protocol = forms.ChoiceField(
        label=gettext_lazy("Protocol"), choices=list(PROTOCOL_WORDS.items()), widget=forms.RadioSelect, initial="oidc"
    )
    client_id = forms.CharField(
        label=gettext_lazy("Client id"),
        required=False,
        max_length=255,
        help_text=gettext_lazy("For OpenID Connect alone: what the provider calls Chancery."),
    )
    domains = forms.MultipleChoiceField(
        label=gettext_lazy("Mail domains it speaks for"), widget=forms.CheckboxSelectMultiple
    )

    field_order = ("name", "protocol", "metadata_url", "metadata", "client_id", "domains")


class SettingsForm(forms.Form):
    """How a connection signs people in."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=[(name, STATE_WORDS[name]) for name in STATES],
        widget=forms.RadioSelect,
    )
    domains = forms.MultipleChoiceField(
        label=gettext_lazy("Mail domains it speaks for"), widget=forms.CheckboxSelectMultiple, required=False
    )
    makes_accounts = forms.BooleanField(
        label=gettext_lazy("Make accounts"),
        required=False,
        help_text=gettext_lazy(
            "Who signs in for the first time gets an account. Else an administrator adds them first."
        ),
    )
    break_glass = forms.CharField(
        label=gettext_lazy("Administrators who can sign in without it"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One address a line. Needed before it is enforced; each needs a second factor."),
    )
    client_id = forms.CharField(label=gettext_lazy("Client id"), max_length=255)
    subject_claim = forms.CharField(
        label=gettext_lazy("Attribute with the subject"),
        max_length=200,
        help_text=gettext_lazy("What names a person for good. NameID counts where it is persistent."),
    )
    address_claim = forms.CharField(label=gettext_lazy("Claim with the mail address"), max_length=200)
    name_claim = forms.CharField(label=gettext_lazy("Claim with the name"), max_length=200)
    second_factors = forms.CharField(
        label=gettext_lazy("Values that mean a second factor"),
        required=False,
        help_text=gettext_lazy("Of acr and amr, or of AuthnContext, separated by spaces."),
    )
    asks_for = forms.CharField(
        label=gettext_lazy("Asks for when it must be strong"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("The acr_values, or AuthnContext, with which a new sign-in is asked for."),
    )
    groups_claim = forms.CharField(
        label=gettext_lazy("Claim with groups"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Leave it empty, and nobody's groups change."),
    )
    groups = forms.CharField(
        label=gettext_lazy("Groups"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One a line: value = group@your.domain. Each sign-in sets who is in them."),
    )

    def __init__(self, protocol: str, *given: Any, **named: Any) -> None:
        """Leave out what the protocol does not have."""
        super().__init__(*given, **named)
        del self.fields["client_id" if protocol == "saml" else "subject_claim"]

    def clean_groups(self) -> list[tuple[str, str]]:
        """Read the lines."""
        pairs = [line.rpartition("=") for line in self.cleaned_data["groups"].splitlines() if line.strip()]
        if any(not sign or not value.strip() or not address.strip() for value, sign, address in pairs):
            raise forms.ValidationError(_("Write one a line: value = group@your.domain."))
        return [(value.strip(), address.strip().lower()) for value, _sign, address in pairs]

    def clean_break_glass(self) -> list[str]:
        """Read the lines."""
        return str(self.cleaned_data["break_glass"]).split()

    def clean_second_factors(self) -> list[str]:
        """Read the words."""
        return str(self.cleaned_data["second_factors"]).split()


@require_GET
@page(Permission.SETTINGS_READ)
def sign_on(request: PageRequest) -> HttpResponse:
    """Show all connections."""
    return show(request, "sign_on", "people", {"rows": sign_on_in(request.organization.id)})


@require_http_methods(["GET", "POST"])
@page(Permission.SETTINGS_MANAGE)
def sign_on_new(request: PageRequest) -> HttpResponse:
    """Connect a provider, once it was seen what it says of itself."""
    form = NewForm(request.POST or None)
    proven = _offer_domains(request, form)

    def shown() -> HttpResponse:
        return show(request, "sign_on_new", "people", {"form": form, "proven": proven})

    if request.method != "POST" or not form.is_valid():
        return shown()

    def act(stated: Stated) -> Effect:
        made = connect(caller=request.caller, organization=request.organization, stated=stated, **form.cleaned_data)
        return made.effect

    return confirmed(request, reverse("sign_on_connections"), act, section="people", refused=shown)


@require_http_methods(["GET", "POST"])
@never_cache
@page(Permission.SETTINGS_READ)
def sign_on_detail(request: PageRequest, sign_on_id: UUID) -> HttpResponse:
    """Show a connection; change it, give it a secret, read the provider anew, bind an account anew, end it."""
    found = sign_on_connection(request.organization.id, sign_on_id)
    act = request.POST.get("act", "")
    form = SettingsForm(found.protocol, request.POST if act == "change" else None, initial=_initial(found))
    _offer_domains(request, form)
    provider = ProviderForm(request.POST if act == "read" else None)

    def shown() -> HttpResponse:
        context = {
            "found": sign_on_connection(request.organization.id, sign_on_id),
            "form": form,
            "provider": provider,
            "redirect_address": redirect_address(found),
            "logout_address": logout_address(found),
            "test": address(found, "test"),
            "metadata_address": metadata_address(found),
            "soon": timezone.now() + WARNED_BEFORE,
            "manages": request.caller.may(Permission.SETTINGS_MANAGE),
        }
        return show(request, "sign_on_connection", "people", context)

    if request.method != "POST" or not request.caller.may(Permission.SETTINGS_MANAGE):
        return shown()
    if (act == "change" and not form.is_valid()) or (act == "read" and not provider.is_valid()):
        return shown()
    if act not in ACTS:
        raise Http404
    here = reverse("sign_on_connection", args=[found.id])
    if act == "secret":
        return _secret(request, found, here)
    return confirmed(
        request,
        here,
        lambda stated: _done(request, found, act, form, provider, stated),
        done=reverse("sign_on_connections") if act == "end" else "",
        section="people",
        refused=shown,
    )


def _done(
    request: PageRequest, found: SignOnFacts, act: str, form: SettingsForm, provider: ProviderForm, stated: Stated
) -> Effect:
    whom: dict[str, Any] = {
        "caller": request.caller,
        "organization": request.organization,
        "connection_id": found.id,
        "stated": stated,
    }
    if act == "end":
        return end(**whom)
    if act == "unlink":
        return unlink(**whom, address=request.POST.get("address", "").strip().lower())
    if act == "key":
        wanted = request.POST.get("key", "")
        return change(**whom, changes={"key": wanted} if wanted in KEYS else {})
    return change(**whom, changes=provider.cleaned_data if act == "read" else form.cleaned_data)


def _secret(request: PageRequest, found: SignOnFacts, here: str) -> HttpResponse:
    """Keep a secret without a question in between, which would show it again."""
    stated = Stated(found.name, "", of_session(request))
    changes = {"client_secret": request.POST.get("client_secret", "").strip()}
    try:
        carried_out(
            request,
            lambda: change(
                caller=request.caller,
                organization=request.organization,
                connection_id=found.id,
                changes=changes,
                stated=stated,
            ),
        )
    except FreshSignInRequired:
        messages.error(request, _("Sign out and in again first: this needs a sign-in of the last ten minutes."))
    return redirect(here)


def _offer_domains(request: PageRequest, form: forms.Form) -> list[str]:
    proven = [one.domain for one in domains_in(request.organization.id) if one.proven_at is not None]
    cast(forms.MultipleChoiceField, form.fields["domains"]).choices = [(domain, domain) for domain in proven]
    return proven


def _initial(found: SignOnFacts) -> dict[str, Any]:
    plain = (
        *("name", "state", "makes_accounts", "client_id", "subject_claim", "address_claim", "name_claim", "asks_for"),
        "groups_claim",
    )
    return {
        **{name: getattr(found, name) for name in plain},
        "domains": list(found.domains),
        "second_factors": " ".join(found.second_factors),
        "break_glass": "\n".join(one.address for one in found.break_glass if one.address),
        "groups": "\n".join(f"{one.value} = {one.address}" for one in found.groups),
    }
