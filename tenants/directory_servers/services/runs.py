"""Begin, carry on and end a run: one at a time for each server, by one worker at a time."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.connections.selectors import ConnectionFacts
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory_servers.models import DirectoryServer, Found, Known, Run
from tenants.directory_servers.selectors import ACTIVE, RunFacts, ServerFacts, counts_of, run_in
from tenants.events import DirectoryKind

BUSY: Final = timedelta(seconds=60)
"""For how long a worker is left alone with a run without a sign of it."""
MOST_ATTEMPTS: Final = 5
KEPT: Final = 30
"""How many runs of a server are kept."""
_OUTCOMES: Final = """
update public.directory_servers_found f
set outcome = v.outcome, changes = v.changes::jsonb, reason = v.reason::jsonb, done = v.done,
  members_done = v.members_done,
  wanted = case when f.wanted ? 'active' then jsonb_set(f.wanted, '{active}', to_jsonb(v.active)) else f.wanted end
from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::boolean[], %s::boolean[])
  as v(id, outcome, changes, reason, active, done, members_done)
where f.id = v.id
"""


class RunLost(Exception):
    """Another worker has taken the run over, or it was ended; what was under way is given up."""


@dataclass
class Claim:
    """One worker's hold on a run: ``until`` is written with each batch, and is nobody else's."""

    run_id: UUID
    until: datetime

    def renew(self) -> None:
        """Go on for another while, in the transaction of what is done.  Raises RunLost."""
        until = timezone.now() + BUSY
        rows = Run.objects.of_installation().filter(id=self.run_id, busy_until=self.until, state__in=ACTIVE)
        if not rows.update(busy_until=until, attempts=0):
            raise RunLost
        self.until = until

    def let_go(self) -> None:
        """Leave it to whoever comes next."""
        Run.objects.of_installation().filter(id=self.run_id, busy_until=self.until).update(busy_until=None)


@transaction.atomic
def ask_run(*, server: ServerFacts, mode: str, actor: Actor | None) -> RunFacts:
    """Let a run begin; without an actor the schedule asks.  Raises DirectoryRefused while another one goes on."""
    if server.connection.ended:
        raise DirectoryRefused(_("This connection has ended. Make a new one."))
    if not server.has_password:
        raise DirectoryRefused(_("The bind account has no password yet."))
    if mode == Run.Mode.CHANGES and server.cursor is None:
        mode = Run.Mode.COMPLETE
    try:
        with transaction.atomic():
            made = Run.objects.create(
                organization_id=server.organization_id,
                server_id=server.id,
                mode=mode,
                asked_by=None if actor is None else actor.person_id,
            )
    except IntegrityError:
        raise DirectoryRefused(_("A run of this server goes on already.")) from None
    _forget_old(server.id)
    if actor is not None:
        DirectoryServer.objects.of_installation().filter(pk=server.id).update(locked_out=False)
        _note(DirectoryKind.DIRECTORY_SERVER_ASKED, server.connection, actor, made.id, {"mode": mode})
    return run_in(server.organization_id, made.id)


def claim(run_id: UUID) -> Claim | None:
    """Take a run that nobody carries on now; None where somebody does."""
    now = timezone.now()
    until = now + BUSY
    rows = Run.objects.of_installation().filter(id=run_id, state__in=ACTIVE)
    free = rows.filter(busy_until__isnull=True) | rows.filter(busy_until__lt=now)
    taken = free.update(busy_until=until, attempts=F("attempts") + 1)
    return Claim(run_id, until) if taken else None


def attempts_of(run_id: UUID) -> int:
    """Return how often a run was taken without coming any further."""
    return Run.objects.of_installation().values_list("attempts", flat=True).get(id=run_id)


def read_completely(run_id: UUID) -> None:
    """Let a run of changes be a complete one: the server is another one, or was set back, since the last one."""
    Run.objects.of_installation().filter(id=run_id).update(mode=Run.Mode.COMPLETE)


def compare(run_id: UUID, cursor: Mapping[str, Any] | None) -> None:
    """Note that everything is read, up to this point of the server's own time."""
    Run.objects.of_installation().filter(id=run_id).update(
        state=Run.State.COMPARING, cursor=None if cursor is None else dict(cursor), counts=counts_of(run_id)
    )


def change(run_id: UUID) -> None:
    """Note that everything is compared, and is carried out from now on."""
    Run.objects.of_installation().filter(id=run_id).update(state=Run.State.CHANGING, counts=counts_of(run_id))


@transaction.atomic
def stop(*, server: ServerFacts, run_id: UUID, actor: Actor) -> None:
    """Let a run wait for an administrator, since it would take too much away."""
    counts = counts_of(run_id)
    Run.objects.of_installation().filter(id=run_id).update(state=Run.State.STOPPED, counts=counts, busy_until=None)
    _note(DirectoryKind.DIRECTORY_SERVER_STOPPED, server.connection, actor, run_id, counts)


@transaction.atomic
def let_through(*, server: ServerFacts, run_id: UUID, reason: str, actor: Actor) -> bool:
    """Let a stopped run go on; return whether it was stopped.  Raises DirectoryRefused while another one goes on."""
    rows = Run.objects.within(server.organization_id).filter(id=run_id, state=Run.State.STOPPED)
    try:
        with transaction.atomic():
            done = rows.update(state=Run.State.CHANGING, let_through=True, busy_until=None, attempts=0)
    except IntegrityError:
        raise DirectoryRefused(_("A run of this server goes on already.")) from None
    if done:
        _note(DirectoryKind.DIRECTORY_SERVER_LET_THROUGH, server.connection, actor, run_id, {"reason": reason})
    return bool(done)


