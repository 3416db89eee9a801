"""Everybody of one organization with its groups, read at once: to ask what a change would do before it is made.

Of other organizations only their places are read, as far as they decide whether somebody may act; never their groups
(docs/protocol.md P20).  A roster is a value: a change is tried on it and not on the directory.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.db.models.functions import Coalesce

from tenants import naming
from tenants.directory.members import Member
from tenants.directory.models import Address, Group, GroupMember, MailDomain, Membership
from tenants.directory.selectors.blocks import blocked_addresses
from tenants.directory.selectors.handovers import changed_hands, last_handover
from tenants.directory.selectors.subject import SubjectRow, from_row
from tenants.organizations.models import Organization

Edge: TypeAlias = tuple[UUID, UUID | str]
"""A group and what it holds: a person, another group or an address."""


_ASIDE: Final = {
    "epoch": 0, "by_code": False, "asked": None, "asked_epoch": 0, "device_id": None,
    "now": datetime.fromtimestamp(0, UTC), "claims": None,
}  # fmt: skip
"""What the statement tells of one request; a roster is none, and nothing is recorded by it.

Groups of other installations, like those of other organizations, are not in it.
"""


@dataclass(frozen=True, slots=True)
class Known:
    """One person as the organization knows them; ``row`` is in the form of the directory's statement for one person."""

    id: UUID
    address: str
    name: str
    guest: bool
    is_service: bool
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Roster:
    """People, groups and who is in which, of one organization at one moment.

    ``epoch`` is the directory's, by which a reader finds out later whether anything has changed since.
    """

    organization_id: UUID
    epoch: int
    people: Mapping[UUID, Known]
    groups: Mapping[UUID, str]
    """The groups' addresses."""
    archived: frozenset[UUID]
    edges: frozenset[Edge]
    domains: frozenset[str]
    handovers: Mapping[str, float] = field(default_factory=dict)
    """Addresses and domains of people and groups that changed hands, with the moment of the last time."""
    stale: frozenset[Edge] = frozenset()
    """Addresses in groups that were added before they changed hands: what a group gives is not for their holders."""

    def rows(self, people: Iterable[UUID]) -> dict[UUID, SubjectRow]:
        """Return these people with the groups of the organization that hold them."""
        ways = _Ways(self)
        known = {person: self.people[person].row for person in people}
        blocked = blocked_addresses(self.organization_id, {one for row in known.values() for one in row["addresses"]})
        return {
            person: from_row(
                person,
                {
                    **row,
                    **ways.of(person, *row["addresses"]),
                    "blocks": [one for one in row["addresses"] if one in blocked],
                },
            )
            for person, row in known.items()
        }

    def strangers(self, addresses: Mapping[str, UUID]) -> dict[str, SubjectRow]:
        """Return people of whom only an address is known, under the ids given for them.

        Groups of the organization hold a person who proves an address that they name.
        """
        ways, handovers = _Ways(self), changed_hands(addresses)
        blocked = blocked_addresses(self.organization_id, addresses)
        nobody: dict[str, Any] = {
            "is_active": True,
            "is_service": False,
            "email": "",
            "name": "",
            "places": [],
            **_ASIDE,
        }
        return {
            address: from_row(
                person,
                {
                    **nobody,
                    "addresses": [address],
                    **ways.of(address),
                    "handovers": {**self.handovers, **handovers},
                    "blocks": [address] if address in blocked else [],
                },
            )
            for address, person in addresses.items()
        }

    def addresses_in_groups(self) -> frozenset[str]:
        """Return the bare addresses that groups hold."""
        return frozenset(held for _, held in self.edges if isinstance(held, str))

    def with_group(
        self, group: UUID, *, add: Iterable[Member] = (), remove: Iterable[Member] = (), archived: bool | None = None
    ) -> "Roster":
        """Return the roster as it would be after a change to a group."""
        gone = {(group, _held(member)) for member in remove}
        edges = self.edges - gone
        edges |= {(group, _held(member)) for member in add}
        kept = self.archived
        if archived is not None:
            kept = kept | {group} if archived else kept - {group}
        return replace(self, edges=edges, archived=kept, stale=self.stale - gone)

    def with_person(self, person: UUID, *, disabled: bool) -> "Roster":
        """Return the roster as it would be after a person was disabled or enabled here."""
        known = self.people[person]
        places = [
            [organization, guest, disabled if organization == str(self.organization_id) else was, *rest]
            for organization, guest, was, *rest in known.row["places"]
        ]
        changed = replace(known, row={**known.row, "places": places})
        return replace(self, people={**self.people, person: changed})


