"""The operators' console at the base domain: organizations, unsent mail, the operators' record, health.

It shows no content and no key.  Only ``manage.py operators`` makes a person an operator; for everybody else these pages
do not exist.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, Final, ParamSpec, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import ResolverMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.identity.recent_sign_in import is_recent, sign_in_again
from portal.identity.second_factors import has_second_factor
from portal.identity.strength import TWO_FACTORS, of_session
from portal.notifications import outbox
from portal.runtime import health
from portal.usecases.operators import installed, operator_here
from portal.usecases.unsent_mail import drop_mail_asked, retry_mail
from portal.version import VERSION
from portal.web.account_pages import actor_of, person_of, signed_in
from portal.web.confirming import confirmed
from portal.web.framework import PAGE_SIZE, carried_out, paged
from portal.words.operator_record import shown_entries
from tenants.directory.selectors.operators import OperatorFacts
from tenants.organizations.selectors import count_operator_record, count_organizations, operator_record

P = ParamSpec("P")

PARTS: Final = {
    "database": _("Database"),
    "redis": _("Redis (rate limits and background tasks)"),
    "viewer": _("Viewer (draws viewer-only documents)"),
}
STATES: Final = {
    "ok": _("Works"),
    "unreachable": _("Does not answer"),
    "not running": _("Does not run; viewer-only documents are not shown"),
    "no sandbox": _("Cannot wall in what it draws on this machine; viewer-only documents are not shown"),
    "not durable": _("Does not write to the disk before it answers; nothing is licensed"),
    "the disk of the database is full": _("Its disk is full; nothing is licensed"),
}


class OperatorRequest(HttpRequest):
    """A request that has passed ``operator_page``."""

    operator: OperatorFacts


View = Callable[Concatenate[OperatorRequest, P], HttpResponse]


def operator_page(view: View[P]) -> Callable[..., HttpResponse]:
    """Wrap a page that takes an operator who signed in with a second factor in the last ten minutes."""

    @never_cache
    @signed_in
    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        operator = operator_here(person_of(request))
        if operator is None:
            raise Http404
        if of_session(request).strength not in TWO_FACTORS:
            if has_second_factor(operator.person_id):
                return sign_in_again(request, gettext("Sign in again with your second factor to continue."))
            return render(request, "pages/operator/second_factor.html", status=HTTPStatus.FORBIDDEN)
        if not is_recent(request):
            return sign_in_again(request)
        here = cast(OperatorRequest, request)
        here.operator = operator
        return view(here, *args, **kwargs)

    return wrapped


@require_GET
@operator_page
def organizations(request: OperatorRequest) -> HttpResponse:
    """List all organizations with how large they are."""
    shown = paged(request, range(count_organizations()))
    rows = installed(shown.start_index() - 1, PAGE_SIZE) if shown.object_list else ()
    return _show(request, "organizations", {"shown": shown, "rows": rows})


@require_GET
@operator_page
def mail(request: OperatorRequest) -> HttpResponse:
    """List mail that failed or has waited for minutes."""
    shown = paged(request, range(outbox.count_unsent()))
    rows = outbox.unsent(shown.start_index() - 1, PAGE_SIZE) if shown.object_list else ()
    return _show(request, "mail", {"shown": shown, "rows": rows})


@require_POST
@operator_page
def mail_retry(request: OperatorRequest, message_id: UUID | None = None) -> HttpResponse:
    """Send one message again, or all of them."""
    ids = None if message_id is None else [message_id]
    carried_out(request, lambda: retry_mail(ids=ids, actor=actor_of(request)))
    return redirect("operator_mail")


@require_http_methods(["GET", "POST"])
@operator_page
def mail_drop(request: OperatorRequest, message_id: UUID) -> HttpResponse:
    """Ask first, then forget a message."""
    return confirmed(
        request,
        reverse("operator_mail"),
        lambda stated: drop_mail_asked(message=message_id, actor=actor_of(request), stated=stated),
    )


@require_GET
@operator_page
def record(request: OperatorRequest) -> HttpResponse:
    """Show what operators did, the newest first."""
    shown = paged(request, range(count_operator_record()))
    entries = operator_record(shown.start_index() - 1, PAGE_SIZE) if shown.object_list else ()
    return _show(request, "record", {"shown": shown, "entries": shown_entries(entries)})


@require_GET
@operator_page
def parts(request: OperatorRequest) -> HttpResponse:
    """Show the state of the parts that the service needs, as ``/readyz`` answers it to programs, and mail's."""
    found = [
        {"name": PARTS[part], "good": state == "ok", "state": STATES[state]} for part, state in health.parts().items()
    ]
    return _show(request, "health", {"parts": found, "unsent": outbox.count_unsent(), "version": VERSION})


def _show(request: OperatorRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    full = {"operator": request.operator, "section": cast(ResolverMatch, request.resolver_match).url_name, **context}
    return render(request, f"pages/operator/{name}.html", full)
