"""Removing a person who left."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from chancery.policy.permission import Permission
from portal.usecases.remove_person import remove_person
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, page


@require_POST
@page(Permission.PEOPLE_MANAGE)
def person_remove(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Ask with the consequences, then remove."""
    return confirmed(
        request,
        reverse("person", args=[person_id]),
        lambda stated: remove_person(caller=request.caller, person_id=person_id, stated=stated),
        done=reverse("people"),
        section="people",
    )
