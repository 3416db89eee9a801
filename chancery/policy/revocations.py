"""Whom a revocation reaches, and when: at once, or at a moment that was set (docs/protocol.md P19, P24).

A revocation names everybody, one address, a mail domain or an organization.  One that was set for a moment needs
nobody to carry it out: from that moment on it counts as any other one, and no license reaches beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from chancery.names import domain_of
from chancery.policy.policy import Principal, PrincipalKind
from chancery.policy.reasons import Reason

if TYPE_CHECKING:
    from chancery.policy.case import ContentFacts
    from chancery.policy.subject import Subject

EVERYBODY: Final = ""
"""The name of a revocation that reaches everybody."""


@dataclass(frozen=True, slots=True)
class ScheduledRevocation:
    """Access that ends at a moment, in seconds since 1970, for those whom ``name`` reaches.

    ``identity`` is whom an address meant when it was set.  ``issuer_too`` shuts out who protected the document as well,
    whom no other revocation reaches.
    """

    at: int
    name: str = EVERYBODY
    identity: UUID | None = None
    issuer_too: bool = False


def name_of(who: Principal) -> str:
    """Return the name under which a revocation keeps an entry: a bare address, or the entry as policies write it."""
    return who.value if who.kind is PrincipalKind.ADDRESS else str(who)


def entry_of(name: str) -> Principal:
    """Return the entry that a revocation of single recipients names."""
    return Principal(PrincipalKind.ADDRESS, name) if "@" in name else Principal.parse(name)


def names_of(subject: Subject) -> Iterator[str]:
    """Yield every name under which a revocation reaches somebody: addresses, groups, domains, organizations.

    It reaches what a deny entry reaches: guests, any domain of theirs, and groups that give nothing any more.
    """
    for address in subject.addresses:
        yield address
        yield f"{PrincipalKind.DOMAIN.value}:{domain_of(address)}"
    yield from (group.address for group in subject.groups)
    yield from (f"{PrincipalKind.ORGANIZATION.value}:{place.organization}" for place in subject.memberships)


def reaches(name: str, identity: UUID | None, subject: Subject) -> bool:
    """Tell whether a revocation of one recipient reaches somebody."""
    return identity in subject.ids or name in frozenset(names_of(subject))


def revoked_because(content: ContentFacts, subject: Subject, now: int) -> Reason | None:
    """Return why nobody, or not this person, may open the content any more; None where nothing was revoked for them."""
    due = [one for one in content.scheduled if one.at <= now]
    if content.revoked or any(one.name == EVERYBODY for one in due):
        return Reason.REVOKED
    if not content.revoked_ids.isdisjoint(subject.ids):
        return Reason.REVOKED_FOR_YOU
    if not (content.revoked_addresses or due):
        return None
    names = frozenset(names_of(subject))
    single = any(one.name in names or one.identity in subject.ids for one in due)
    return Reason.REVOKED_FOR_YOU if single or not content.revoked_addresses.isdisjoint(names) else None


def issuer_shut_out(content: ContentFacts, now: int) -> bool:
    """Tell whether the person who protected the content is shut out of it, too."""
    return content.issuer_blocked or any(one.issuer_too and one.at <= now for one in content.scheduled)


def ends_for(content: ContentFacts, subject: Subject) -> Iterator[int]:
    """Yield the moments that were set for somebody's access to end; for the issuer those that are meant for them."""
    if subject.person == content.issuer:
        yield from (one.at for one in content.scheduled if one.issuer_too)
    elif content.scheduled:
        names = frozenset(names_of(subject))
        for one in content.scheduled:
            if one.name == EVERYBODY or one.name in names or one.identity in subject.ids:
                yield one.at
