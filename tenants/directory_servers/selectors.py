"""Reading directory servers, their runs, and what a run found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, overload
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.connections.selectors import ConnectionFacts, connection_in
from tenants.directory.errors import NotHere
from tenants.directory_servers.models import DirectoryServer, Found, Run

ACTIVE: Final = (Run.State.WAITING, Run.State.COMPARING, Run.State.CHANGING)
DAY: Final = timedelta(hours=24)
"""How often everything is read, where changes are read at all: what has vanished is found by that alone."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """One server with the connection that it acts as; ``has_password`` tells of the password, and nothing else does."""

    id: UUID
    organization_id: UUID
    connection: ConnectionFacts
    kind: str
    host: str
    port: int
    security: str
    authority: str
    bind_name: str
    has_password: bool
    people_base: str
    people_filter: str
    groups_base: str
    groups_filter: str
    attributes: Mapping[str, str] = field(hash=False)
    every_minutes: int
    most_percent: int
    cursor: Mapping[str, Any] | None = field(hash=False)
    changed_until: datetime | None
    complete_at: datetime | None
    failures: int
    locked_out: bool

    @property
    def name(self) -> str:
        """Return how people call it."""
        return self.connection.name


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run; ``counts`` say how many of each kind came to which outcome, as ``person.add``."""

    id: UUID
    server_id: UUID
    mode: str
    state: str
    asked_by: UUID | None
    asked_at: datetime
    ended_at: datetime | None
    let_through: bool
    counts: Mapping[str, int] = field(hash=False)
    reason: str
    failure: Mapping[str, Any] = field(hash=False)
    remedy: Mapping[str, Any] = field(hash=False)

    @property
    def active(self) -> bool:
        """Tell whether it goes on by itself."""
        return self.state in ACTIVE


@dataclass(frozen=True, slots=True)
class FoundFacts:
    """One person or group of a run, with what differs in lines that people read."""

    id: int
    kind: str
    label: str
    outcome: str
    changes: tuple[str, ...]
    reason: Mapping[str, Any] = field(hash=False)


def servers_in(organization_id: UUID) -> tuple[ServerFacts, ...]:
    """Return the organization's servers by name, ended ones last."""
    found = [_facts(row) for row in DirectoryServer.objects.within(organization_id)]
    return tuple(sorted(found, key=lambda one: (one.connection.ended, one.name, str(one.id))))


def server_in(organization_id: UUID, server_id: UUID) -> ServerFacts:
    """Return one server.  Raises NotHere."""
    row = DirectoryServer.objects.within(organization_id).filter(pk=server_id).first()
    if row is None:
        raise NotHere(_("There is no such directory server in this organization."))
    return _facts(row)


def sealed_password_of(server_id: UUID) -> bytes | None:
    """Return the bind account's password as it is kept; for the bind alone."""
    rows = DirectoryServer.objects.of_installation().filter(pk=server_id)
    found = rows.values_list("sealed_password", flat=True).first()
    return None if found is None else bytes(found)


def runs_of(server_id: UUID, *, organization_id: UUID, limit: int) -> tuple[RunFacts, ...]:
    """Return the latest runs, newest first."""
    rows = Run.objects.within(organization_id).filter(server_id=server_id).order_by("-asked_at")[:limit]
    return tuple(_run(row) for row in rows)


def run_in(organization_id: UUID, run_id: UUID) -> RunFacts:
    """Return one run.  Raises NotHere."""
    row = Run.objects.within(organization_id).filter(id=run_id).first()
    if row is None:
        raise NotHere(_("There is no such run of a directory server in this organization."))
    return _run(row)


def found_in(
    run_id: UUID, *, organization_id: UUID, outcome: str = "", after: int = 0, limit: int = 50
) -> tuple[FoundFacts, ...]:
    """Return what a run found and would change or set aside, in the order of their reading."""
    rows = _differing(run_id, organization_id, outcome).filter(id__gt=after)
    return tuple(_found(row) for row in rows[:limit])


def counts_of(run_id: UUID) -> dict[str, int]:
    """Return how many of each kind came to which outcome; what is not compared yet counts as ``read``."""
    rows = Found.objects.filter(run_id=run_id).values_list("kind", "outcome").annotate(number=Count("id"))
    return {f"{kind}.{outcome or 'read'}": number for kind, outcome, number in rows}


