"""One row of the directory's statement for the hot path, as values."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from psycopg.rows import dict_row

from tenants import naming
from tenants.backend.prepared import prepared_cursor
from tenants.directory.statements import STANDING_SQL, SUBJECT_SQL, SUBJECTS_SQL
from tenants.organizations.models import Organization


@dataclass(frozen=True, slots=True)
class Place:
    """The person's place in one organization; ``vouches`` when it has proven a domain of one of their addresses."""

    organization_id: UUID
    guest: bool
    disabled: bool
    state: str
    vouches: bool


@dataclass(frozen=True, slots=True)
class GroupOf:
    """A group that holds the person, directly or not.

    ``live`` is false when nothing is given by it any more: it is archived, or holds them only through archived groups,
    or its organization is not active or has disabled them.  What is denied to it still is.
    """

    id: UUID
    organization_id: UUID
    address: str
    live: bool = True
    until: int | None = None
    """Until when the word of the person's home counts, in seconds since 1970; None for a group of this installation."""


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """The device of the request with its public keys."""

    id: UUID
    platform: str
    signing_algorithm: str
    signing_key: bytes
    encryption_kem: str
    encryption_key: bytes
    feed_id: bytes
    revoked: bool
    ends_at: datetime | None = None
    """When the tab of an outsider ends; None for every other device."""


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """Everything the directory knows that a decision may need, as of one statement.

    ``concerned`` and ``epoch`` go back into the statement that records the decision, which lets it in only when the sum
    is still the same.
    """

    person_id: UUID
    is_active: bool
    is_service: bool
    email: str
    name: str
    addresses: frozenset[str]
    places: tuple[Place, ...]
    groups: tuple[GroupOf, ...]
    domains: frozenset[str]
    device: DeviceKeys | None
    concerned: tuple[UUID, ...]
    epoch: int
    now: datetime
    handovers: Mapping[str, float] = field(default_factory=dict)
    """Domains of their addresses and groups that an organization gave up, and addresses that another person lost, with
    the moment of the last time."""
    blocks: tuple[str, ...] = ()
    """The addresses, domains and organizations' ids by which the organization asked keeps the person out."""
    roles: frozenset[str] = frozenset()
    """The roles that the person holds where they ask, of those rows alone that ``standing_row`` reads."""
    by_code: bool = False
    """Whether the address is proven by a mailed code alone, for an hour (docs/protocol.md P22)."""


def parameters(person_id: UUID, organization_id: UUID, device_id: UUID | None) -> dict[str, object]:
    """Return the parameters of ``SUBJECT_SQL``."""
    return {"person": person_id, "organization": organization_id, "device": device_id}


def subject_row(person_id: UUID, organization_id: UUID, device_id: UUID | None = None) -> SubjectRow | None:
    """Run the statement on Django's own connection; nothing when there is no such person."""
    return _one(SUBJECT_SQL, person_id, organization_id, device_id)


def standing_row(person_id: UUID, organization_id: UUID) -> SubjectRow | None:
    """Return the same with the roles that the person holds in the organization, in one statement too."""
    return _one(STANDING_SQL, person_id, organization_id, None)


def _one(statement: str, person_id: UUID, organization_id: UUID, device_id: UUID | None) -> SubjectRow | None:
    with prepared_cursor(dict_row) as cursor:
        cursor.execute(statement, parameters(person_id, organization_id, device_id))
        row = cursor.fetchone()
    return None if row is None else from_row(person_id, row)


def subject_rows(people: Collection[UUID], organization_id: UUID) -> dict[UUID, SubjectRow]:
    """Return the rows of many people without their devices, in one statement."""
    if not people:
        return {}
    with prepared_cursor(dict_row) as cursor:
        cursor.execute(SUBJECTS_SQL, {"people": list(people), "organization": organization_id, "device": None})
        return {row["wanted"]: from_row(row["wanted"], row) for row in cursor.fetchall()}


