"""The addresses of a member, as an administrator adds, removes and chooses them."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from chancery.policy.permission import Permission
from portal.usecases.member_addresses import add_member_address, make_member_main_address, remove_member_address
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, carried_out, page
from tenants import naming
from tenants.directory.selectors.addresses import addresses_of
from tenants.directory.selectors.domains import domains_in


@dataclass(frozen=True, slots=True)
class ManagedAddress:
    """What an administrator can do with an address of a member."""

    address: str
    signs_in: bool
    removable: bool
    choosable: bool


def managed_addresses(organization_id: UUID, person_id: UUID) -> list[ManagedAddress]:
    """Return the addresses of a member that the organization answers for."""
    own = {one.domain for one in domains_in(organization_id) if one.proven_at}
    found = addresses_of(person_id)
    ways_in = sum(one.signs_in for one in found)
    return [
        ManagedAddress(
            address=one.address,
            signs_in=one.signs_in,
            removable=not one.signs_in or ways_in > 1,
            choosable=one.signs_in and not one.main,
        )
        for one in found
        if one.proven_by and naming.domain_of(one.address) in own
    ]


@require_POST
@page(Permission.PEOPLE_MANAGE)
def person_address(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Add an address, make one the main one, or take one away once its consequences were seen."""
    caller, address, act = request.caller, request.POST.get("address", ""), request.POST.get("act", "")
    if act == "remove-address":
        return confirmed(
            request,
            reverse("person", args=[person_id]),
            lambda stated: remove_member_address(caller=caller, person_id=person_id, address=address, stated=stated),
            section="people",
        )
    if act == "main-address":
        carried_out(request, lambda: make_member_main_address(caller=caller, person_id=person_id, address=address))
    if act == "add-address":
        carried_out(request, lambda: add_member_address(caller=caller, person_id=person_id, address=address))
    return redirect("person", person_id)
