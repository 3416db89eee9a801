"""Removing a person who left: what it means is shown before anything is done."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.confirmation import copies_until
from portal.operations.remove_person import removal_of, remove_person
from portal.pages.framework import PageRequest, attempt, page, show
from portal.permissions import Permission


@require_http_methods(["GET", "POST"])
@page(Permission.PEOPLE_MANAGE)
def person_remove(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Ask with the consequences, then remove."""
    removal = removal_of(request.standing, person_id)
    reason = request.POST.get("reason", "")
    if request.method == "POST" and attempt(
        request,
        _("{address} is removed. The address is free for a successor.").format(address=removal.person.email),
        lambda: remove_person(standing=request.standing, person_id=person_id, reason=reason),
    ):
        return redirect("people")
    return show(
        request,
        "person_remove",
        "people",
        {"removal": removal, "found": removal.person, "copies": copies_until(removal.until)},
    )