def from_row(person_id: UUID, row: Mapping[str, Any]) -> SubjectRow:
    """Turn the statement's row, by column names, into values."""
    addresses = frozenset(row["addresses"])
    mine = {naming.domain_of(address) for address in addresses}
    epochs = {row["asked"]: row["asked_epoch"]}
    places: list[Place] = []
    domains: set[str] = set()
    for organization, guest, disabled, state, epoch, proven in row["places"] or ():
        organization_id = UUID(organization)
        epochs[organization_id] = epoch
        vouches = not mine.isdisjoint(proven or ())
        places.append(Place(organization_id, guest, disabled, state, vouches))
        if not guest and not disabled:
            domains.update(proven or ())
    shut = {place.organization_id for place in places if place.disabled}
    groups: list[GroupOf] = []
    reached = _reached(row["ways"] or (), {group[0] for group in row["groups"] or () if group[-1]})
    for group, organization, address, state, epoch, _archived in row["groups"] or ():
        organization_id = UUID(organization)
        epochs[organization_id] = epoch
        live = state == Organization.State.ACTIVE and organization_id not in shut and group in reached
        groups.append(GroupOf(UUID(group), organization_id, address, live))
    groups += _claimed(row["claims"] or ())
    return SubjectRow(
        person_id=person_id,
        is_active=row["is_active"],
        is_service=row["is_service"],
        email=row["email"] or (min(addresses) if row["by_code"] else ""),
        name=row["name"],
        addresses=addresses,
        places=tuple(places),
        groups=tuple(groups),
        domains=frozenset(domains),
        device=_device(row),
        concerned=tuple(epochs),
        epoch=row["epoch"] + sum(epochs.values()),
        now=row["now"],
        handovers=row["handovers"] or {},
        blocks=tuple(row["blocks"] or ()),
        roles=frozenset(row.get("roles") or ()),
        by_code=row["by_code"],
    )


def from_json(person_id: UUID, row: Mapping[str, Any]) -> SubjectRow:
    """Turn a row that another statement read as JSON, which has no device, into values."""
    asked, now = UUID(row["asked"]), datetime.fromisoformat(row["now"])
    return from_row(person_id, {**row, "asked": asked, "now": now, "device_id": None})


def _reached(ways: Iterable[tuple[str, str | None]], archived: Collection[str]) -> set[str]:
    """Return the groups that hold the person through no archived one; each way is a group and the one below it."""
    above: dict[str | None, list[str]] = {}
    for group, below in ways:
        if group not in archived:
            above.setdefault(below, []).append(group)
    reached: set[str] = set()
    waiting = list(above.get(None, ()))
    while waiting:
        group = waiting.pop()
        if group not in reached:
            reached.add(group)
            waiting += above.get(group, ())
    return reached


def _claimed(claims: Iterable[tuple[str, Iterable[str], int]]) -> Iterable[GroupOf]:
    """Yield the groups that the person's home says they are in; the home takes the place of the organization."""
    for home, addresses, until in claims:
        for address in addresses:
            yield GroupOf(claimed_group(UUID(home), address), UUID(home), address, until=until)


def claimed_group(home_id: UUID, address: str) -> UUID:
    """Return the id of a group of another installation: what is granted to it is bound to this home of the domain.

    A home that takes its place one day has other ids, and inherits nothing.
    """
    return uuid5(home_id, address)


def _device(row: Mapping[str, Any]) -> DeviceKeys | None:
    if row["device_id"] is None:
        return None
    return DeviceKeys(
        id=row["device_id"],
        platform=row["platform"],
        signing_algorithm=row["signing_algorithm"],
        signing_key=bytes(row["signing_key"]),
        encryption_kem=row["encryption_kem"],
        encryption_key=bytes(row["encryption_key"]),
        feed_id=bytes(row["feed_id"]),
        revoked=row["device_revoked"],
        ends_at=row["device_ends_at"],
    )
