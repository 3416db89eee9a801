"""Everybody a change can concern, as they are and as the change would make them, with how they may be called.

People of the organization are seen as in ``portal.subjects.visible_people``.  Somebody from elsewhere is an address:
one that a policy or a group names, or one under which somebody asked for a document lately.  Of their memberships and
groups elsewhere nothing is read (docs/protocol.md P20).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from chancery.policy.equivalence import Home, Someone
from chancery.policy.policy import Strength
from chancery.policy.subject import Subject
from portal.subjects.subject import subject_of
from portal.subjects.visible_people import known_here
from tenants.directory.selectors.roster import Roster


@dataclass(frozen=True, slots=True)
class Called:
    """How somebody is called to administrators of the organization; ``person`` is None for a mere address."""

    address: str
    name: str = ""
    person: UUID | None = None


@dataclass(frozen=True, slots=True)
class ConcernedPeople:
    """People with their names in the same order, and the position of each by id."""

    people: tuple[Someone, ...]
    called: tuple[Called, ...]
    places: Mapping[UUID, int]
    home: Home
    handovers: frozenset[str] = frozenset()
    """Addresses and domains of theirs that changed hands."""


def concerned_people(
    before: Roster, after: Roster, *, addresses: Iterable[str], visitors: Mapping[UUID, str]
) -> ConcernedPeople:
    """Return all people of the organization, then these addresses and visitors, each once.

    Visitors are known by their ids, since documents may have bound their addresses to them.
    """
    people: list[Someone] = []
    called: list[Called] = []
    ours: set[str] = set(before.groups.values())
    rows = (before.rows(before.people), after.rows(before.people))
    for person, known in before.people.items():
        was, would_be = (
            known_here(row[person], before.organization_id, address=known.address, domains=before.domains)
            for row in rows
        )
        one = _someone(was, would_be, foreign=known.guest)
        people.append(one)
        called.append(Called(known.address, known.name, person))
        ours |= {known.address, *one.before.addresses}
    met = {address: person for person, address in visitors.items()}
    strange = {address: met.get(address) or uuid4() for address in {*addresses, *met} - ours}
    at = before.organization_id
    outside = [
        {
            address: subject_of(row, organization=at, strength=Strength.CODE)
            for address, row in roster.strangers(strange).items()
        }
        for roster in (before, after)
    ]
    for address in sorted(strange):
        was, would_be = (side[address] for side in outside)
        people.append(_someone(was, would_be, foreign=True, stranger=address not in met))
        called.append(Called(address))
    places = {one.before.person: place for place, one in enumerate(people)}
    home = Home(at, before.domains, frozenset(ours | met.keys()))
    handovers = frozenset(name for one in people for name in (*one.before.handovers, *one.after.handovers))
    return ConcernedPeople(tuple(people), tuple(called), places, home, handovers)


def only_those_who_differ(everybody: ConcernedPeople) -> ConcernedPeople:
    """Return the people whom the change makes different from what they are."""
    chosen = [place for place, one in enumerate(everybody.people) if one.before is not one.after]
    return ConcernedPeople(
        tuple(everybody.people[place] for place in chosen),
        tuple(everybody.called[place] for place in chosen),
        {everybody.people[place].before.person: number for number, place in enumerate(chosen)},
        everybody.home,
        everybody.handovers,
    )


def _someone(before: Subject, after: Subject, *, foreign: bool, stranger: bool = False) -> Someone:
    """Return somebody with one value for both sides where nothing differs, so that nobody compares them again."""
    return Someone(before, before if before == after else after, foreign, stranger)
