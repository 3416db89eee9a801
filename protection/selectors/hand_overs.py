"""Hand-overs of documents to another owner, and who owns documents at all."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from audit.selectors.schemas import schemas_where
from chancery.errors import NotFound
from chancery.texts import message
from protection.models import Content, HandOver, HandOverState

MAX_LISTED: Final = 200
STATES: Final = tuple(HandOverState.values)
_RUNNING: Final = "exists (select from {schema}.protection_handover where state = 'running')"


@dataclass(frozen=True, slots=True)
class HandOverFacts:
    """One hand-over with everything its page shows.

    ``cids`` are the documents that were named; None means all of the former owner's, under the template or label where
    one is named.  ``asker`` and ``asker_address`` are who asked, the owner themselves with ``by_owner``, a program with
    ``by_application``.
    """

    id: UUID
    former_owner: UUID
    former_address: str
    new_owner: UUID
    new_address: str
    cids: tuple[UUID, ...] | None
    template_id: UUID | None
    label_id: UUID | None
    by_owner: bool
    asker: UUID
    asker_address: str
    by_application: bool
    reason: str
    asked_at: datetime
    state: str
    answered_by: UUID | None
    answered_address: str
    answered_at: datetime | None
    done: int
    total: int
    ended_at: datetime | None

    @property
    def named(self) -> bool:
        """Tell whether single documents were named."""
        return self.cids is not None


@dataclass(frozen=True, slots=True)
class OwnerRow:
    """A person who owns documents here, by the address that the newest of them names."""

    id: UUID
    address: str
    documents: int


def documents_meant(
    former_owner: UUID, *, cids: Iterable[UUID] | None = None, template: UUID | None = None, label: UUID | None = None
) -> QuerySet[Content]:
    """Return the documents of an owner that a hand-over means and that are still theirs."""
    rows = Content.objects.filter(owner_id=former_owner)
    if cids is not None:
        rows = rows.filter(cid__in=list(cids))
    if template is not None:
        rows = rows.filter(template_id=template)
    return rows if label is None else rows.filter(label_id=label)


def owners_of(cids: Collection[UUID]) -> dict[UUID, OwnerRow]:
    """Return the owner of each document that there is, with how many of these documents are theirs."""
    rows = list(Content.objects.filter(cid__in=list(cids)).values_list("cid", "owner_id", "owner_address"))
    numbers: dict[UUID, int] = {}
    for _cid, owner, _address in rows:
        numbers[owner] = numbers.get(owner, 0) + 1
    return {cid: OwnerRow(owner, address, numbers[owner]) for cid, owner, address in rows}


def owners(address: str = "") -> tuple[OwnerRow, ...]:
    """Return everybody who owns documents, or those whose documents name this address."""
    rows = Content.objects.filter(owner_address=address) if address else Content.objects.all()
    counted = rows.values("owner_id").annotate(address=Max("owner_address"), documents=Count("cid"))
    return tuple(OwnerRow(*row) for row in counted.values_list("owner_id", "address", "documents").order_by("address"))


def owner_row(person: UUID) -> OwnerRow | None:
    """Return a person who owns documents, or None."""
    rows = Content.objects.filter(owner_id=person).aggregate(address=Max("owner_address"), documents=Count("cid"))
    return OwnerRow(person, rows["address"], rows["documents"]) if rows["documents"] else None


def hand_over_facts(hand_over: UUID) -> HandOverFacts:
    """Return one hand-over.  Raises NotFound."""
    row = HandOver.objects.filter(id=hand_over).first()
    if row is None:
        raise NotFound(message("There is no such hand-over, or you may not see it."))
    return facts_of(row)


def hand_overs(
    *, concerning: UUID | None = None, state: str = "", limit: int = 50, after: str = ""
) -> tuple[HandOverFacts, ...]:
    """Return hand-overs, newest first: all, or those from or to one person; ``state`` leaves those in one state.

    ``after`` is the id of the last one seen; what is no id of one leads to the beginning.
    """
    rows = HandOver.objects.all()
    if concerning is not None:
        rows = rows.filter(Q(former_owner=concerning) | Q(new_owner=concerning))
    if state:
        rows = rows.filter(state=state)
    rows = rows.filter(_behind(after))
    return tuple(facts_of(row) for row in rows.order_by("-asked_at", "id")[: max(1, min(limit, MAX_LISTED))])


def _behind(last: str) -> Q:
    try:
        asked_at = HandOver.objects.filter(id=UUID(last)).values_list("asked_at", flat=True).first()
    except ValueError:
        return Q()
    return Q() if asked_at is None else Q(asked_at__lt=asked_at) | Q(asked_at=asked_at, id__gt=last)


def facts_of(row: HandOver) -> HandOverFacts:
    """Return a row as its facts."""
    asked: Mapping[str, Any] = row.asked_by
    return HandOverFacts(
        id=row.id,
        former_owner=row.former_owner,
        former_address=row.former_address,
        new_owner=row.new_owner,
        new_address=row.new_address,
        cids=None if row.cids is None else tuple(row.cids),
        template_id=row.template_id,
        label_id=row.label_id,
        by_owner=row.by_owner,
        asker=UUID(asked["person"]),
        asker_address=asked["address"],
        by_application=bool(asked.get("application")),
        reason=row.reason,
        asked_at=row.asked_at,
        state=row.state,
        answered_by=row.answered_by,
        answered_address=row.answered_address,
        answered_at=row.answered_at,
        done=row.done,
        total=row.total,
        ended_at=row.ended_at,
    )


def running() -> tuple[UUID, ...]:
    """Return the hand-overs that are to be carried out, the oldest first."""
    rows = HandOver.objects.filter(state=HandOverState.RUNNING).order_by("asked_at", "id")
    return tuple(rows.values_list("id", flat=True))


def handing_over(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas in which a hand-over is to be carried out."""
    return set(schemas_where(_RUNNING, schemas))
