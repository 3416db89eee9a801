"""I lost a device: after a fresh sign-in, or with a code from an administrator."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from chancery.errors import ChanceryError
from portal.usecases.lost_devices import devices_by_loss_code, report_lost, report_lost_by_code
from portal.web.account_pages import actor_of, signed_in
from portal.web.confirming import confirmed
from portal.web.framework import words_of
from tenants.directory.errors import DirectoryRefused


class LossForm(forms.Form):
    """An address and the code that an administrator gave."""

    address = forms.EmailField(label=gettext_lazy("Your e-mail address"), max_length=254)
    code = forms.CharField(
        label=gettext_lazy("Code from your administrator"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def lost(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Ask first, then revoke a device of the person as lost; the sign-in is of the last ten minutes."""
    return confirmed(
        request,
        reverse("sessions"),
        lambda stated: report_lost(actor=actor_of(request), device_id=device_id, stated=stated),
    )


@require_http_methods(["GET", "POST"])
@never_cache
def by_code(request: HttpRequest) -> HttpResponse:
    """Take address and code of somebody who cannot sign in, and show the devices of which one may be lost."""
    form, devices = LossForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            devices = devices_by_loss_code(actor=actor_of(request), **form.cleaned_data).devices
        except (ChanceryError, DirectoryRefused) as error:
            messages.error(request, words_of(error))
    return render(request, "pages/lost_device.html", {"form": form, "devices": devices})


@require_POST
@never_cache
def lost_by_code(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Ask first, then revoke the device as lost; the code is used up by that."""
    form = LossForm(request.POST)
    if not form.is_valid():
        return render(request, "pages/lost_device.html", {"form": form, "devices": None})
    return confirmed(
        request,
        reverse("lost_by_code"),
        lambda stated: report_lost_by_code(
            actor=actor_of(request), device_id=device_id, stated=stated, **form.cleaned_data
        ),
    )
