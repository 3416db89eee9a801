"""Acts that ask first, as pages: the consequences with a form that states what is needed, then the act."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.identity.strength import of_session
from portal.rejected_input import shown_again, typed_in
from portal.usecases.confirmation import MAX_REASON, ConfirmationRequired, FreshSignInRequired, ReasonRequired, Stated
from portal.usecases.effects import Effect
from portal.web.framework import PageRequest, carried_out, show

STATED = ("confirm", "reason", "csrfmiddlewaretoken")


def confirmed(
    request: HttpRequest,
    back: str,
    act: Callable[[Stated], Effect],
    *,
    done: str = "",
    section: str = "",
    refused: Callable[[], HttpResponse] | None = None,
) -> HttpResponse:
    """Do what a form asks for, once its consequences were seen and confirmed; until then show them.

    ``back`` is the address that leads out, ``done`` the one that follows the act, if another; ``refused`` shows the
    form again with what was typed.  Everything the form had sent is sent again with the confirmation.
    """
    stated = Stated(request.POST.get("confirm", ""), request.POST.get("reason", ""), of_session(request))
    try:
        made = carried_out(request, lambda: act(stated))
    except ConfirmationRequired as asked:
        return consequences(request, back, asked, section)
    if not made and refused is not None:
        return refused()
    typed = None if made else typed_in(request)
    if typed is not None:
        return shown_again(request, typed, "refused", {"back": back})
    return redirect(done if made and done else back)


def sends_text(request: HttpRequest, **fields: str) -> None:
    """Let a question send these texts again in place of the files that they were read from, which no form can send."""
    sent = request.POST.copy()
    for name, text in fields.items():
        sent[name] = text
    request.POST = sent  # type: ignore[assignment]  # the setter takes any


def status_changed(
    request: PageRequest, listed: str, publish: Callable[[], Effect], archive: Callable[[Stated], Effect]
) -> HttpResponse:
    """Publish or archive a template or a label, as the button of its list says; archiving asks first."""
    if request.POST.get("status") == "published":
        carried_out(request, publish)
        return redirect(listed)
    return confirmed(request, reverse(listed), archive, section="templates")


def consequences(request: HttpRequest, back: str, asked: ConfirmationRequired, section: str) -> HttpResponse:
    """Show what an act would do, with a form that confirms it and sends again what was sent."""
    return show_question(request, {**question_of(request, back, asked), "typed": typed_in(request)}, section)


def question_of(request: HttpRequest, back: str, asked: ConfirmationRequired) -> dict[str, Any]:
    """Return what the page of a question shows, in values that a session can keep."""
    return {
        "prompt": asdict(asked.prompt),
        "back": back,
        "hidden": [
            (name, value) for name in request.POST if name not in STATED for value in request.POST.getlist(name)
        ],
        "reason": request.POST.get("reason", ""),
        "stale": isinstance(asked, FreshSignInRequired),
        "error": _error(request, asked),
        "max_reason": MAX_REASON,
    }


def show_question(request: HttpRequest, question: dict[str, Any], section: str) -> HttpResponse:
    """Show the page of a question."""
    context = {**question, "frame": "pages/page.html" if section else "base.html"}
    if section:
        here: PageRequest = request  # type: ignore[assignment]  # a section is named on an organization's pages alone
        return show(here, "confirm", section, context)
    return render(request, "pages/confirm.html", context)


def _error(request: HttpRequest, asked: ConfirmationRequired) -> str:
    """Return what is wrong with what was stated, "" where nothing was stated yet."""
    if "confirm" not in request.POST or isinstance(asked, FreshSignInRequired):
        return ""
    if isinstance(asked, ReasonRequired):
        return _("Say why: it is recorded.")
    return _("What you typed does not match. Type it exactly as it is shown.")
