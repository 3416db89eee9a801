"""Acts on the rows of a list that were chosen: one question, then what became of each.

Both are pages of their own, with an address: a form that was sent is answered by leading there, so that going back
and loading again show a page and send nothing.  The session keeps what they show.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from chancery.policy.permission import Permission
from portal import clock
from portal.identity.strength import of_session
from portal.usecases.bulk.access_requests import decline_requests, grant_requests
from portal.usecases.bulk.devices import revoke_devices
from portal.usecases.bulk.documents import restore_documents, revoke_documents
from portal.usecases.bulk.people import disable_people, enable_people, invite_people_again
from portal.usecases.confirmation import ConfirmationRequired, Stated
from portal.usecases.effects import Effect
from portal.web.account_pages import actor_of, person_of, signed_in
from portal.web.confirming import question_of, show_question
from portal.web.framework import PageRequest, page, show
from portal.web.listing import ids_in

DAY: Final = 86_400
KEPT: Final = "chosen"
"""In the session: the newest questions and results."""
MOST_KEPT: Final = 5
Act = Callable[[Sequence[UUID], Stated], Effect]


@require_http_methods(["GET", "POST"])
@never_cache
@page()
def chosen_documents(request: PageRequest) -> HttpResponse:
    """Take access to the chosen documents back, or give it back."""
    caller, organization = request.caller, request.organization
    return _carried_out(
        request,
        {
            "revoke": lambda cids, stated: revoke_documents(
                caller=caller, organization=organization, cids=cids, stated=stated
            ),
            "restore": lambda cids, stated: restore_documents(
                caller=caller, organization=organization, cids=cids, stated=stated
            ),
        },
        "documents",
    )


@require_http_methods(["GET", "POST"])
@never_cache
@page(Permission.PEOPLE_MANAGE)
def chosen_people(request: PageRequest) -> HttpResponse:
    """Disable or enable the chosen people, or send their invitations again."""
    caller, organization = request.caller, request.organization
    return _carried_out(
        request,
        {
            "disable": lambda people, stated: disable_people(caller=caller, people=people, stated=stated),
            "enable": lambda people, stated: enable_people(caller=caller, people=people, stated=stated),
            "invite": lambda people, stated: invite_people_again(
                caller=caller, organization=organization, people=people, stated=stated
            ),
        },
        "people",
    )


@require_http_methods(["GET", "POST"])
@never_cache
@page()
def chosen_requests(request: PageRequest) -> HttpResponse:
    """Grant the chosen requests, for the days that were chosen too, or decline them."""
    caller, organization = request.caller, request.organization
    days = request.POST.get("days", "")
    until = clock.now() + int(days) * DAY if days in {"7", "30"} else None
    return _carried_out(
        request,
        {
            "grant": lambda requests, stated: grant_requests(
                caller=caller, organization=organization, requests=requests, until=until, stated=stated
            ),
            "decline": lambda requests, stated: decline_requests(
                caller=caller, organization=organization, requests=requests, message=stated.reason, stated=stated
            ),
        },
        "requests",
    )


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def chosen_devices(request: HttpRequest) -> HttpResponse:
    """Revoke the chosen devices of the person who looks at them."""
    person, actor = person_of(request), actor_of(request)
    return _carried_out(
        request,
        {
            "revoke": lambda devices, stated: revoke_devices(
                person_id=person, devices=devices, actor=actor, stated=stated
            )
        },
        "devices",
    )


def _carried_out(request: HttpRequest, acts: Mapping[str, Act], listed: str) -> HttpResponse:
    """Do the act that the pressed button names with the rows that were chosen, and lead to what became of each."""
    section = "" if listed == "devices" else listed
    if request.method == "GET":
        return _shown(request, listed, section)
    asked, back = request.POST.get("next", ""), reverse(listed)
    if asked.startswith("/") and url_has_allowed_host_and_scheme(asked, None):
        back = asked
    act, chosen = acts.get(request.POST.get("act", "")), ids_in(request.POST.getlist("chosen"))
    if act is None:
        raise Http404
    if not chosen:
        messages.warning(request, _("Choose at least one row first."))
        return redirect(back)
    stated = Stated(request.POST.get("confirm", ""), request.POST.get("reason", ""), of_session(request))
    try:
        done = act(chosen, stated)
    except ConfirmationRequired as prompt:
        return _kept(request, {"question": question_of(request, back, prompt)})
    return _kept(request, {"done": done.message, "results": done.members["results"], "back": back})


def _kept(request: HttpRequest, shown: Mapping[str, Any]) -> HttpResponse:
    """Keep what the next page shows, and lead there."""
    name = str(uuid4())
    others = list(request.session.get(KEPT, {}).items())[1 - MOST_KEPT :]
    request.session[KEPT] = {**dict(others), name: shown}
    return redirect(f"{request.path}?{urlencode({'of': name})}")


def _shown(request: HttpRequest, listed: str, section: str) -> HttpResponse:
    """Show the question or the results of an address; what is not kept any more leads to the list."""
    shown = request.session.get(KEPT, {}).get(request.GET.get("of", ""))
    if shown is None:
        return redirect(listed)
    if "question" in shown:
        return show_question(request, shown["question"], section)
    if section:
        here: PageRequest = request  # type: ignore[assignment]  # a section is named on an organization's pages alone
        return show(here, "chosen_done", section, {**shown, "frame": "pages/page.html"})
    return render(request, "pages/chosen_done.html", {**shown, "frame": "base.html"})