def organizations_with_work(schemas: Iterable[str]) -> set[str]:
    """Return the schemas of those organizations that have a run to carry on, or one to begin."""
    now = timezone.now()
    wanted = list(schemas)
    rows = Run.objects.of_installation().filter(state__in=ACTIVE, organization__schema_name__in=wanted)
    idle = rows.filter(Q(busy_until__isnull=True) | Q(busy_until__lt=now))
    busy = set(idle.values_list("organization__schema_name", flat=True))
    scheduled = DirectoryServer.objects.of_installation().filter(
        every_minutes__gt=0, locked_out=False, organization__schema_name__in=wanted
    )
    for row in scheduled.select_related("organization"):
        if row.organization.schema_name not in busy and mode_due(row.organization_id, row.pk, now):
            busy.add(row.organization.schema_name)
    return busy


def mode_due(organization_id: UUID, server_id: UUID, now: datetime) -> str:
    """Return which kind of run the schedule asks for now, "" for none.

    Nothing is begun while a run goes on or waits for an administrator, nor before the time of one round has passed
    since the last one, also where that one failed.
    """
    server = server_in(organization_id, server_id)
    if not server.every_minutes or server.locked_out or not server.has_password:
        return ""
    if server.connection.ended or server.connection.stopped_at is not None:
        return ""
    runs = Run.objects.within(organization_id).filter(server_id=server_id).exclude(mode=Run.Mode.TRY)
    last = runs.order_by("-asked_at").first()
    if last is not None and last.state in {*ACTIVE, Run.State.STOPPED}:
        return ""
    if last is not None and last.asked_at > now - timedelta(minutes=server.every_minutes):
        return ""
    complete = server.cursor is None or server.complete_at is None or server.complete_at < now - DAY
    return Run.Mode.COMPLETE if complete else Run.Mode.CHANGES


def unfinished_runs(organization_id: UUID) -> Sequence[UUID]:
    """Return the runs that go on by themselves and that nobody carries on now."""
    rows = Run.objects.within(organization_id).filter(state__in=ACTIVE)
    idle = rows.filter(Q(busy_until__isnull=True) | Q(busy_until__lt=timezone.now()))
    return list(idle.order_by("asked_at").values_list("id", flat=True))


def _facts(row: DirectoryServer) -> ServerFacts:
    return ServerFacts(
        id=row.pk,
        organization_id=row.organization_id,
        connection=connection_in(row.organization_id, row.pk),
        kind=row.kind,
        host=row.host,
        port=row.port,
        security=row.security,
        authority=row.authority,
        bind_name=row.bind_name,
        has_password=row.sealed_password is not None,
        people_base=row.people_base,
        people_filter=row.people_filter,
        groups_base=row.groups_base,
        groups_filter=row.groups_filter,
        attributes=row.attributes,
        every_minutes=row.every_minutes,
        most_percent=row.most_percent,
        cursor=row.cursor,
        changed_until=row.changed_until,
        complete_at=row.complete_at,
        failures=row.failures,
        locked_out=row.locked_out,
    )


def _run(row: Run) -> RunFacts:
    return RunFacts(
        id=row.id,
        server_id=row.server_id,
        mode=row.mode,
        state=row.state,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        let_through=row.let_through,
        counts=row.counts,
        reason=row.reason,
        failure=row.failure,
        remedy=row.remedy,
    )


class FoundRows(Sequence[FoundFacts]):
    """What a run came to, read part by part: a list for pages, of which there may be a hundred thousand."""

    def __init__(self, run_id: UUID, *, organization_id: UUID, outcome: str = "") -> None:
        """Read nothing yet."""
        self._rows = _differing(run_id, organization_id, outcome)
        self._number: int | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        if self._number is None:
            self._number = self._rows.count()
        return self._number

    @overload
    def __getitem__(self, place: int) -> FoundFacts: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[FoundFacts]: ...
    def __getitem__(self, place: int | slice) -> FoundFacts | Sequence[FoundFacts]:
        """Return one part."""
        rows = self._rows[place] if isinstance(place, slice) else [self._rows[place]]
        found = tuple(_found(row) for row in rows)
        return found if isinstance(place, slice) else found[0]


def _differing(run_id: UUID, organization_id: UUID, outcome: str) -> QuerySet[Found]:
    rows = Found.objects.filter(run_id=run_id, run__organization_id=organization_id).order_by("id")
    return rows.filter(outcome=outcome) if outcome else rows.exclude(outcome__in=["", Found.Outcome.SAME])


def _found(row: Found) -> FoundFacts:
    return FoundFacts(row.id, row.kind, row.label, row.outcome, tuple(row.changes), row.reason)
