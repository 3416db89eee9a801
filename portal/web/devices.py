"""A person's devices: which there are, taking one out of service, and letting a new one in without a browser."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from portal.ordering import DEVICES, in_order
from portal.usecases.devices import revoke_device
from portal.web.account_pages import actor_of, person_of, signed_in
from portal.web.confirming import confirmed
from portal.web.framework import paged
from portal.web.listing import Column, Listing
from tenants.directory.selectors.devices import device_of, devices_of
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code

COLUMNS = (
    Column("name", gettext_lazy("Device"), "name", sorts=True, stays=True),
    Column("platform", gettext_lazy("System"), "state"),
    Column("created_at", gettext_lazy("Since"), "time", sorts=True),
    Column("actions", gettext_lazy("Actions"), "do", stays=True),
)


@require_GET
@signed_in
def device_list(request: HttpRequest) -> HttpResponse:
    """List all devices, the revoked ones last."""
    listing = Listing(request, "devices", COLUMNS, order="-created_at", selects=True)
    found = in_order(devices_of(person_of(request)), DEVICES, listing.sort)
    context = {
        "listing": listing,
        "active": [device for device in found if device.revoked_at is None],
        "shown": paged(request, [device for device in found if device.revoked_at is not None]),
    }
    response = render(request, "pages/devices.html", context)
    listing.remember(response)
    return response


@require_http_methods(["GET", "POST"])
@signed_in
def device_revoke(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Ask first, then take a device out of service for good."""
    device = device_of(person_of(request), device_id)
    if device is None:
        raise Http404
    return confirmed(
        request,
        reverse("devices"),
        lambda stated: revoke_device(
            person_id=person_of(request), device=device, actor=actor_of(request), stated=stated
        ),
    )


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def device_code(request: HttpRequest) -> HttpResponse:
    """Show a code with which one device can sign in; only on demand, and by ``fresh`` only after a fresh sign-in."""
    code = ""
    if request.method == "POST":
        code = issue_enrollment_code(person_id=person_of(request), actor=actor_of(request))
    return render(request, "pages/device_code.html", {"code": code, "host": settings.CHANCERY_BASE_URL})
