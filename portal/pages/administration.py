"""Keys, settings and the service's switch."""

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.operations.withdraw import deactivate_service
from portal.pages.framework import PageRequest, attempt, page, show
from portal.permissions import Permission
from protection.selectors.organization import keys as all_keys
from protection.selectors.organization import settings as service_settings
from protection.services.configure import Configuration, configure
from protection.services.rotate_key import activate_key, create_key, mark_key_compromised, rotate_key
from tenants.organizations.services.activate_service import activate_service

SUITES = [
    ("hybrid", gettext_lazy("Hybrid: post-quantum and classical together (recommended)")),
    ("p256", gettext_lazy("P-256: for FIPS environments and hardware tokens")),
]


@require_GET
@page(Permission.KEYS_READ)
def keys(request: PageRequest) -> HttpResponse:
    """Show all tenant keys."""
    context = {
        "keys": all_keys(),
        "manages": request.standing.may(Permission.KEYS_MANAGE),
        "suites": SUITES,
    }
    return show(request, "keys", "keys", context)


@require_http_methods(["GET", "POST"])
@page(Permission.KEYS_MANAGE)
def key_rotate(request: PageRequest) -> HttpResponse:
    """Make a new key and use it from now on; says first what that means."""
    if request.method == "POST":
        suite = request.POST.get("suite", "")
        actor, organization = request.standing.actor, request.organization.id
        if request.POST.get("activate"):
            done = _("The new key protects from now on. Old documents still open.")
            attempt(request, done, lambda: rotate_key(organization=organization, actor=actor, suite=suite or None))
        else:
            done = _("The key is made. It is archived until you activate it.")
            attempt(request, done, lambda: create_key(organization=organization, actor=actor, suite=suite or None))
        return redirect("keys")
    return show(request, "key_rotate", "keys", {"suites": SUITES, "current": service_settings().suite})


@require_http_methods(["GET", "POST"])
@page(Permission.KEYS_MANAGE)
def key_change(request: PageRequest, key_id: UUID) -> HttpResponse:
    """Activate a key, or mark it as compromised; both ask first."""
    found = next((key for key in all_keys() if key.id == key_id), None)
    if found is None:
        return redirect("keys")
    if request.method == "POST":
        actor, organization = request.standing.actor, request.organization.id
        if request.POST.get("act") == "activate":
            attempt(
                request,
                _("The key protects from now on."),
                lambda: activate_key(organization=organization, actor=actor, key=key_id),
            )
        else:
            attempt(
                request,
                _("The key opens nothing any more."),
                lambda: mark_key_compromised(organization=organization, actor=actor, key=key_id),
            )
        return redirect("keys")
    return show(request, "key_change", "keys", {"key": found, "act": request.GET.get("act", "activate")})


class SettingsForm(forms.Form):
    """How the service behaves."""

    contact = forms.EmailField(
        label=gettext_lazy("Whom to ask"),
        required=False,
        help_text=gettext_lazy("Shown to people who are refused and no owner is known."),
    )
    max_license_days = forms.IntegerField(
        label=gettext_lazy("Days a document may be opened without a network, at most"),
        min_value=0,
        max_value=65_535,
        help_text=gettext_lazy("0 means never: each opening asks the service. Policies can only shorten it."),
    )
    lease_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes a cached license lives without hearing from the service"),
        min_value=0,
        max_value=43_200,
        help_text=gettext_lazy("Connected devices hear from it every minute. 0 means no such limit."),
    )
    suite = forms.ChoiceField(label=gettext_lazy("Suite of new keys"), choices=SUITES)
    registration_days = forms.IntegerField(
        label=gettext_lazy("Days an offline document is believed after its publisher's certificate ended"),
        min_value=0,
        max_value=3650,
    )
    keep_titles = forms.BooleanField(
        label=gettext_lazy("Keep file names"),
        required=False,
        help_text=gettext_lazy("Shows documents by name in lists and in the record."),
    )


@require_http_methods(["GET", "POST"])
@page(Permission.SETTINGS_READ)
def settings(request: PageRequest) -> HttpResponse:
    """Show and change the settings, and switch the service on or off."""
    found = service_settings()
    initial = {
        "contact": found.contact,
        "max_license_days": found.max_license_days,
        "lease_minutes": (found.lease_seconds or 0) // 60,
        "suite": found.suite,
        "registration_days": found.registration_days,
        "keep_titles": found.keep_titles,
    }
    manages = request.standing.may(Permission.SETTINGS_MANAGE)
    form = SettingsForm(request.POST or None, initial=initial)
    if request.method == "POST" and manages and form.is_valid():
        data = form.cleaned_data
        wanted = Configuration(
            contact=data["contact"],
            max_license_days=data["max_license_days"],
            lease_seconds=data["lease_minutes"] * 60,
            suite=data["suite"],
            registration_days=data["registration_days"],
            keep_titles=data["keep_titles"],
        )
        done = _("The settings are saved. They count from the next license on.")
        if attempt(request, done, lambda: configure(actor=request.standing.actor, configuration=wanted)):
            return redirect("settings")
    return show(request, "settings", "settings", {"form": form, "manages": manages})


@require_POST
@page(Permission.SERVICE_SWITCH)
def service_switch(request: PageRequest) -> HttpResponse:
    """Switch the service on or off (C49)."""
    actor, organization = request.standing.directory_actor, request.organization.id
    if request.POST.get("state") == "on":
        attempt(
            request,
            _("The service is on: documents can be protected and opened."),
            lambda: activate_service(organization_id=organization, actor=actor),
        )
    else:
        attempt(
            request,
            _("The service is off: nothing can be protected or opened until you switch it on again."),
            lambda: deactivate_service(organization_id=organization, actor=actor),
        )
    return redirect("settings")
