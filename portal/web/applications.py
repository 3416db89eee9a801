"""Applications: who else acts for the organization."""

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from chancery.policy.permission import Permission
from portal.ordering import APPLICATIONS, in_order
from portal.usecases.applications import create_application, disable_application
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, page, paged, show, words_of
from portal.web.listing import Column, Listing
from portal.words.roles import named_with_sentence
from tenants.directory.errors import DirectoryRefused
from tenants.directory.roles import OF_APPLICATIONS
from tenants.directory.selectors.domains import application_of_client, applications_in
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code

COLUMNS = (
    Column("name", gettext_lazy("Name"), "name", sorts=True, stays=True),
    Column("state", gettext_lazy("State"), "state"),
    Column("roles", pgettext_lazy("what a program is allowed", "May"), "text"),
    Column("created_at", gettext_lazy("Since"), "day", sorts=True),
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
    """Show one application; get a sign-in code for its device, or end it."""
    found = application_of_client(client_id)
    if found is None or found.organization_id != request.organization.id:
        raise Http404
    code = ""
    if request.method == "POST" and request.POST.get("act") == "disable":
        return confirmed(
            request,
            reverse("application", args=[client_id]),
            lambda stated: disable_application(caller=request.caller, application=found, stated=stated),
            section="people",
        )
    if request.method == "POST" and not found.disabled:
        code = issue_enrollment_code(person_id=found.person_id, actor=request.caller.directory_actor)
    may = [named_with_sentence(role) for role in found.roles]
    return show(request, "application", "applications", {"found": found, "code": code, "may": may})