class _Ways:
    """Walks from people and addresses up through the groups."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._holders: defaultdict[UUID | str, list[UUID]] = defaultdict(list)
        for group, held in roster.edges:
            self._holders[held].append(group)

    def of(self, *start: UUID | str) -> dict[str, Any]:
        """Return groups and ways of everybody who is this person or has these addresses, as the statement does."""
        roster, found = self._roster, self._above(start)
        # A group that an address is in by a stale entry is held by itself and by nobody, as in the statement.
        ways: list[tuple[str, str | None]] = [
            (str(group), str(group) if (group, held) in roster.stale else None)
            for held in start
            for group in self._holders[held]
        ]
        ways += [(str(outer), str(inner)) for inner in found for outer in self._holders[inner]]
        place, state = str(roster.organization_id), Organization.State.ACTIVE
        groups = [
            (str(group), place, roster.groups[group], state, 0, group in roster.archived) for group in sorted(found)
        ]
        return {"ways": ways, "groups": groups, "handovers": roster.handovers}

    def _above(self, start: Iterable[UUID | str]) -> set[UUID]:
        found: set[UUID] = set()
        waiting: list[UUID | str] = list(start)
        while waiting:
            for group in self._holders[waiting.pop()]:
                if group not in found:
                    found.add(group)
                    waiting.append(group)
        return found


def roster_of(organization_id: UUID) -> Roster:
    """Read the whole roster in a constant number of statements."""
    members = Membership.objects.within(organization_id).select_related("person")
    organization = Organization.objects.get(id=organization_id)
    places, addresses = _places(organization_id), _addresses(organization_id)
    people = {
        member.person_id: Known(
            member.person_id,
            member.known_address,
            member.known_name,
            member.guest,
            member.person.is_service,
            {
                **_ASIDE,
                "is_active": member.person.is_active,
                "is_service": member.person.is_service,
                "email": member.person.email,
                "name": member.person.name,
                "addresses": addresses[member.person_id],
                "places": places[member.person_id],
            },
        )
        for member in members
    }
    groups = Group.objects.within(organization_id).values_list("id", "address", "archived_at")
    held = GroupMember.objects.within(organization_id).annotate(held=Coalesce("person_id", "member_group_id"))
    edges = list(held.values_list("group_id", "held", "address", "added_at"))
    proven = MailDomain.objects.within(organization_id).filter(proven_at__isnull=False)
    found = list(groups)
    domains = frozenset(proven.values_list("domain", flat=True))
    known = {address for row in addresses.values() for address in row} | {address for _, address, _ in found}
    handovers = changed_hands(known | {address for _, _, address, _ in edges if address}, domains)
    return Roster(
        organization_id=organization_id,
        epoch=organization.directory_epoch,
        people=people,
        groups={group: address for group, address, _ in found},
        archived=frozenset(group for group, _, archived_at in found if archived_at is not None),
        edges=frozenset((group, address or identity) for group, identity, address, _ in edges),
        domains=domains,
        handovers=handovers,
        stale=frozenset(
            (group, address)
            for group, _, address, added_at in edges
            if address and added_at.timestamp() <= last_handover(address, handovers)
        ),
    )


def epoch_of(organization_id: UUID) -> int:
    """Return the number that rises with every change to the organization's people and groups."""
    return Organization.objects.values_list("directory_epoch", flat=True).get(id=organization_id)


def _places(organization_id: UUID) -> defaultdict[UUID, list[list[Any]]]:
    """Return the places of the organization's people everywhere, in the form of the directory's statement."""
    people = Membership.objects.within(organization_id).values("person_id")
    rows = (
        Membership.objects.of_installation()
        .filter(person_id__in=people)
        .exclude(organization__state=Organization.State.ERASED)
        .values_list("person_id", "organization_id", "guest", "disabled", "organization__state")
    )
    found = list(rows)
    domains: defaultdict[UUID, list[str]] = defaultdict(list)
    for owner, domain in (
        MailDomain.objects.of_installation()
        .filter(organization_id__in={row[1] for row in found}, proven_at__isnull=False)
        .values_list("organization_id", "domain")
    ):
        domains[owner].append(domain)
    places: defaultdict[UUID, list[list[Any]]] = defaultdict(list)
    for person, organization, guest, disabled, state in found:
        places[person].append([str(organization), guest, disabled, state, 0, domains[organization]])
    return places


def _addresses(organization_id: UUID) -> defaultdict[UUID, list[str]]:
    people = Membership.objects.within(organization_id).values("person_id")
    proven = Address.objects.filter(person_id__in=people).exclude(proven_by="").values_list("person_id", "address")
    addresses: defaultdict[UUID, list[str]] = defaultdict(list)
    for person, address in proven:
        addresses[person].append(address)
    return addresses


def _held(member: Member) -> UUID | str:
    """Return what a member to be is held by."""
    return member.person_id or member.group_id or naming.address(str(member.address))
