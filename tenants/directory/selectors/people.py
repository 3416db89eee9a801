"""Reading people, always as members or guests of one organization."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.utils.translation import gettext as _

from tenants import naming
from tenants.directory import address_holders
from tenants.directory.errors import NotHere
from tenants.directory.models import Address, Device, Membership, Person
from tenants.directory.roles import GUEST, USER
from tenants.directory.selectors.roles import roles_in
from tenants.organizations.models import Organization

ORDERS: Final = {"email": "shown_address", "name": "shown_name", "since": "created_at"}
"""By what a list of people can be sorted, and the column of ``_places`` that holds it."""


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """One address and what makes it count: ``person``, ``organization`` or nothing."""

    address: str
    proven_by: str


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """One person as an organization sees them; of a guest only what the organization entered itself."""

    id: UUID
    name: str
    email: str
    roles: tuple[str, ...]
    """All that they hold now, directly or by a group; the place of a member or guest is the first of them."""
    guest: bool
    disabled: bool
    is_service: bool
    language: str
    time_zone: str
    since: datetime
    addresses: tuple[AddressFacts, ...]
    returned: bool = False
    """Whether the account had left this organization before, as somebody else."""
    invited: bool = False
    """Whether a member has not signed in yet.  Of guests nobody here learns that: their account is elsewhere."""


@dataclass(frozen=True, slots=True)
class MembershipFacts:
    """A person's place in one organization, for the interfaces' decisions."""

    organization_id: UUID
    slug: str
    name: str
    host: str
    guest: bool
    disabled: bool
    state: str


def person_in(organization_id: UUID, person_id: UUID) -> PersonFacts:
    """Return one person of the organization, or raise."""
    row = _places(organization_id).filter(person_id=person_id).first()
    if row is None:
        raise NotHere(_("There is no such person in this organization."))
    return _facts([row])[0]


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """How a person or an application is called, wherever they belong."""

    name: str
    email: str
    is_service: bool


def named_person(person_id: UUID) -> NamedPerson | None:
    """Return how a person is called, for the record of what they do; None when there is no such person."""
    row = Person.objects.filter(id=person_id).values_list("name", "email", "is_service").first()
    return None if row is None else NamedPerson(*row)


def shown_names(person_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return under which address, or else name, people are known, wherever they belong; for operators."""
    rows = Person.objects.filter(id__in=list(person_ids)).values_list("id", "email", "name")
    return {person_id: email or name for person_id, email, name in rows}


def called_here(organization_id: UUID, people: Iterable[UUID]) -> dict[UUID, str]:
    """Return how an organization calls those of the people who have a place in it: by address, applications by name."""
    facts = _facts(list(_places(organization_id).filter(person_id__in=list(people))))
    return {one.id: one.email or one.name for one in facts}


def language_of(person_id: UUID) -> str:
    """Return the language that somebody has chosen to read in, "" when they have chosen none."""
    return Person.objects.filter(id=person_id).values_list("language", flat=True).first() or ""


def zone_of(person_id: UUID) -> str:
    """Return the name of a person's time zone, UTC for somebody who is gone."""
    return Person.objects.filter(id=person_id).values_list("time_zone", flat=True).first() or "UTC"


def people_in(
    organization_id: UUID,
    *,
    search: str = "",
    sort: str = "email",
    after: str = "",
    limit: int = 50,
    roles: Collection[str] = (),
) -> tuple[PersonFacts, ...]:
    """Return people of the organization, sorted by one of ``ORDERS``, with ``-`` before it downwards.

    ``roles`` leaves those who hold one of them.  ``after`` is the ``place_in_list`` of the last one seen in this order.
    Applications have no address, so many share the first place in the usual order.
    """
    rows = _places(organization_id)
    if search:
        rows = _found(rows, search)
    held = None
    if roles:
        held = roles_in(organization_id)
        rows = rows.filter(
            person_id__in=[person for person, theirs in held.items() if not set(roles).isdisjoint(theirs)]
        )
    if after:
        rows = rows.filter(_behind(sort, after))
    down, order = "-" if sort.startswith("-") else "", ORDERS[sort.removeprefix("-")]
    return _facts(list(rows.order_by(f"{down}{order}", f"{down}person_id")[:limit]), held)


