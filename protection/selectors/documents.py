"""Documents as issuer, owner, administrators and auditors see them, as plain values."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, Q

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.policy.policy import Policy
from chancery.policy.rights import Right
from chancery.texts import message
from protection.actor import Actor
from protection.models import Certificate, Content, ContentChange, ContentRevocation, FirstOpening, Tracking
from protection.selectors.attempts import OPENINGS
from protection.selectors.decisions import RightsOn, changes_by_right
from protection.selectors.licensing import LICENSED, registered_policy
from protection.selectors.sight import FEWEST, Sight

_ON_THE_WAY: Final = 60
"""Seconds for which a statement of the feed may be on its way to a device."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document in a list.  ``opened`` and ``refused`` count openings and refusals, None where it is not shown."""

    cid: UUID
    title: str
    issuer_id: UUID
    handed_over_at: datetime | None
    issuer_address: str
    owner_id: UUID
    owner_address: str
    template_id: UUID | None
    registration: str
    revoked_at: datetime | None
    registered_at: datetime
    expires: int | None
    label_id: UUID | None
    issuer_blocked: bool
    opened: int | None = None
    refused: int | None = None

    @property
    def deciding_issuer(self) -> UUID | None:
        """Who protected it, as long as they have an owner's rights by that."""
        return self.issuer_id if self.handed_over_at is None else None

    @property
    def state(self) -> str:
        """The word that ``STATE`` is in the database."""
        if self.registration != "registered":
            return self.registration
        return "active" if self.revoked_at is None else "revoked"


@dataclass(frozen=True, slots=True)
class RecipientRevocation:
    """One person or group for whom alone a document is revoked."""

    address: str
    revoked_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a document's history of policies."""

    at: datetime
    person_id: UUID
    basis: str
    rev: int
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document with everything its page shows."""

    row: DocumentRow
    policy: Policy
    rev: int
    pending_because: str
    editions: int
    revocations: tuple[RecipientRevocation, ...]
    changes: tuple[Change, ...]
    revocation_message: str = ""
    successor: UUID | None = None


ROW: Final = (
    "cid",
    "title",
    "issuer_id",
    "handed_over_at",
    "issuer_address",
    "owner_id",
    "owner_address",
    "template_id",
    "registration",
    "revoked_at",
    "registered_at",
    "expires",
    "label_id",
    "issuer_blocked",
)


def may_see(actor: Actor, issuer: UUID | None, owner: UUID) -> bool:
    """Tell whether somebody may see a document's page: who decides about it, administrators and auditors."""
    return actor.may(Permission.DOCUMENTS_READ_ALL) or actor.person in {issuer, owner}


def decided_by(person: UUID, prefix: str = "") -> Q:
    """Return the condition for documents that a person decides about; ``prefix`` leads to the document."""
    issued = {f"{prefix}issuer_id": person, f"{prefix}handed_over_at__isnull": True}
    return Q(**issued) | Q(**{f"{prefix}owner_id": person})


def document_for(actor: Actor, cid: UUID, sight: Sight | None = None) -> Document:
    """Return one document that the actor issued, owns, or may see by role.  Raises NotFound for everybody else.

    Its numbers are there for callers that bring what the actor may know of others.
    """
    content = Content.objects.filter(cid=cid).first()
    if content is None or not may_see(actor, content.deciding_issuer, content.owner_id):
        raise NotFound(message("There is no such document, or you may not see it."))
    row = row_of(tuple(getattr(content, name) for name in ROW), counts_of([cid], sight))
    return Document(
        row=row,
        policy=registered_policy(content),
        rev=content.rev,
        pending_because=content.pending_because,
        editions=content.editions.count(),
        revocations=tuple(
            RecipientRevocation(*values)
            for values in ContentRevocation.objects.filter(content=content)
            .order_by("-revoked_at")
            .values_list("address", "revoked_at")
        ),
        changes=tuple(
            Change(*values)
            for values in ContentChange.objects.filter(content=content)
            .order_by("-at", "-id")
            .values_list("at", "person_id", "basis", "rev", "reason")[:50]
        ),
        revocation_message=content.revocation_message,
        successor=content.successor_id,
    )


@dataclass(frozen=True, slots=True)
class ShownPolicy:
    """A document's policy for a person who may read it; ``may_change`` tells whether they may set another one too.

    ``version`` counts what was set on the document.  ``tracks`` tells whether they may also see what happened to the
    document, which no right on it gives.
    """

    policy: Policy
    template_id: UUID | None
    rev: int
    version: int
    may_change: bool
    tracks: bool


