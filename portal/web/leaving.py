"""Leaving an organization by oneself: what it means is shown before anything is done."""

from django.contrib.auth import logout
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.leave import leave_organization
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, page


@require_http_methods(["GET", "POST"])
@page()
def leave(request: PageRequest) -> HttpResponse:
    """Ask with the consequences, then leave; what follows is a page without the organization's frame."""
    left: list[Effect] = []

    def act(stated: Stated) -> Effect:
        left.append(leave_organization(caller=request.caller, organization=request.organization, stated=stated))
        return left[0]

    answer = confirmed(request, reverse("home"), act, section="home")
    if not left:
        return answer
    # The session has ended with the place, or is of no use here any more.
    logout(request)
    # The page's heading says what the messages would repeat, here and on the next page.
    list(get_messages(request))
    return render(request, "pages/left.html", {"left": left[0], "messages": ()})
