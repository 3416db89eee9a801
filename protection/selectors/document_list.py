"""Lists of documents: one's own or everybody's by role, in several orders, page by page after the last one seen."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Lower

from chancery.errors import InvalidPolicy
from chancery.policy.permission import Permission
from chancery.policy.policy import Principal, PrincipalKind
from protection.actor import Actor
from protection.models import STATE, Content, News, PersonalGrant, TemplateVersion
from protection.selectors.attempts import OPENINGS
from protection.selectors.cursors import make_cursor, read_cursor
from protection.selectors.documents import ROW, DocumentRow, counts_of, decided_by, row_of
from protection.selectors.sight import Sight

MAX_PAGE: Final = 200
COUNTED: Final = 10_000
"""So many matches of a list are counted; more take longer than the list itself."""
ORDERS: Final[Mapping[str, Any]] = {
    "registered_at": F("registered_at"),
    "title": Lower("title"),
    "owner": F("owner_address"),
    "state": STATE,
}
"""By what a list can be sorted: each has an index, so that the first page costs the same however many there are."""
COUNTS: Final[Mapping[str, str]] = {"opened": "allowed", "refused": "refused"}
"""By how often something happened a list can be sorted, too: the ledger knows it, and all that match are counted."""
SORTS: Final = (*ORDERS, *COUNTS)
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
    granted_to: Principal | None = None,
    owner: str = "",
    issuer: str = "",
    sort: str = NEWEST,
    limit: int = 50,
    cursor: str = "",
    counted: bool = False,
    sight: Sight | None = None,
    news_since: datetime | None = None,
) -> DocumentPage:
    """Return the actor's own documents, or everybody's when the role allows it, else an empty page.

    ``search`` matches title, issuer and owner; ``state`` is one of ``DocumentRow.state``; ``granted_to`` is whom an
    entry of the policy or a grant to one person names; ``owner`` and ``issuer`` are an address or a person's id.
    ``sort`` is one of ``SORTS``, with ``-`` before it downwards.
    ``counted`` asks for the total.  ``sight`` is what the actor may know of others: without it nothing is counted, and
    where it shows no names, nothing is sorted by counts.  ``news_since`` leaves those that others opened since.
    Raises InvalidCursor, also for a cursor of another order.
    """
    if everybody and not actor.may(Permission.DOCUMENTS_READ_ALL):
        return DocumentPage((), "")
    rows = _matching(actor, everybody=everybody, search=search, state=state)
    if granted_to is not None:
        rows = rows.filter(granting_to(granted_to))
    rows = rows.filter(_by("owner", owner), _by("issuer", issuer))
    if news_since is not None:
        rows = rows.filter(cid__in=News.objects.filter(person_id=actor.person, at__gt=news_since).values("content_id"))
    total = _total(rows) if counted and not cursor else None
    limit = max(1, min(limit, MAX_PAGE))
    if _of(sort) in COUNTS and sight is not None and sight.sorts:
        found = _by_count(rows, sort, cursor, limit + 1, sight)
    else:
        sort = NEWEST if _of(sort) in COUNTS else sort
        found = _in_order(rows, sort, cursor, limit + 1)
    more, found = len(found) > limit, found[:limit]
    counts = counts_of([values[0] for values in found], sight)
    page = tuple(row_of(values[:-1], counts) for values in found)
    return DocumentPage(page, make_cursor(sort, found[-1][-1], page[-1].cid) if more else "", total)


def _by(role: str, person: str) -> Q:
    """Return which documents name a person as owner or issuer, by id or address; what is neither names nobody."""
    if not person:
        return Q()
    try:
        return Q(**{f"{role}_id": UUID(person)})
    except ValueError:
        pass
    try:
        return Q(**{f"{role}_address": Principal.of_address(person).value})
    except InvalidPolicy:
        return Q(cid__in=())


def _of(sort: str) -> str:
    return sort.removeprefix("-")


def _in_order(rows: QuerySet[Content], sort: str, cursor: str, limit: int) -> list[tuple[Any, ...]]:
    """Return the values of ``ROW`` and the place of the next documents in an order that has an index."""
    rows = rows.annotate(place=ORDERS[_of(sort)])
    if cursor:
        rows = rows.filter(_behind(sort, cursor))
    places = ("-place", "-cid") if sort.startswith("-") else ("place", "cid")
    return list(rows.order_by(*places).values_list(*ROW, "place")[:limit])


_COUNTED: Final = """
with counted as materialized (
    select cid, (select count(*) from audit_event e
                 where e.content_id = matching.cid and e.kind = 'content.opened' and e.outcome = %s {counting})
              + (select count(*) from audit_event e
                 where e.content_id = matching.cid and e.kind = 'content.reported' and e.outcome = %s
                   and e.reason = any(%s) {counting}) as place
    from ({matching}) matching
)
select cid, place from counted where {behind} order by place {direction}, cid {direction} limit %s
"""


def _by_count(rows: QuerySet[Content], sort: str, cursor: str, limit: int, sight: Sight) -> list[tuple[Any, ...]]:
    """Return the same in the order of how often something happened to the documents."""
    matching, given = rows.order_by().values("cid").query.sql_with_params()
    down = sort.startswith("-")
    behind, after = "true", tuple[Any, ...]()
    if cursor:
        behind, after = f"(place, cid) {'<' if down else '>'} (%s, %s)", read_cursor(sort, cursor, by_number=True)
    outcome = COUNTS[_of(sort)]
    counting, of = sight.counting()
    statement = _COUNTED.format(
        matching=matching, counting=counting, behind=behind, direction="desc" if down else "asc"
    )
    with connection.cursor() as asked:
        asked.execute(statement, [outcome, *of, outcome, list(OPENINGS), *of, *given, *after, limit])
        places: dict[Any, int] = dict(asked.fetchall())
    values = {one[0]: one for one in Content.objects.filter(cid__in=places).values_list(*ROW)}
    return [(*values[cid], place) for cid, place in places.items()]


def _names_address_in(domain: str) -> Q:
    """Return where an entry of the policy names an address in this domain, whose letters a policy has normalized."""
    end = re.escape(f"@{domain}").replace("\\", "\\\\")
    path = Value(f'$.grants[*].who ? (@ like_regex "{end}$")')
    there = "jsonb_path_exists(%(expressions)s::jsonpath)"
    return Q(Func(F("policy"), path, template=there, output_field=BooleanField()))


def granting_to(who: Principal) -> Q:
    """Return which documents grant something to whom an entry names, by their policy, their template, or a request.

    Of a domain the addresses in it are meant as well.
    """
    names, given = Q(policy__contains={"grants": [{"who": str(who)}]}), Q(address=who.value)
    if who.kind is PrincipalKind.DOMAIN:
        names, given = names | _names_address_in(who.value), Q(address__endswith=f"@{who.value}")
    current = TemplateVersion.objects.filter(names, number=F("template__current"))
    found = names | Q(template_id__in=current.values("template_id"))
    if who.kind not in {PrincipalKind.ADDRESS, PrincipalKind.DOMAIN}:
        return found
    return found | Q(cid__in=PersonalGrant.objects.filter(given).values("content_id"))


def _matching(actor: Actor, *, everybody: bool, search: str, state: str) -> QuerySet[Content]:
    rows = Content.objects.all()
    if not everybody:
        rows = rows.filter(decided_by(actor.own))
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
    place, cid = read_cursor(sort, cursor, by_moment=_of(sort) == "registered_at")
    if sort.startswith("-"):
        return Q(place__lte=place) & (Q(place__lt=place) | Q(cid__lt=cid))
    return Q(place__gte=place) & (Q(place__gt=place) | Q(cid__gt=cid))
