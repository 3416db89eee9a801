"""Who has access to a document now, why or why not, and how often each of them opened it: one row for each of them.

What a row says of access is the decision itself, asked as ``why`` asks it, so no row can differ from an opening.  The
number of queries does not depend on the number of recipients: only the rows of one page are decided.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid4

from chancery.policy.explain import asked_at_opening, shown_only
from chancery.policy.policy import Principal, PrincipalKind
from chancery.policy.revocations import entry_of, name_of
from chancery.policy.subject import Subject
from protection.models import Content, ContentRevocation, PersonalGrant
from protection.selectors.attempts import Attempts, Seen, attempts_of, last_seen_as
from protection.selectors.decisions import facts_about
from protection.selectors.documents import Document
from protection.selectors.recipient_rows import Directory, Entry, Listed, Recipient, Revoked, Rows, Sources
from protection.selectors.sight import Sight
from protection.selectors.why import without_the_opening

PAGE: Final = 25
"""Rows on one page of the document's page, which also shows what happened; on a phone each row is a card."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """One page of a document's recipients; ``first`` counts from 0.

    ``at_opening`` says what each opening must meet besides.  ``revoked_by`` took access back from everybody,
    ``held_by`` is the administrator who did, too.
    """

    rows: tuple[Recipient, ...]
    first: int
    total: int
    at_opening: tuple[str, ...] = ()
    revoked_by: UUID | None = None
    held_by: UUID | None = None

    @property
    def next(self) -> int | None:
        """The first row of the next page, None at the end."""
        end = self.first + len(self.rows)
        return end if end < self.total else None


def recipients_of(
    document: Document,
    directory: Directory,
    *,
    organization: UUID,
    service_active: bool,
    now: int,
    sight: Sight,
    search: str = "",
    first: int = 0,
    limit: int = PAGE,
) -> Recipients:
    """Return one page of the recipients of a document that was found for the caller: the named first, then others.

    ``sight`` is what the caller may know of what they did.  ``search`` leaves those whose address, domain or name
    holds it.
    """
    cid = document.row.cid
    stored = Content.objects.values_list("pl_digest", "revoked_by", "held_by", "published_at")
    pl_digest, revoked_by, held_by, published = stored.get(cid=cid)
    facts = facts_about(organization=organization, pl_digest=bytes(pl_digest), subject=Subject(uuid4()))
    if facts is None:
        return Recipients((), 0, 0)
    conditions = facts.organization.conditions
    facts = without_the_opening(replace(facts, organization=replace(facts.organization, service_active=service_active)))
    taken = ContentRevocation.objects.filter(content_id=cid).order_by("-revoked_at", "address")
    sources = Sources(
        document,
        facts,
        directory,
        {row.address: row for row in PersonalGrant.objects.filter(content_id=cid).order_by("given_at", "id")},
        tuple(Revoked(*row) for row in taken.values_list("address", "revoked_at", "revoked_by", "held_by", "identity")),
        revoked_by,
        held_by,
        int(published.timestamp()),
        now,
        sight,
    )
    everybody = _entries(sources)
    wanted = search.strip().casefold()
    entries = [one for one in everybody if wanted in f"{one.who.value} {one.name}".casefold()]
    page = entries[max(first, 0) :][:limit]
    return Recipients(
        rows=Rows(sources, page, {one.person for one in everybody if one.attempts is not None}).decided(),
        first=first,
        total=len(entries),
        at_opening=(*asked_at_opening(conditions, document.policy.conditions), *shown_only(document.policy)),
        revoked_by=revoked_by,
        held_by=held_by,
    )


def _entries(sources: Sources) -> list[Entry]:
    """Return everybody in the list, with whom they are and what they tried, in the order of ``Listed``."""
    document, content = sources.document.row, sources.facts.content
    listed: dict[Principal, Listed] = {}
    decides = {document.owner_address: content.owner}
    if content.issuer is not None:
        listed[_named(document.issuer_address)] = Listed.ISSUER
        decides[document.issuer_address] = content.issuer
    listed.setdefault(_named(document.owner_address), Listed.OWNER)
    for who in sources.policy.index:
        listed.setdefault(who, Listed.POLICY)
    for address in sources.given:
        listed.setdefault(_named(address), Listed.GIVEN)
    addresses = {who.value for who in listed if who.kind is PrincipalKind.ADDRESS}
    known = sources.directory.people(addresses | {one.address for one in sources.taken})
    meant = {
        **known,
        **content.bindings,
        **{address: given.person_id for address, given in sources.given.items()},
        **decides,
    }
    entries = [Entry(who, kind, _person(who, meant)) for who, kind in listed.items()]
    _mark_taken(entries, sources.taken, known)
    attempts = attempts_of(document.cid, sources.sight)
    _attach(entries, attempts, document.cid)
    return entries


def _named(address: str) -> Principal:
    return Principal(PrincipalKind.ADDRESS, address)


def _person(who: Principal, meant: Mapping[str, UUID]) -> UUID | None:
    return meant.get(who.value) if who.kind is PrincipalKind.ADDRESS else None


def _mark_taken(entries: list[Entry], taken: Iterable[Revoked], known: Mapping[str, UUID]) -> None:
    """Mark the rows from which access was taken back, and add a row for each address that has none.

    A second address of the same person leads to the same row only where the organization knows both
    (docs/protocol.md P20).
    """
    by_name = {name_of(one.who): one for one in entries}
    ours = set(known.values())
    by_person: dict[UUID | None, Entry] = {one.person: one for one in reversed(entries) if one.person in ours}
    for one in taken:
        entry = by_name.get(one.address) or by_person.get(known.get(one.address) or one.identity)
        if entry is None:
            entry = Entry(entry_of(one.address), Listed.TAKEN, known.get(one.address))
            entries.append(entry)
        if entry.taken is None or entry.taken.address != name_of(entry.who):
            entry.taken = one


def _attach(entries: list[Entry], attempts: Iterable[Attempts], cid: UUID) -> None:
    """Give each person's attempts to the row that means them, and a row of their own to those whom none means.

    The address under which somebody was last seen comes first: nobody learns that two addresses are one person's.
    """
    by_address = {one.address: one for one in entries if one.address}
    by_person = {one.person: one for one in reversed(entries) if one.person is not None}
    found = list(attempts)
    seen = last_seen_as(cid, [one.person for one in found])
    for one in found:
        last = seen.get(one.person, Seen())
        entry = by_address.get(last.address)
        if entry is None or entry.person not in {None, one.person}:
            entry = by_person.get(one.person)
        if entry is None or entry.attempts is not None:
            entry = Entry(_named(last.address), Listed.TRIED, name=last.name)
            entries.append(entry)
        entry.person, entry.attempts, entry.by_code, entry.last_from = (
            one.person,
            one,
            last.by_code,
            last.ip,
        )