def addressees(organization_id: UUID, *, search: str, limit: int, guests: bool) -> tuple[PersonFacts, ...]:
    """Return those whom a policy can name as people: enabled, with an address, no programs, guests where asked for."""
    rows = _found(_places(organization_id), search).filter(
        disabled=False, person__is_service=False, shown_address__gt=""
    )
    if not guests:
        rows = rows.filter(guest=False)
    return _facts(list(rows.order_by("shown_address", "person_id")[:limit]))


def place_in_list(last: PersonFacts, sort: str = "email") -> str:
    """Return where ``people_in`` goes on after this person, in the same order."""
    name = sort.removeprefix("-")
    value = last.since.isoformat() if name == "since" else getattr(last, name)
    return f"{value} {last.id}"


def _behind(sort: str, place: str) -> Q:
    """Return what comes after a place; what is no place of this order leads to the beginning."""
    order, beyond = ORDERS[sort.removeprefix("-")], "lt" if sort.startswith("-") else "gt"
    text, _, identity = place.rpartition(" ")
    try:
        person = UUID(identity)
        value: str | datetime = datetime.fromisoformat(text) if order == "created_at" else text
    except ValueError:
        return Q(**{f"{order}__{beyond}": place}) if order == "shown_address" else Q()
    return Q(**{f"{order}__{beyond}": value}) | Q(**{order: value, f"person_id__{beyond}": person})


def count_in(organization_id: UUID, *, search: str = "") -> int:
    """Return how many people the organization has or a search finds, guests and applications included."""
    if search:
        return _found(_places(organization_id), search).count()
    return Membership.objects.within(organization_id).filter(removed_at__isnull=True).count()


def count_members(organization_id: UUID) -> int:
    """Return for how many people "everybody in the organization" stands: enabled members, no guests or programs."""
    rows = Membership.objects.within(organization_id).filter(removed_at__isnull=True, disabled=False, guest=False)
    return rows.filter(person__is_service=False).count()


def _found(rows: QuerySet[Any], search: str) -> QuerySet[Any]:
    """Find by name and address; members by each that is proven, guests by what was entered here alone."""
    others = Address.objects.filter(person=OuterRef("person"), address__icontains=search).exclude(proven_by="")
    shown = Q(shown_address__icontains=search) | Q(shown_name__icontains=search)
    return rows.filter(shown | Q(Exists(others), guest=False))


def people_with_domain(organization_id: UUID, domain: str) -> list[UUID]:
    """Return whose addresses of a mail domain count no more once the organization gives it up, one for each."""
    return list(address_holders.spoken_for(organization_id, domain).values_list("person_id", flat=True))


def memberships_of(person_id: UUID) -> tuple[MembershipFacts, ...]:
    """Return every organization in which the person has a place, by short name."""
    rows = (
        Membership.objects.of_person(person_id)
        .exclude(organization__state=Organization.State.ERASED)
        .filter(organization__hosts__is_primary=True)
        .order_by("organization__slug")
    )
    return tuple(
        MembershipFacts(*values)
        for values in rows.values_list(
            "organization_id", "organization__slug", "organization__name", "organization__hosts__name",
            "guest", "disabled", "organization__state",
        )
    )  # fmt: skip


def membership_at(organization_id: UUID, person_id: UUID) -> MembershipFacts | None:
    """Return the person's place in one organization, if they have one."""
    return next((place for place in memberships_of(person_id) if place.organization_id == organization_id), None)


def holder_of(address: str) -> UUID | None:
    """Return the person who has proven the address, in the whole installation; for identity, not for pages."""
    row = Address.objects.filter(address=naming.address(address)).exclude(proven_by="").first()
    return None if row is None else row.person_id


def reader_of(address: str) -> UUID | None:
    """Return the person who has proven the address, or else who opened documents by codes that were mailed to it."""
    rows = Address.objects.filter(address=naming.address(address))
    known = rows.exclude(proven_by="") | rows.filter(coded_until__isnull=False)
    return known.order_by("-proven_by").values_list("person_id", flat=True).first()


def person_known_as(organization_id: UUID, address: str) -> UUID | None:
    """Return the person whom the organization knows under a normal address: a guest under one only, a member by all."""
    return people_known_as(organization_id, [address]).get(address)