@transaction.atomic
def abandon(*, server: ServerFacts, run_id: UUID) -> bool:
    """End a run that is stopped or goes on; what it has done stays.  Return whether there was one."""
    rows = Run.objects.within(server.organization_id).filter(id=run_id, state__in=[*ACTIVE, Run.State.STOPPED])
    return bool(rows.update(state=Run.State.ABANDONED, ended_at=timezone.now(), counts=counts_of(run_id)))


@transaction.atomic
def finish(*, server: ServerFacts, run: RunFacts, actor: Actor) -> None:
    """End a run that is done: what stayed the same is forgotten, and changes are read from its point on."""
    row = Run.objects.within(server.organization_id).select_for_update().get(id=run.id)
    now, counts = timezone.now(), counts_of(run.id)
    row.state, row.ended_at, row.counts, row.busy_until = Run.State.DONE, now, counts, None
    row.save(update_fields=["state", "ended_at", "counts", "busy_until"])
    Found.objects.filter(run_id=run.id, outcome=Found.Outcome.SAME).delete()
    values: dict[str, Any] = {"failures": 0, "locked_out": False}
    if run.mode != Run.Mode.TRY:
        values |= {"cursor": row.cursor, "changed_until": row.asked_at}
    if run.mode == Run.Mode.COMPLETE:
        values["complete_at"] = row.asked_at
    DirectoryServer.objects.of_installation().filter(pk=server.id).update(**values)
    _note(DirectoryKind.DIRECTORY_SERVER_READ, server.connection, actor, run.id, {"mode": run.mode, **counts})


@transaction.atomic
def fail(
    *,
    server: ServerFacts,
    run_id: UUID,
    reason: str,
    failure: Mapping[str, Any],
    remedy: Mapping[str, Any],
    locked_out: bool,
    actor: Actor,
) -> int:
    """End a run that failed, and return how many have failed in a row."""
    ended = Run.objects.of_installation().filter(id=run_id, state__in=ACTIVE)
    if not ended.update(
        state=Run.State.FAILED,
        ended_at=timezone.now(),
        busy_until=None,
        reason=reason,
        failure=dict(failure),
        remedy=dict(remedy),
        counts=counts_of(run_id),
    ):
        return 0
    Found.objects.filter(run_id=run_id, outcome__in=[Found.Outcome.UNKNOWN, Found.Outcome.SAME]).delete()
    rows = DirectoryServer.objects.of_installation().filter(pk=server.id)
    rows.update(failures=F("failures") + 1, locked_out=locked_out)
    _note(DirectoryKind.DIRECTORY_SERVER_FAILED, server.connection, actor, run_id, {"reason": reason})
    return rows.values_list("failures", flat=True).get()


def keep_found(rows: Iterable[Found]) -> None:
    """Write what was read; what a run has already, by another base or by an earlier attempt, is written anew."""
    Found.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["run", "kind", "external_id"],
        update_fields=["key", "address", "label", "wanted", "outcome", "changes", "reason", "members_done"],
    )


def keep_outcomes(rows: Sequence[Found]) -> None:
    """Write what rows came to and whether that is done, in one statement for all."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OUTCOMES,
            [
                [row.pk for row in rows],
                [row.outcome for row in rows],
                [json.dumps(row.changes) for row in rows],
                [json.dumps(row.reason) for row in rows],
                [row.wanted.get("active", True) for row in rows],
                [row.done for row in rows],
                [row.members_done for row in rows],
            ],
        )


def keep_known(server_id: UUID, rows: Iterable[tuple[str, str, str, UUID]]) -> None:
    """Write under which names people and groups are known: kind, id there, name, and id here."""
    Known.objects.bulk_create(
        [
            Known(server_id=server_id, kind=kind, external_id=external, key=key, resource_id=resource)
            for kind, external, key, resource in rows
        ],
        update_conflicts=True,
        unique_fields=["server", "kind", "external_id"],
        update_fields=["key", "resource_id"],
    )


def run_or_refuse(organization_id: UUID, server_id: UUID, run_id: UUID) -> RunFacts:
    """Return a run of this server.  Raises NotHere."""
    found = run_in(organization_id, run_id)
    if found.server_id != server_id:
        raise NotHere(_("There is no such run of a directory server in this organization."))
    return found


def _forget_old(server_id: UUID) -> None:
    rows = Run.objects.of_installation().filter(server_id=server_id).exclude(state__in=[*ACTIVE, Run.State.STOPPED])
    kept = list(rows.order_by("-asked_at").values_list("id", flat=True)[:KEPT])
    rows.exclude(id__in=kept).delete()


def _note(kind: DirectoryKind, acting: ConnectionFacts, actor: Actor, run_id: UUID, details: Mapping[str, Any]) -> None:
    note(
        kind=kind,
        organizations=[acting.organization_id],
        actor=actor,
        title=acting.name,
        details={"connection": str(acting.id), "run": str(run_id), **details},
    )