def policy_for(actor: Actor, cid: UUID, rights_on: RightsOn) -> ShownPolicy:
    """Return the whole list of who may do what, to those who see the document's page and holders of VIEWRIGHTSDATA.

    ``rights_on`` returns the rights that the actor holds by the policy.  Raises NotFound for everybody else
    (promise C31).
    """
    # Counted in the statement that reads the policy: a number of later would pass off somebody else's change as seen.
    content = Content.objects.annotate(version=Count("changes")).filter(cid=cid).first()
    if content is None:
        raise NotFound(message("There is no such document, or you may not see who has access to it."))
    by_page = may_see(actor, content.deciding_issuer, content.owner_id)
    may_change = actor.person in {content.deciding_issuer, content.owner_id} or actor.may(Permission.DOCUMENTS_REVOKE)
    if not may_change:
        rights = rights_on(bytes(content.pl_digest))
        may_change = changes_by_right(content, rights)
        # A person who replaces the list has to see what they replace.
        if not (by_page or may_change or Right.VIEWRIGHTSDATA in rights):
            raise NotFound(message("There is no such document, or you may not see who has access to it."))
    return ShownPolicy(
        policy=registered_policy(content),
        template_id=content.template_id,
        rev=content.rev,
        version=content.version,
        may_change=may_change,
        tracks=by_page,
    )


@dataclass(frozen=True, slots=True)
class TakenBack:
    """From whom access to a document is taken back at present: from everybody since a moment, from these addresses."""

    everybody_since: datetime | None
    addresses: frozenset[str]


def taken_back(cid: UUID) -> TakenBack:
    """Return from whom access to a document is taken back; for callers that have found the document for somebody."""
    since = Content.objects.filter(cid=cid).values_list("revoked_at", flat=True).first()
    rows = ContentRevocation.objects.filter(content_id=cid).values_list("address", flat=True)
    return TakenBack(since, frozenset(rows))


def title_of(cid: UUID) -> str:
    """Return what a document is called, "" where titles are not kept; for callers that have found it for somebody."""
    return Content.objects.filter(cid=cid).values_list("title", flat=True).first() or ""


def titles_of(cids: Collection[UUID]) -> tuple[str, ...]:
    """Return what these documents are called, as ``title_of`` does for one; in the order of their titles."""
    return tuple(Content.objects.filter(cid__in=cids).order_by("title").values_list("title", flat=True))


def titles_by_id(cids: Collection[UUID]) -> dict[UUID, str]:
    """Return what each of these documents is called, as ``title_of`` does for one."""
    return dict(Content.objects.filter(cid__in=cids).values_list("cid", "title"))


def opened_between(documents: Mapping[str, UUID], start: int, end: int) -> int:
    """Return how many people first opened one of these documents after ``start`` and not after ``end``."""
    moments = {"at__gt": datetime.fromtimestamp(start, UTC), "at__lte": datetime.fromtimestamp(max(end, 0), UTC)}
    rows = FirstOpening.objects.filter(**documents, **moments)
    return rows.values("person_id").distinct().count()


def offline_end_of(row: DocumentRow) -> datetime | None:
    """Return until when a document that is in this state could be opened without a network, or None for never.

    Access that was taken back leaves the issuer their own license, so that one does not count then.
    """
    return latest_offline_moment(row.cid, issuer_too=row.revoked_at is None, revoked_at=row.revoked_at)


def latest_offline_moment(
    cid: UUID, *, issuer_too: bool = False, revoked_at: datetime | None = None
) -> datetime | None:
    """Return the latest moment at which a cached license of the document could still open it, or None for never.

    For each recorded license this is the earlier of its offline end and the present moment plus its lease
    (docs/protocol.md P24).  Read it after a revocation has committed.  It is true for clients that follow the
    rules.  ``issuer_too`` counts the license that a publisher's device makes for itself (P10), which lasts as long as
    its certificate; a revocation of the document does not concern it.  ``revoked_at`` says when access was taken back
    from everybody: no device has heard after it, but for the minute that a statement may be on its way, that access
    holds.
    """
    heard = 2**53 if revoked_at is None else int(revoked_at.timestamp()) + _ON_THE_WAY
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select to_timestamp(max(least(
                (d.body::jsonb ->> 'offline_until')::bigint,
                coalesce(
                    least(floor(extract(epoch from clock_timestamp()))::bigint, %s)
                        + (d.body::jsonb ->> 'lease')::bigint, 2^53)
            )))
            from audit_event e
            cross join lateral (select body from audit_eventdetails where digest = e.details_digest limit 1) d
            where e.content_id = %s and e.kind = any(%s) and e.outcome = 'allowed'
              and (d.body::jsonb ->> 'offline_until')::bigint > extract(epoch from clock_timestamp())
            """,
            [heard, cid, LICENSED],
        )
        (moment,) = cursor.fetchone()
    if moment is not None and moment.timestamp() <= time.time():
        moment = None
    issuers = _issuers_own_end(cid) if issuer_too else None
    return max((end for end in (moment, issuers) if isinstance(end, datetime)), default=None)


_KEPT_UNTIL: Final = """
select kept.person_id, to_timestamp(max(least(
    (d.body::jsonb ->> 'offline_until')::bigint,
    coalesce(least(floor(extract(epoch from clock_timestamp()))::bigint, kept.heard)
             + (d.body::jsonb ->> 'lease')::bigint, 2^53))))
