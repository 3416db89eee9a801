"""Of what a person is mailed, what is new to them, and where there is something to mail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from audit.selectors.schemas import schemas_where
from protection.models import Content, NoticeChoice, NoticeOf
from protection.selectors.documents import decided_by

CHOICES: Final = tuple(NoticeOf.values)
SHOWN: Final = 5
"""Documents that are named where it is said that some are new."""

_SOMETHING: Final = """
exists (select from {schema}.audit_ledger l where l.size > 0 and (l.epoch, l.size - 1) > (
            coalesce((select epoch from {schema}.protection_noticecursor), 0),
            coalesce((select seq from {schema}.protection_noticecursor), -1)))
    or exists (select from {schema}.protection_notice where mailed_at is null and due_at <= clock_timestamp())
"""


def with_notices(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas whose ledger has events that nobody looked at, or where mail is due."""
    return set(schemas_where(_SOMETHING, schemas))


@dataclass(frozen=True, slots=True)
class ChosenDocument:
    """A document for which a person has chosen something of its own."""

    cid: UUID
    title: str
    of: str


@dataclass(frozen=True, slots=True)
class Choices:
    """Of what a person is mailed: for all that they decide about, and for documents with a choice of their own."""

    of: str
    documents: tuple[ChosenDocument, ...]

    def on(self, cid: UUID) -> str:
        """Return the document's own choice, "" where it has none."""
        return next((one.of for one in self.documents if one.cid == cid), "")


def choices_of(person: UUID) -> Choices:
    """Return what a person has chosen; documents that they no longer decide about are left out."""
    found = dict(NoticeChoice.objects.filter(person_id=person).values_list("content_id", "of"))
    own = {cid: of for cid, of in found.items() if cid is not None}
    rows = Content.objects.filter(decided_by(person), cid__in=own).order_by("title", "cid")
    documents = tuple(ChosenDocument(cid, title, own[cid]) for cid, title in rows.values_list("cid", "title"))
    return Choices(found.get(None, NoticeOf.NONE.value), documents)


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document that somebody else opened lately."""

    cid: UUID
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WhatIsNew:
    """How many documents others opened since a moment, and the newest of them; no moment for a first visit."""

    since: datetime | None
    total: int
    documents: tuple[NewDocument, ...]


_NEWEST: Final = """
select c.cid, c.title, n.at, count(*) over () from protection_news n join protection_content c on c.cid = n.content_id
where n.person_id = %(person)s and n.at > %(since)s
  and (c.owner_id = %(person)s or c.issuer_id = %(person)s and c.handed_over_at is null)
order by n.at desc, c.cid limit %(shown)s
"""


def what_is_new(person: UUID, since: datetime) -> WhatIsNew:
    """Return what others opened since a moment of the documents that a person decides about."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {"person": person, "since": since, "shown": SHOWN})
        rows = cursor.fetchall()
    return WhatIsNew(since, rows[0][3] if rows else 0, tuple(NewDocument(*row[:3]) for row in rows))