def people_known_as(organization_id: UUID, addresses: Iterable[str]) -> dict[str, UUID]:
    """Return the people whom the organization knows under normal addresses, as ``person_known_as`` does for one."""
    wanted = list(addresses)
    present = Membership.objects.within(organization_id).filter(removed_at__isnull=True)
    members = present.filter(guest=False).values("person_id")
    proven = Address.objects.filter(address__in=wanted, person_id__in=members).exclude(proven_by="")
    guests = present.filter(guest=True, address__in=wanted)
    return {**dict(proven.values_list("address", "person_id")), **dict(guests.values_list("address", "person_id"))}


def with_a_place(organization_id: UUID, people: Iterable[UUID]) -> set[UUID]:
    """Return those of the people who have a place in the organization, or had one until they were removed."""
    rows = Membership.objects.within(organization_id).filter(person_id__in=list(people))
    return set(rows.values_list("person_id", flat=True))


def enabled_among(organization_id: UUID, people: Iterable[UUID]) -> set[UUID]:
    """Return those of the people who are in the organization now and may act there, guests too."""
    rows = Membership.objects.within(organization_id).filter(removed_at__isnull=True, disabled=False)
    return set(rows.filter(person_id__in=list(people), person__is_active=True).values_list("person_id", flat=True))


def sessions_of(person_id: UUID) -> int:
    """Return in how many browsers a person is signed in."""
    return int(UserSession.objects.filter(user_id=person_id).count())


def person_with_login(address: str) -> UUID | None:
    """Return the person who signs in with the address, proven or not yet; for operators' commands."""
    normal = naming.address(address)
    known = holder_of(normal)
    if known is not None:
        return known
    return (
        Person.objects.filter(email=normal, is_service=False)
        .order_by("created_at")
        .values_list("id", flat=True)
        .first()
    )


def names_of(organization_id: UUID, person_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the names of those among the given people whom the organization may see."""
    rows = Membership.objects.within(organization_id).filter(person_id__in=list(person_ids)).select_related("person")
    return {row.person_id: row.known_name or row.known_address for row in rows}


def proven_addresses(person_id: UUID) -> tuple[str, ...]:
    """Return the person's own proven addresses; for themselves."""
    rows = Address.objects.filter(person_id=person_id).exclude(proven_by="").order_by("address")
    return tuple(rows.values_list("address", flat=True))


def _places(organization_id: UUID) -> QuerySet[Any]:
    """Return the organization's places with what it may see of the people, as ``shown_address`` and ``shown_name``."""
    rows = Membership.objects.within(organization_id).filter(removed_at__isnull=True).select_related("person")
    return rows.annotate(
        shown_address=Case(When(guest=True, address__gt="", then="address"), default="person__email"),
        shown_name=Case(When(guest=True, then="name"), default="person__name"),
        # A device is enrolled by a code of the operator's too, without any page.
        has_device=Exists(Device.objects.filter(person=OuterRef("person"))),
    )


def _facts(rows: list[Any], held: Mapping[UUID, tuple[str, ...]] | None = None) -> tuple[PersonFacts, ...]:
    """Return places as values; ``held`` are the roles that people hold, where they have been read already."""
    addresses: dict[UUID, list[AddressFacts]] = {}
    members = [row.person_id for row in rows if not row.guest]
    if held is None:
        held = roles_in(rows[0].organization_id, [row.person_id for row in rows]) if rows else {}
    known = Address.objects.filter(person_id__in=members).order_by("address")
    for person_id, address, proven_by in known.values_list("person_id", "address", "proven_by"):
        addresses.setdefault(person_id, []).append(AddressFacts(address, proven_by))
    return tuple(
        PersonFacts(
            id=row.person_id,
            name=row.known_name,
            email=row.known_address,
            roles=_roles(row, held.get(row.person_id, ())),
            guest=row.guest,
            disabled=row.disabled,
            is_service=row.person.is_service,
            language="" if row.guest else row.person.language,
            time_zone="" if row.guest else row.person.time_zone,
            since=row.created_at,
            addresses=tuple(addresses.get(row.person_id, ())),
            returned=row.returned_at is not None,
            invited=not row.guest
            and not row.person.is_service
            and row.person.last_login is None
            and not row.has_device,
        )
        for row in rows
    )


def _roles(row: Any, held: tuple[str, ...]) -> tuple[str, ...]:
    if row.person.is_service:
        return held
    return (GUEST,) if row.guest else (USER, *held)
