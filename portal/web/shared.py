"""Shared with me: what others licensed to the person who looks at the page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from chancery.policy.reasons import WORDS
from portal.identity.strength import of_session
from portal.languages import translate
from portal.usecases.shared import SharedDocument, shared_with
from portal.web.account_pages import actor_of, signed_in
from portal.web.listing import Column, Listing
from portal.words.policies import rights_as_level
from protection.selectors.cursors import InvalidCursor

COLUMNS = (
    Column("title", gettext_lazy("Document"), "name", sorts=True, stays=True),
    Column("owner", gettext_lazy("From"), "person", sorts=True),
    Column("rights", gettext_lazy("You may"), "person", stays=True),
    Column("first_opened", gettext_lazy("First opened"), "day", sorts=True, extra=True),
    Column("last_opened", gettext_lazy("Last opened"), "time"),
    Column("actions", gettext_lazy("Actions"), "do", stays=True),
)


@require_GET
@never_cache
@signed_in
def shared(request: HttpRequest) -> HttpResponse:
    """List it, the latest first opening first unless another order is asked for."""
    search = request.GET.get("search", "").strip()
    listing = Listing(request, "shared", COLUMNS, order="-first_opened", filters={"search": search and f"“{search}”"})
    try:
        found = shared_with(
            actor=actor_of(request),
            strength=of_session(request).strength,
            search=search,
            sort=listing.sort,
            cursor=request.GET.get("cursor", ""),
        )
    except InvalidCursor:
        return redirect("shared")
    context = {
        "rows": [_row(one) for one in found.documents],
        "listing": listing,
        "next_cursor": found.next_cursor,
        "search": search,
    }
    response = render(request, "pages/shared.html", context)
    listing.remember(response)
    return response


def _row(one: SharedDocument) -> dict[str, object]:
    reason = next(iter(one.access.reasons), None)
    return {
        "one": one,
        "may": rights_as_level(one.access.rights) if one.access.rights else "",
        "why": "" if reason is None or one.access.rights else translate(WORDS[reason.reason].person),
    }
