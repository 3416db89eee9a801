"""Lists of documents: one's own or everybody's by role, in several orders, page by page after the last one seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower

from protection.actor import Actor
from protection.models import Content
from protection.selectors.cursors import make_cursor, read_cursor
from protection.selectors.documents import ROW, DocumentRow, counts_of, row_of

MAX_PAGE: Final = 200
COUNTED: Final = 10_000
"""So many matches of a list are counted; more take longer than the list itself."""
ORDERS: Final[Mapping[str, Any]] = {
    "registered_at": F("registered_at"),
    "title": Lower("title"),
    "owner": F("owner_address"),
}
"""By what a list can be sorted: each has an index, so that the first page costs the same however many there are."""
NEWEST: Final = "-registered_at"


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Some documents and the cursor of the next page, "" at the end.

    ``total`` is how many match, counted for the first page alone; None where they are more than ``COUNTED``.
    """

    documents: tuple[DocumentRow, ...]
    next_cursor: str
    total: int | None = None


def documents_of(
    actor: Actor,
    *,
    everybody: bool = False,
    search: str = "",
    state: str = "",
    sort: str = NEWEST,
    limit: int = 50,
    cursor: str = "",
    counted: bool = False,
) -> DocumentPage:
    """Return the actor's own documents, or everybody's when the role allows it, else an empty page.

    ``search`` matches title, issuer and owner; ``state`` is one of ``DocumentRow.state``; ``sort`` one of ``ORDERS``,
    with ``-`` before it downwards.  ``counted`` asks for the total.  Raises InvalidCursor, also for a cursor of another
    order.
    """
    if everybody and not (actor.administrator or actor.auditor):
        return DocumentPage((), "")
    rows = _matching(actor, everybody=everybody, search=search, state=state)
    total = _total(rows) if counted and not cursor else None
    order, down = ORDERS[sort.removeprefix("-")], sort.startswith("-")
    rows = rows.annotate(place=order)
    if cursor:
        rows = rows.filter(_behind(sort, cursor))
    limit = max(1, min(limit, MAX_PAGE))
    places = ("-place", "-cid") if down else ("place", "cid")
    found = list(rows.order_by(*places).values_list(*ROW, "place")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    counts = counts_of([values[0] for values in found])
    page = tuple(row_of(values[:-1], counts) for values in found)
    return DocumentPage(page, make_cursor(sort, found[-1][-1], page[-1].cid) if more else "", total)


def _matching(actor: Actor, *, everybody: bool, search: str, state: str) -> QuerySet[Content]:
    rows = Content.objects.all()
    if not everybody:
        rows = rows.filter(Q(issuer_id=actor.person) | Q(owner_id=actor.person))
    if search:
        rows = rows.filter(
            Q(title__icontains=search) | Q(issuer_address__icontains=search) | Q(owner_address__icontains=search)
        )
    if state in {"pending", "blocked"}:
        return rows.filter(registration=state)
    if state in {"revoked", "active"}:
        return rows.filter(registration="registered", revoked_at__isnull=state == "active")
    return rows


def _total(rows: QuerySet[Content]) -> int | None:
    """Count as far as counting is cheap."""
    number = rows.order_by()[: COUNTED + 1].count()
    return number if number <= COUNTED else None


def _behind(sort: str, cursor: str) -> Q:
    """Return what comes after a cursor; the first condition lets the index begin there."""
    place, cid = read_cursor(sort, cursor, by_moment=sort.removeprefix("-") == "registered_at")
    if sort.startswith("-"):
        return Q(place__lte=place) & (Q(place__lt=place) | Q(cid__lt=cid))
    return Q(place__gte=place) & (Q(place__gt=place) | Q(cid__gt=cid))
