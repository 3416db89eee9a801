"""Requests for access: what waits for an owner, what one person asked, who was given something beside the policy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from protection.actor import Actor
from protection.models import AccessRequest, ContentRevocation, PersonalGrant, RequestState
from protection.selectors.documents import decided_by, may_see

MAX_LISTED: Final = 200
ORDERS: Final = ("asked_at",)
"""By what a list of requests can be sorted."""


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request with its document.  ``until`` is the end of what was given, None for no end of its own."""

    id: UUID
    cid: UUID
    title: str
    issuer_id: UUID
    handed_over_at: datetime | None
    issuer_address: str
    owner_id: UUID
    owner_address: str
    person_id: UUID
    address: str
    name: str
    place: str
    reason: str
    wanted: str
    note: str
    state: str
    asked_at: datetime
    answered_at: datetime | None
    message: str
    rights: list[str] | None
    until: int | None

    @property
    def deciding_issuer(self) -> UUID | None:
        """Who protected the document, as long as they have an owner's rights by that."""
        return self.issuer_id if self.handed_over_at is None else None

    @property
    def is_open(self) -> bool:
        """Tell whether nobody has answered yet."""
        return self.state == RequestState.OPEN


@dataclass(frozen=True, slots=True)
class Given:
    """What one person was given on a document beside its policy."""

    address: str
    rights: list[str]
    until: int | None
    given_at: datetime
    taken: bool
    """Whether it was taken back from this person."""


_ROW: Final = (
    "id",
    "content_id",
    "content__title",
    "content__issuer_id",
    "content__handed_over_at",
    "content__issuer_address",
    "content__owner_id",
    "content__owner_address",
    "person_id",
    "address",
    "name",
    "place",
    "reason",
    "wanted",
    "note",
    "state",
    "asked_at",
    "answered_at",
    "message",
    "rights",
    "until",
)


def requests_for(
    actor: Actor,
    *,
    everybody: bool = False,
    state: str = RequestState.OPEN,
    sort: str = "-asked_at",
    limit: int = 50,
    after: str = "",
) -> tuple[RequestRow, ...]:
    """Return requests about the actor's documents, or about everybody's by role; a ``state`` of "" means any.

    They are sorted by one of ``ORDERS``, with ``-`` before it downwards.  ``after`` is the id of the last one seen;
    what is no id of a request leads to the beginning.
    """
    rows = AccessRequest.objects.all()
    if not (everybody and actor.may(Permission.DOCUMENTS_READ_ALL)):
        rows = rows.filter(decided_by(actor.own, "content__"))
    if state:
        rows = rows.filter(state=state)
    return _rows(rows.filter(_behind(sort, after)), limit, sort)


def _behind(sort: str, request_id: str) -> Q:
    try:
        asked_at = AccessRequest.objects.filter(id=UUID(request_id)).values_list("asked_at", flat=True).first()
    except ValueError:
        return Q()
    if asked_at is None:
        return Q()
    beyond = "lt" if sort.startswith("-") else "gt"
    return Q(**{f"asked_at__{beyond}": asked_at}) | Q(**{"asked_at": asked_at, f"id__{beyond}": request_id})


def request_for(actor: Actor, request_id: UUID) -> RequestRow:
    """Return one request about a document that the actor may see.  Raises NotFound for everybody else."""
    found = _rows(AccessRequest.objects.filter(id=request_id), 1)
    if not found or not may_see(actor, found[0].deciding_issuer, found[0].owner_id):
        raise NotFound(message("There is no such request, or you may not see it."))
    return found[0]


def requests_about(cid: UUID, limit: int = 50) -> tuple[RequestRow, ...]:
    """Return the requests about one document, newest first; for a person who may see the document."""
    return _rows(AccessRequest.objects.filter(content_id=cid), limit)


def waiting_for(owner: UUID) -> int:
    """Return how many requests wait for the answer of the owner of documents."""
    return AccessRequest.objects.filter(content__owner_id=owner, state=RequestState.OPEN).count()


def newest_of(person: UUID, cid: UUID) -> RequestRow | None:
    """Return what a person has asked last about a document, for themselves."""
    found = _rows(AccessRequest.objects.filter(content_id=cid, person_id=person), 1)
    return found[0] if found else None


def given_on(cid: UUID) -> tuple[Given, ...]:
    """Return what people were given on a document beside its policy, newest first, also what has ended."""
    rows = PersonalGrant.objects.filter(content_id=cid).order_by("-given_at", "-id")
    taken = set(ContentRevocation.objects.filter(content_id=cid).values_list("identity", flat=True))
    return tuple(Given(row.address, row.rights, row.until, row.given_at, taken=row.person_id in taken) for row in rows)


def _rows(rows: QuerySet[Any], limit: int, sort: str = "-asked_at") -> tuple[RequestRow, ...]:
    order = ("-asked_at", "-id") if sort.startswith("-") else ("asked_at", "id")
    first = rows.order_by(*order)[: max(1, min(limit, MAX_LISTED))]
    return tuple(RequestRow(*values) for values in first.values_list(*_ROW))
