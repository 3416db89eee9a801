"""A code that an administrator gives to a person who has lost a device and cannot sign in; it is shown once."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from chancery.policy.permission import Permission
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.lost_devices import LossCodeGiven, give_loss_code
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, page, show


@require_POST
@never_cache
@page(Permission.PEOPLE_MANAGE)
def person_loss_code(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Ask first and why, then show the code."""
    given: list[LossCodeGiven] = []

    def act(stated: Stated) -> Effect:
        given.append(give_loss_code(caller=request.caller, person_id=person_id, stated=stated))
        return given[0].effect

    answer = confirmed(request, reverse("person", args=[person_id]), act, section="people")
    return show(request, "loss_code", "people", {"given": given[0], "person_id": person_id}) if given else answer
