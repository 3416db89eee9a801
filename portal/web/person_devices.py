"""The devices of a person as an administrator sees them: blocking one at this organization, and taking that back."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from chancery.policy.permission import Permission
from portal.usecases.devices import block_device, unblock_device
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, carried_out, page


@require_POST
@page(Permission.PEOPLE_MANAGE)
def person_device(request: PageRequest, person_id: UUID, device_id: UUID) -> HttpResponse:
    """Block a device here once its consequences were seen, or take the block back."""
    if request.POST.get("act") == "unblock":
        carried_out(request, lambda: unblock_device(caller=request.caller, person_id=person_id, device_id=device_id))
        return redirect("person", person_id)
    return confirmed(
        request,
        reverse("person", args=[person_id]),
        lambda stated: block_device(caller=request.caller, person_id=person_id, device_id=device_id, stated=stated),
        section="people",
    )
