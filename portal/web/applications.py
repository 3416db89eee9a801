"""Applications: who else acts for the organization."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from chancery.errors import ChanceryError
from chancery.policy.permission import Permission
from portal.identity.public_keys import MOST_TEXT, KeyRefused
from portal.ordering import APPLICATIONS, in_order
from portal.usecases.application_credentials import (
    CredentialMade,
    add_keys,
    add_secret,
    end_credential,
    shown_credentials,
)
from portal.usecases.application_permissions import application_permissions
from portal.usecases.applications import create_application, disable_application
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, page, paged, show, words_of
from portal.web.listing import Column, Listing
from portal.words.applications import consent_sentences
from portal.words.read_permissions import KINDS
from portal.words.roles import named_with_sentence, role_in_words
from tenants.directory.errors import DirectoryRefused
from tenants.directory.roles import OF_APPLICATIONS
from tenants.directory.selectors.domains import ApplicationFacts, application_of_client, applications_in
from tenants.directory.services.application_credentials import DAYS, MOST_DAYS
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tenants.naming import NameRefused

COLUMNS = (
    Column("name", gettext_lazy("Name"), "name", sorts=True, stays=True),
    Column("state", gettext_lazy("State"), "state"),
    Column("roles", pgettext_lazy("what a program is allowed", "May"), "text"),
    Column("used_at", gettext_lazy("Last used"), "day", sorts=True),
    Column("created_at", gettext_lazy("Since"), "day", sorts=True, extra=True),
)


class ApplicationForm(forms.Form):
    """An application that acts as itself."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("How it appears in the audit log.")
    )
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        required=False,
        choices=[(name, named_with_sentence(name)) for name in sorted(OF_APPLICATIONS)],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Without a role it can only open what it was granted."),
    )


class SecretForm(forms.Form):
    """A secret to be."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("Where it is used, for example.")
    )
    days = forms.IntegerField(
        label=gettext_lazy("Valid for how many days"), min_value=1, max_value=MOST_DAYS, initial=DAYS
    )


class KeyForm(SecretForm):
    """Public keys to be: pasted, or read from an address."""

    keys = forms.CharField(
        label=gettext_lazy("Public key"),
        required=False,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "mono"}),
        help_text=gettext_lazy("As PEM, JWK or JWK set. The private key stays with the application."),
    )
    keys_url = forms.CharField(
        label=gettext_lazy("Or the address of its keys"),
        required=False,
        max_length=1000,
        widget=forms.URLInput(attrs={"spellcheck": "false", "placeholder": "https://"}),
        help_text=gettext_lazy("A JWK set, read again every hour, so that the application can change its keys."),
    )


@require_GET
@page(Permission.APPLICATIONS_MANAGE)
def applications(request: PageRequest) -> HttpResponse:
    """Show all applications."""
    listing = Listing(request, "applications", COLUMNS, order="name")
    found = in_order(applications_in(request.organization.id), APPLICATIONS, listing.sort)
    return show(request, "applications", "applications", {"shown": paged(request, found), "listing": listing})


@require_http_methods(["GET", "POST"])
@never_cache
@page(Permission.APPLICATIONS_MANAGE)
def application_new(request: PageRequest) -> HttpResponse:
    """Make an application and show its secret, once."""
    form = ApplicationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_application(
                caller=request.caller, name=form.cleaned_data["name"], roles=form.cleaned_data["roles"]
            )
        except DirectoryRefused as error:
            form.add_error(None, words_of(error))
        else:
            return show(
                request,
                "application_made",
                "people",
                {"made": made.credentials, "effect": made.effect, "name": form.cleaned_data["name"]},
            )
    return show(request, "application_new", "applications", {"form": form})


@require_http_methods(["GET", "POST"])
@never_cache
@page(Permission.APPLICATIONS_MANAGE)
def application(request: PageRequest, client_id: str) -> HttpResponse:
    """Show one application; give it a secret, a key or a code for its device, end one of them, or end it."""
    found = _application(request, client_id)
    act = request.POST.get("act") if request.method == "POST" else None
    secret = SecretForm(request.POST if act == "secret" else None, auto_id="secret_%s")
    key = KeyForm(request.POST if act == "key" else None, auto_id="key_%s")
    if act == "disable":
        return confirmed(
            request,
            reverse("application", args=[client_id]),
            lambda stated: disable_application(caller=request.caller, application=found, stated=stated),
            section="people",
        )
    if act == "end":
        return _ended(request, found)
    if act == "key" and key.is_valid() and _given(request, found, key, add_keys) is not None:
        return redirect("application", client_id)
    made = _given(request, found, secret, add_secret) if act == "secret" and secret.is_valid() else None
    code = ""
    if act == "code" and not found.disabled:
        code = issue_enrollment_code(person_id=found.person_id, actor=request.caller.directory_actor)
    may = application_permissions(caller=request.caller, application=found)
    context = {
        "found": _application(request, client_id) if made else found,
        "code": code,
        "made": made,
        "given": [
            (one, role_in_words(one.role.role), consent_sentences(one.role.role, one.role.for_group)[:2])
            for one in may.roles
        ],
        "reads": [(one, KINDS[one.kind]) for one in may.reads],
        "manages_roles": request.caller.may(Permission.ROLES_MANAGE),
        "credentials": shown_credentials(caller=request.caller, application=found).rows,
        "secret_form": SecretForm(auto_id="secret_%s") if made else secret,
        "key_form": key,
        "opened": act == "key",
    }
    return show(request, "application", "applications", context)


def _application(request: PageRequest, client_id: str) -> ApplicationFacts:
    found = application_of_client(client_id)
    if found is None or found.organization_id != request.organization.id:
        raise Http404
    return found


def _given(
    request: PageRequest, found: ApplicationFacts, form: forms.Form, give: Callable[..., CredentialMade]
) -> CredentialMade | None:
    """Give the application what a form names; what is refused is said in the form."""
    try:
        made = give(caller=request.caller, organization=request.organization, application=found, **form.cleaned_data)
    except (ChanceryError, DirectoryRefused, NameRefused) as error:
        form.add_error(None, words_of(error))
        if isinstance(error, KeyRefused):
            # It may be a private key, which is not sent back.
            kept = request.POST.copy()
            kept["keys"] = ""
            form.data = kept
        return None
    messages.success(request, made.effect.message)
    return made


def _ended(request: PageRequest, found: ApplicationFacts) -> HttpResponse:
    try:
        credential = UUID(request.POST.get("credential", ""))
    except ValueError:
        raise Http404 from None
    return confirmed(
        request,
        reverse("application", args=[found.client_id]),
        lambda stated: end_credential(
            caller=request.caller, application=found, credential_id=credential, stated=stated
        ),
        section="people",
    )