from (
    select distinct asked.person_id, asked.heard, e.details_digest
    from unnest(%(people)s::uuid[], %(heard)s::bigint[]) as asked (person_id, heard)
    join audit_eventpersonal p on p.person_id = asked.person_id
    join audit_event e on e.id = p.event_id
    where e.content_id = %(cid)s and e.kind = any(%(licensed)s) and e.outcome = 'allowed'
      and e.received_at > now() - (select longest_license_days + 1 from protection_servicesettings) * interval '1 day'
) kept
cross join lateral (select body from audit_eventdetails where digest = kept.details_digest limit 1) d
where (d.body::jsonb ->> 'offline_until')::bigint > extract(epoch from clock_timestamp())
group by 1
"""


def kept_until(cid: UUID, people: Mapping[UUID, datetime | None]) -> dict[UUID, datetime]:
    """Return until when a cached license of each person could still open the document; without those who have none.

    It is what ``latest_offline_moment`` says of all of them, in one query; ``people`` says since when access is taken
    back from each.
    """
    if not people:
        return {}
    heard = [2**53 if since is None else int(since.timestamp()) + _ON_THE_WAY for since in people.values()]
    with connection.cursor() as cursor:
        cursor.execute(_KEPT_UNTIL, {"people": list(people), "heard": heard, "cid": cid, "licensed": LICENSED})
        found = dict(cursor.fetchall())
    return {person: end for person, end in found.items() if end is not None and end.timestamp() > time.time()}


def _issuers_own_end(cid: UUID) -> datetime | None:
    """Return when the issuer's certificates end that were valid when the document was registered, if they have not."""
    content = Content.objects.filter(cid=cid).only("issuer_id", "registered_at").first()
    if content is None:
        return None
    now, registered = int(time.time()), int(content.registered_at.timestamp())
    ends = Certificate.objects.filter(person_id=content.issuer_id, not_before__lte=registered, expires__gt=now)
    end = ends.aggregate(end=Max("expires"))["end"]
    return None if end is None else datetime.fromtimestamp(end, UTC)


def row_of(values: tuple[Any, ...], counts: Mapping[UUID, tuple[int | None, int | None]]) -> DocumentRow:
    """Return a document of the values named by ``ROW`` and of ``counts_of``."""
    members = dict(zip(ROW, values, strict=True))
    opened, refused = counts[members["cid"]]
    return DocumentRow(**members, opened=opened, refused=refused)


_COUNTS: Final = """
select e.content_id, count(*) filter (where e.outcome = 'allowed'), count(*) filter (where e.outcome = 'refused'),
       {people}
from (select id, content_id, outcome from audit_event where content_id = any(%s) and kind = 'content.opened'
      union all select id, content_id, outcome from audit_event
      where content_id = any(%s) and kind = 'content.reported' and reason = any(%s)) e
where true {counting} group by 1
"""
_ALL: Final = "count(*)"
_OTHERS: Final = (
    "(select count(distinct p.person_id) from audit_event o join audit_eventpersonal p on p.event_id = o.id"
    " where o.content_id = e.content_id and o.kind = 'content.opened')"
)


def counts_of(cids: Sequence[UUID], sight: Sight | None) -> dict[UUID, tuple[int | None, int | None]]:
    """Return openings and refusals by document, from the ledger, in one query for the whole page.

    Openings that clients report, by licenses that they had kept, are among them.  Where the reader may not know a
    number, None stands in its place; without a ``sight`` they may know none.
    """
    if not cids or sight is None or sight.tracking is Tracking.OFF:
        return dict.fromkeys(cids, (None, None))
    named = sight.tracking is Tracking.NAMED
    counting, of = sight.counting()
    statement = _COUNTS.format(people=_ALL if named else _OTHERS, counting=counting)
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(cids), list(cids), list(OPENINGS), *of])
        rows = cursor.fetchall()
    numbers = {cid: (opened, refused) for cid, opened, refused, people in rows if named or people >= FEWEST}
    return {**dict.fromkeys(cids, (0, 0) if named else (None, None)), **numbers}


def licensed_contents(person: UUID, cids: Collection[UUID]) -> set[UUID]:
    """Return those of the documents for which the person ever got a license, or which they protected or own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.content_id from audit_event e join audit_eventpersonal p on p.event_id = e.id"
            " where e.content_id = any(%(cids)s) and p.person_id = %(person)s"
            " and e.kind = any(%(licensed)s) and e.outcome = 'allowed'"
            " union select cid from protection_content"
            " where cid = any(%(cids)s) and (issuer_id = %(person)s or owner_id = %(person)s)",
            {"cids": list(cids), "person": person, "licensed": LICENSED},
        )
        return {cid for (cid,) in cursor.fetchall()}


def decided_among(person: UUID, cids: Collection[UUID]) -> set[UUID]:
    """Return those of the documents that a person decides about."""
    return set(Content.objects.filter(decided_by(person), cid__in=cids).values_list("cid", flat=True))


def owned_by(person: UUID) -> int:
    """Return how many documents a person owns here."""
    return Content.objects.filter(owner_id=person).count()
