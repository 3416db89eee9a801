"""Reading who holds which role, directly or by a group, and what was given to whom."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from chancery.policy.permission import Permission
from tenants.directory.errors import NotHere
from tenants.directory.models import RoleAssignment
from tenants.directory.roles import GUEST, USER, roles_with
from tenants.directory.statements import HELD_ROLES_SQL

_HELD: Final = """
SELECT * FROM ({held}) AS held
WHERE (%(people)s::uuid[] IS NULL OR held.holder = ANY(%(people)s::uuid[]))
  AND (%(roles)s::text[] IS NULL OR held.role = ANY(%(roles)s::text[]))
ORDER BY held.role, cardinality(held.path), held.path
""".replace("{held}", HELD_ROLES_SQL.replace("{organizations}", "%(organizations)s::uuid[]"))


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that somebody holds now; ``path`` are the groups by which they do, the one that was given it first."""

    assignment: UUID
    organization_id: UUID
    role: str
    holder: UUID
    path: tuple[str, ...]
    since: datetime
    given_by: UUID | None
    reason: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class AssignmentFacts:
    """A role as it was given: to a person, an application or a group, whom ``kind`` and ``whom`` name."""

    id: UUID
    role: str
    kind: str
    whom: str
    name: str
    person_id: UUID | None
    group_id: UUID | None
    since: datetime
    given_by: UUID | None
    reason: str
    ends_at: datetime | None
    for_group: str = ""
    """The address of the group for whose members alone an application writes by it."""


@dataclass(frozen=True, slots=True)
class WritesFor:
    """For whom an application protects documents that they then own."""

    everyone: bool
    groups: frozenset[UUID]
    itself: bool
    """Whether it protects documents of its own."""


def held_roles(
    organizations: Iterable[UUID], *, people: Iterable[UUID] | None = None, roles: Iterable[str] | None = None
) -> tuple[HeldRole, ...]:
    """Return the roles that people and applications hold now, each way to hold one on its own."""
    values = {
        "organizations": list(organizations),
        "people": None if people is None else list(people),
        "roles": None if roles is None else list(roles),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HELD, values)
        return tuple(
            HeldRole(row[0], row[1], row[2], row[3], tuple(row[4]), row[5], row[6], row[7], row[8])
            for row in cursor.fetchall()
        )


def roles_in(organization_id: UUID, people: Collection[UUID] | None = None) -> dict[UUID, tuple[str, ...]]:
    """Return the roles that each of the people, or anybody, was given or holds by a group, by the alphabet."""
    found: dict[UUID, set[str]] = {}
    for one in held_roles([organization_id], people=people) if people is None or people else ():
        found.setdefault(one.holder, set()).add(one.role)
    return {person: tuple(sorted(roles)) for person, roles in found.items()}


def roles_by_place(person_id: UUID, places: Mapping[UUID, bool]) -> dict[UUID, tuple[str, ...]]:
    """Return all roles of a person in organizations, each with whether they are a guest there, the place's first."""
    found: dict[UUID, set[str]] = {organization: set() for organization in places}
    for one in held_roles(places, people=[person_id]) if places else ():
        found[one.organization_id].add(one.role)
    return {
        organization: (GUEST,) if places[organization] else (USER, *sorted(roles))
        for organization, roles in found.items()
    }


def holders(organization_id: UUID, roles: Iterable[str]) -> frozenset[UUID]:
    """Return the people who hold one of the roles."""
    return frozenset(one.holder for one in held_roles([organization_id], roles=roles))


def assignments_in(
    organization_id: UUID, *, role: str = "", after: UUID | None = None, limit: int = 50
) -> tuple[AssignmentFacts, ...]:
    """Return what was given and has not ended, the oldest first; ``after`` is the id of the last one seen."""
    rows = _assignments(organization_id)
    if role:
        rows = rows.filter(role=role)
    last = None if after is None else RoleAssignment.objects.within(organization_id).filter(id=after).first()
    if last is not None:
        rows = rows.filter(Q(since__gt=last.since) | Q(since=last.since, id__gt=last.id))
    return tuple(_facts(row) for row in rows.order_by("since", "id")[:limit])


def assignment_in(organization_id: UUID, assignment: UUID) -> AssignmentFacts:
    """Return one role as it was given.  Raises NotHere."""
    row = _assignments(organization_id).filter(id=assignment).first()
    if row is None:
        raise NotHere(_("There is no such role to end; it may have ended already."))
    return _facts(row)


def assignments_of(organization_id: UUID, person_id: UUID) -> tuple[AssignmentFacts, ...]:
    """Return what one person or application was given itself and has not ended, the oldest first."""
    return tuple(
        _facts(row) for row in _assignments(organization_id).filter(person_id=person_id).order_by("since", "id")
    )


def writes_for(organization_id: UUID, application_person: UUID) -> WritesFor:
    """Return for whom an application may protect now, by the roles that it was given."""
    rows = RoleAssignment.objects.within(organization_id).filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=Now()), person_id=application_person
    )
    held: list[tuple[str, UUID | None]] = list(rows.values_list("role", "for_group_id"))
    for_others = [group for role, group in held if role in roles_with(Permission.FILES_PROTECT_FOR_OTHERS)]
    return WritesFor(
        everyone=None in for_others,
        groups=frozenset(group for group in for_others if group is not None),
        itself=any(role in roles_with(Permission.FILES_PROTECT) for role, _group in held),
    )


def with_ending_roles(schemas: Iterable[str], *, within: timedelta) -> set[str]:
    """Return those of the schemas whose organizations have a role that has ended, or one to announce the end of."""
    now = timezone.now()
    rows = RoleAssignment.objects.of_installation().filter(organization__schema_name__in=list(schemas))
    due = rows.filter(Q(ends_at__lte=now) | Q(ends_at__lte=now + within, warned_at__isnull=True))
    return set(due.values_list("organization__schema_name", flat=True))


def _assignments(organization_id: UUID) -> QuerySet[Any]:
    rows = RoleAssignment.objects.within(organization_id).filter(Q(ends_at__isnull=True) | Q(ends_at__gt=Now()))
    return (
        rows.select_related("person", "group", "for_group")
        .annotate(client=F("person__api_client__client_id"), disabled_client=F("person__api_client__disabled_at"))
        .exclude(disabled_client__isnull=False)
    )


def _facts(row: Any) -> AssignmentFacts:
    if row.group is not None:
        kind, whom, name = "group", row.group.address, row.group.name
    elif row.person.is_service:
        kind, whom, name = "application", row.client, row.person.name
    else:
        kind, whom, name = "person", row.person.email, row.person.name
    return AssignmentFacts(
        id=row.id,
        role=row.role,
        kind=kind,
        whom=whom,
        name=name,
        person_id=row.person_id,
        group_id=row.group_id,
        since=row.since,
        given_by=row.given_by,
        reason=row.reason,
        ends_at=row.ends_at,
        for_group="" if row.for_group is None else row.for_group.address,
    )
