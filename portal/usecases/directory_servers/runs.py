"""Runs of a directory server, as administrators ask for them, let them through, and give them up."""

from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed
from portal.usecases.effects import Effect, effect
from portal.usecases.roles import require_second_factor
from tenants.directory.errors import DirectoryRefused
from tenants.directory_servers.models import Run
from tenants.directory_servers.selectors import RunFacts, ServerFacts, found_in, server_in
from tenants.directory_servers.services import runs

MODES: Final = ("complete", "changes", "try")
NAMED: Final = 10
"""How many of those who are taken away the question names."""


def ask(*, caller: Caller, server_id: UUID, mode: str) -> Effect:
    """Let a run begin within seconds.  Raises NotHere, and DirectoryRefused while another one goes on."""
    server = server_in(caller.organization, server_id)
    require_second_factor(caller, server.connection.may)
    if mode not in MODES:
        raise DirectoryRefused(_("A run is {known}.").format(known=", ".join(MODES)))
    made = runs.ask_run(server=server, mode=mode, actor=caller.directory_actor)
    words = {
        "complete": _("Everything of “{name}” is read now."),
        "changes": _("What has changed at “{name}” is read now."),
        "try": _("“{name}” is read now. Nothing is changed."),
    }
    return effect(True, words[made.mode].format(name=server.name), "", id=str(made.id))


def let_through(*, caller: Caller, server_id: UUID, run_id: UUID, stated: Stated) -> Effect:
    """Let a stopped run take away whom it means.  Raises NotHere and what ``confirmed`` raises."""
    server = server_in(caller.organization, server_id)
    require_second_factor(caller, server.connection.may)
    run = runs.run_or_refuse(caller.organization, server_id, run_id)
    state = _("This run is not stopped.")
    if run.state != Run.State.STOPPED:
        return effect(False, "", state)

    def act(reason: str) -> bool:
        return runs.let_through(server=server, run_id=run_id, reason=reason, actor=caller.directory_actor)

    done = _("The run goes on and takes away whom it names.")
    return effect(confirmed(_letting(server, run), stated, act), done, state)


def give_up(*, caller: Caller, server_id: UUID, run_id: UUID) -> Effect:
    """End a run that is stopped or goes on; what it has done stays.  Raises NotHere."""
    server = server_in(caller.organization, server_id)
    runs.run_or_refuse(caller.organization, server_id, run_id)
    done = _("The run is given up. What it had changed stays.")
    return effect(runs.abandon(server=server, run_id=run_id), done, _("This run is over."))


def _letting(server: ServerFacts, run: RunFacts) -> ConfirmationPrompt:
    people = run.counts.get("person.remove", 0) + run.counts.get("person.disable", 0)
    groups = run.counts.get("group.remove", 0)
    rows = [
        one.label
        for outcome in ("remove", "disable")
        for one in found_in(run.id, organization_id=server.organization_id, outcome=outcome, limit=NAMED)
    ][:NAMED]
    more = people + groups - len(rows)
    named = ", ".join(rows) + (f" (+ {grouped(more)})" if more > 0 else "")
    return ConfirmationPrompt(
        question=_("Let this run take away so many?"),
        consequences=(
            ngettext(
                "{number} person is disabled, and opens nothing from then on.",
                "{number} people are disabled, and open nothing from then on.",
                people,
            ).format(number=grouped(people)),
            _("Groups that are deleted or archived: {number}.").format(number=grouped(groups)),
            _("It means: {names}").format(names=named),
        ),
        button=_("Let it through"),
        confirm=server.name,
        needs_reason=True,
        needs_fresh=True,
    )
