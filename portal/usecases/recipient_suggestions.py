"""Whom somebody may mean while they type a recipient: from the directory, from their own documents, or as typed.

Members find the people, groups and contacts of their own organization, as in an address book.  Of everybody else
outside they are told only what they themselves have named before: whether an address has an account is nobody's
business (docs/protocol.md P20).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from chancery.errors import InvalidPolicy
from chancery.policy.permission import Permission
from chancery.policy.policy import Principal, PrincipalKind
from portal.subjects.suggestion import Kind, Suggestion
from portal.usecases.caller import Caller
from protection.selectors.named_before import addresses_named_by
from tenants.directory.selectors.contacts import contacts_in
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.groups import groups_in
from tenants.directory.selectors.people import addressees, count_members
from tenants.organizations.selectors import OrganizationFacts

MOST: Final = 8
"""Suggestions of one kind."""

SHORTEST: Final = 2
"""Characters from which on a search says anything."""

SIMILAR: Final = 0.8
"""How much two domains have to resemble each other for one to be taken for a slip of the other."""


@dataclass(frozen=True, slots=True)
class SuggestedRecipients:
    """Whom the text may mean, the likeliest first, each once."""

    suggestions: tuple[Suggestion, ...]


def suggest_recipients(*, caller: Caller, organization: OrganizationFacts, text: str) -> SuggestedRecipients:
    """Return people, groups and domains for a text of at least two characters, nobody for a shorter one."""
    text = text.strip().casefold()
    if len(text) < SHORTEST:
        return SuggestedRecipients(())
    found = {one.who: one for one in reversed(list(_all(caller, organization, text)))}
    return SuggestedRecipients(tuple(reversed(found.values())))


def _all(caller: Caller, organization: OrganizationFacts, text: str) -> Iterator[Suggestion]:
    guests = caller.may(Permission.PEOPLE_READ)
    inside = list(_inside(organization.id, text, guests=guests)) if caller.knows_members else []
    before = [Principal(PrincipalKind.ADDRESS, one) for one in addresses_named_by(caller.person, text, limit=MOST)]
    known = {one.who for one in inside}
    outside = [Suggestion(who, Kind.OUTSIDE) for who in before if who not in known]
    typed = _typed(text)
    if typed is not None:
        yield from (one for one in (*inside, *outside) if one.who == typed)
        domains = {one.domain for one in domains_in(organization.id)}
        if typed.kind is PrincipalKind.ADDRESS and typed not in known and typed not in before:
            yield from _slips(typed, {*domains, *_domains_of(addresses_named_by(caller.person, "", limit=500))})
            yield Suggestion(typed, Kind.NEW)
        elif typed.kind is PrincipalKind.DOMAIN:
            yield Suggestion(typed, Kind.DOMAIN)
    yield from inside
    yield from outside
    if not caller.knows_members:
        return
    if text in organization.name.casefold() or _("everybody").startswith(text):
        everybody = Principal(PrincipalKind.ORGANIZATION, str(organization.id))
        yield Suggestion(everybody, Kind.EVERYBODY, organization.name, count_members(organization.id))


def _inside(organization: UUID, text: str, *, guests: bool) -> Iterator[Suggestion]:
    for group in groups_in(organization, search=text, limit=MOST, archived=False):
        yield Suggestion(Principal(PrincipalKind.ADDRESS, group.address), Kind.GROUP, group.name, members=group.members)
    for person in addressees(organization, search=text, limit=MOST, guests=guests):
        kind = Kind.GUEST if person.guest else Kind.PERSON
        yield Suggestion(Principal(PrincipalKind.ADDRESS, person.email), kind, person.name)
    for contact in contacts_in(organization, search=text, limit=MOST):
        yield Suggestion(Principal(PrincipalKind.ADDRESS, contact.address), Kind.CONTACT, contact.name)


def _typed(text: str) -> Principal | None:
    """Return whom the text names as it is: an address, ``domain:`` and a domain, or ``@`` and one."""
    try:
        return Principal.parse(f"domain:{text[1:]}" if text.startswith("@") else text)
    except InvalidPolicy:
        return None


def _domains_of(addresses: Iterable[str]) -> set[str]:
    """Return the domains of addresses."""
    return {address.rpartition("@")[2] for address in addresses}


def _slips(typed: Principal, known: set[str]) -> Iterator[Suggestion]:
    name, _, domain = typed.value.rpartition("@")
    if domain not in known:
        for meant in get_close_matches(domain, sorted(known), n=1, cutoff=SIMILAR):
            yield Suggestion(Principal(PrincipalKind.ADDRESS, f"{name}@{meant}"), Kind.SLIP)
