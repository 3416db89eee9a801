"""Provisioning: which identity providers fill the directory, with which tokens, and whom they deleted."""

from typing import cast
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from chancery.policy.permission import Permission
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.provisioning.connections import (
    TokenMade,
    connect,
    end,
    make_token,
    resume,
    revoke_token,
    set_dry_run,
)
from portal.web.confirming import confirmed
from portal.web.framework import PART, PageRequest, carried_out, page, paged, show, words_of
from tenants.connections.selectors import (
    ConnectionFacts,
    connection_in,
    connections_in,
    dry_runs_of,
    removed_by_provisioning,
)
from tenants.connections.services.create_connection import MAY
from tenants.connections.services.tokens import DAYS, MOST_DAYS
from tenants.directory.errors import DirectoryRefused
from tenants.directory.selectors.domains import domains_in
from tenants.naming import NameRefused

MAY_WORDS = {
    "people": gettext_lazy("People: add, change, disable and delete them"),
    "groups": gettext_lazy("Groups: make, change and delete them"),
    "roles": gettext_lazy(
        "People who hold a role, too: disable and delete administrators and auditors. It never gives a role. Only an"
        " administrator who signed in with a second factor can allow this."
    ),
}


class ConnectionForm(forms.Form):
    """A connection to be."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("How it appears in the audit log.")
    )
    may = forms.MultipleChoiceField(
        label=gettext_lazy("What it may manage"),
        choices=[(name, MAY_WORDS[name]) for name in MAY],
        widget=forms.CheckboxSelectMultiple,
    )
    group_domain = forms.ChoiceField(
        label=gettext_lazy("Mail domain of its groups"),
        required=False,
        help_text=gettext_lazy("Each group gets an address in it, so that policies can name the group."),
    )
    dry_run = forms.BooleanField(
        label=gettext_lazy("Only try at first"),
        required=False,
        help_text=gettext_lazy("What it asks for is listed on its page and changes nothing."),
    )


class TokenForm(forms.Form):
    """A token to be."""

    days = forms.IntegerField(
        label=gettext_lazy("Valid for how many days"), min_value=1, max_value=MOST_DAYS, initial=DAYS
    )


@require_GET
@page(Permission.APPLICATIONS_MANAGE)
def provisioning(request: PageRequest) -> HttpResponse:
    """Show all connections, and whom they deleted."""
    context = {
        "rows": connections_in(request.organization.id),
        "removed": paged(request, removed_by_provisioning(request.organization.id)),
        "address": scim_address(request),
    }
    return show(request, "provisioning", "people", context)


@require_http_methods(["GET", "POST"])
@page(Permission.APPLICATIONS_MANAGE)
def provisioning_new(request: PageRequest) -> HttpResponse:
    """Connect an identity provider."""
    form = ConnectionForm(request.POST or None, initial={"may": ["people", "groups"]})
    proven = [one.domain for one in domains_in(request.organization.id) if one.proven_at is not None]
    cast(forms.ChoiceField, form.fields["group_domain"]).choices = [(domain, domain) for domain in proven]
    if request.method == "POST" and form.is_valid():
        try:
            made = connect(caller=request.caller, **form.cleaned_data)
        except (DirectoryRefused, NameRefused) as error:
            form.add_error(None, words_of(error))
        else:
            carried_out(request, lambda: made.effect)
            return redirect("provisioning_connection", made.connection.id)
    return show(request, "provisioning_new", "people", {"form": form, "proven": proven})


@require_http_methods(["GET", "POST"])
@never_cache
@page(Permission.APPLICATIONS_MANAGE)
def provisioning_connection(request: PageRequest, connection_id: UUID) -> HttpResponse:
    """Show a connection; make and revoke tokens, let it only try, let it go on, and end it."""
    found = connection_in(request.organization.id, connection_id)
    form = TokenForm(request.POST if request.POST.get("act") == "token" else None)
    token = None
    if request.method == "POST" and request.POST.get("act") == "token":
        if form.is_valid():
            token = _token_made(request, found, form)
    elif request.method == "POST":
        return _changed(request, found)
    context = {
        "found": connection_in(request.organization.id, connection_id),
        "may": [MAY_WORDS[name] for name in MAY if name in found.may],
        "form": form,
        "token": token,
        "tried": dry_runs_of(found.id, organization_id=request.organization.id, limit=PART),
        "address": scim_address(request),
    }
    return show(request, "provisioning_connection", "people", context)


def scim_address(request: PageRequest) -> str:
    """Return the address that an identity provider is given."""
    return f"{request.organization.origin}/scim/v2"


def _token_made(request: PageRequest, found: ConnectionFacts, form: TokenForm) -> TokenMade | None:
    try:
        return make_token(
            caller=request.caller,
            organization=request.organization,
            connection_id=found.id,
            days=form.cleaned_data["days"],
        )
    except DirectoryRefused as error:
        form.add_error(None, words_of(error))
        return None


def _changed(request: PageRequest, found: ConnectionFacts) -> HttpResponse:
    act, here = request.POST.get("act", ""), reverse("provisioning_connection", args=[found.id])
    if act in {"try", "change"}:
        carried_out(
            request,
            lambda: set_dry_run(caller=request.caller, connection_id=found.id, dry_run=act == "try"),
        )
        return redirect(here)

    def asked(stated: Stated) -> Effect:
        if act == "resume":
            return resume(caller=request.caller, connection_id=found.id, stated=stated)
        if act == "end":
            return end(caller=request.caller, connection_id=found.id, stated=stated)
        return revoke_token(
            caller=request.caller, connection_id=found.id, token_id=_id(request.POST.get("token", "")), stated=stated
        )

    return confirmed(request, here, asked, section="people")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
