"""Carrying runs on in the background: read, compare, stop where too much would go, carry out, end.

Each step keeps how far it is in the transaction of what it does, so that a worker that is killed is followed by one
that goes on from there.  Reading alone begins anew, since a server forgets where a connection was.
"""

import logging
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chancery.texts import message
from portal.ldap.errors import CREDENTIALS, ServerFailed
from portal.notifications.directory_servers import mail_run_failed, mail_run_stopped
from portal.usecases.caller import caller_at
from portal.usecases.directory_servers.comparing import (
    add_missing,
    compare_groups,
    compare_people,
    takes_too_much,
)
from portal.usecases.directory_servers.groups import carry_out_groups, carry_out_members, remove_missing_groups
from portal.usecases.directory_servers.people import carry_out_people, remove_missing
from portal.usecases.directory_servers.reading import SECONDS, bound, can_go_on, position, read_into
from portal.usecases.provisioning.connections import administrators
from portal.usecases.provisioning.provisioner import Provisioner
from portal.words.kept_texts import kept
from tenants.directory.models import Person
from tenants.directory_servers.models import Run
from tenants.directory_servers.selectors import (
    RunFacts,
    ServerFacts,
    mode_due,
    run_in,
    server_in,
    servers_in,
    unfinished_runs,
)
from tenants.directory_servers.services import runs
from tenants.directory_servers.services.runs import Claim, RunLost
from tenants.organizations.selectors import OrganizationFacts, organization_by_id

SOURCE: Final = "ldap"
SLICE: Final = 120.0
"""Seconds after which a worker lets others have their turn; the next sweep goes on."""
FAILURES_MAILED: Final = 3
"""How many runs in a row fail before administrators are mailed."""
logger = logging.getLogger(__name__)


def carry_on_directory_servers(organization_id: UUID) -> int:
    """Begin what is due and carry on what is under way; return how many runs were worked on."""
    organization = organization_by_id(organization_id)
    if organization is None:
        return 0
    for server in servers_in(organization_id):
        mode = mode_due(organization_id, server.id, timezone.now())
        if mode:
            runs.ask_run(server=server, mode=mode, actor=None)
    worked = 0
    for run_id in unfinished_runs(organization_id):
        held = runs.claim(run_id)
        if held is None:
            continue
        worked += 1
        try:
            _work(organization, run_id, held)
        except RunLost:
            logger.info("The run %s is carried on by another worker, or was ended.", run_id)
    return worked


def _work(organization: OrganizationFacts, run_id: UUID, held: Claim) -> None:
    run = run_in(organization.id, run_id)
    server = server_in(organization.id, run.server_id)
    provisioner = _provisioner(organization, server)
    if runs.attempts_of(run_id) > runs.MOST_ATTEMPTS:
        interrupted = message("The run was interrupted several times without coming any further.")
        _failed(run, server, provisioner, ServerFailed("interrupted", interrupted))
        return
    if server.connection.ended:
        runs.abandon(server=server, run_id=run_id)
        return
    try:
        if run.state == Run.State.WAITING:
            _read(run, server, held)
    except ServerFailed as error:
        _failed(run, server, provisioner, error)
        return
    until = time.monotonic() + SLICE
    while True:
        run = run_in(organization.id, run_id)
        if not run.active:
            return
        if not _step(run, server, provisioner, held):
            continue
        if time.monotonic() > until:
            held.let_go()
            return


def _read(run: RunFacts, server: ServerFacts, held: Claim) -> None:
    """Read everything, or what has changed where that can be told, and go on to compare.  Raises ServerFailed."""
    with bound(server, seconds=SECONDS) as connection:
        start = position(server, connection)
        changes = run.mode == Run.Mode.CHANGES and can_go_on(server, start)
        if run.mode == Run.Mode.CHANGES and not changes:
            runs.read_completely(run.id)
            run = run_in(server.organization_id, run.id)
        end = read_into(run.id, server, connection, start, changes=changes, each=held.renew)
    with transaction.atomic():
        held.renew()
        if not changes:
            add_missing(run, server)
        runs.compare(run.id, end.as_json())


def _step(run: RunFacts, server: ServerFacts, provisioner: Provisioner, held: Claim) -> bool:
    """Do the next part of a run; return False when a state came to its end."""
    if run.state == Run.State.COMPARING:
        held.renew()
        if compare_people(run, server) or compare_groups(run, server):
            return True
        _compared(run, server, provisioner)
        return False
    steps: tuple[Callable[[], int], ...] = (
        lambda: remove_missing(run, provisioner, held),
        lambda: carry_out_people(run, server, provisioner, held),
        lambda: carry_out_groups(run, server, provisioner, held),
        lambda: carry_out_members(run, server, provisioner, held),
        lambda: remove_missing_groups(run, provisioner, held),
    )
    if any(step() for step in steps):
        return True
    runs.finish(server=server, run=run, actor=provisioner.caller.directory_actor)
    return False


def _compared(run: RunFacts, server: ServerFacts, provisioner: Provisioner) -> None:
    """End a try, stop a run that takes too much away, and let any other one be carried out."""
    actor = provisioner.caller.directory_actor
    if run.mode == Run.Mode.TRY:
        runs.finish(server=server, run=run, actor=actor)
    elif takes_too_much(run, server) and not run.let_through:
        runs.stop(server=server, run_id=run.id, actor=actor)
        page = run_page(provisioner.organization, server.id, run.id)
        mail_run_stopped(administrators(server.organization_id), server=server.name, page=page)
    else:
        runs.change(run.id)


def _failed(run: RunFacts, server: ServerFacts, provisioner: Provisioner, error: ServerFailed) -> None:
    wrong = error.reason == CREDENTIALS
    failures = runs.fail(
        server=server,
        run_id=run.id,
        reason=error.reason,
        failure=kept(error.message),
        remedy=kept(error.next_step),
        locked_out=wrong,
        actor=provisioner.caller.directory_actor,
    )
    if wrong or failures == FAILURES_MAILED:
        page = run_page(provisioner.organization, server.id, run.id)
        mail_run_failed(administrators(server.organization_id), server=server.name, why=error.message, page=page)


def _provisioner(organization: OrganizationFacts, server: ServerFacts) -> Provisioner:
    person = Person.objects.get(id=server.connection.person_id)
    caller = caller_at(organization, person, ip="", source=SOURCE)
    return Provisioner(caller, server.connection, organization, counted=True)


def run_page(organization: OrganizationFacts, server_id: UUID, run_id: UUID) -> str:
    """Return where administrators look at a run."""
    return f"{organization.origin}/people/directory-servers/{server_id}/runs/{run_id}/"
