"""``bulk``: whole folders are protected, protected anew, labeled, or have their protection removed."""

import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chancery.bulk import journal as steps
from chancery.bulk import work
from chancery.bulk.acts import Act, Protect, Relabel, Reprotect, Unprotect
from chancery.bulk.finding import Found, find
from chancery.bulk.journal import Item, Journal, new_run
from chancery.bulk.kinds import Kind
from chancery.bulk.report import OF_A_RUN, OF_FILES, row_of, rows_of, write_report
from chancery.bulk.work import Outcome
from chancery.cli import tables
from chancery.cli.confirming import YES
from chancery.cli.exit_codes import exit_code
from chancery.cli.output import Output
from chancery.cli.policy import DENY, EXPIRES, GRANT_HELP, limits
from chancery.cli.protecting import check_one_source, protect_options
from chancery.cli.session import signed_in
from chancery.cli.tables import LIMIT, WIDE
from chancery.errors import ChanceryError
from chancery.sdk.errors import Misused
from chancery.sdk.home import Home
from chancery.sdk.licensed import taken
from chancery.sdk.session import Session
from chancery.texts import joined, message, plural_message

C = TypeVar("C", bound=Callable[..., None])

PLACES: Final = click.argument(
    "places", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, resolve_path=True)
)
RUN: Final = click.argument("run", required=False)
DRY: Final = click.option("--dry-run", is_flag=True, help="Change nothing; list what would be worked on.")
REPORT: Final = click.option(
    "--report",
    "target",
    type=click.Path(path_type=Path),
    help="Write what became of each file: a CSV, or JSON if its name ends so.",
)


def _as_chosen(command: C) -> C:
    """Give a command the options that say how files are to be protected."""
    options = (
        click.option("--template", help="Protect by this template (its name or id)."),
        click.option("--label", help="Protect by this label (its name or id)."),
        click.option("--grant", "grants", multiple=True, metavar="WHO:RIGHTS", help=GRANT_HELP),
        DENY,
        EXPIRES,
        limits,
        click.option("--organization", help="Protect for this organization, if you belong to several."),
    )
    return functools.reduce(lambda made, option: option(made), reversed(options), command)


@click.group("bulk")
def bulk() -> None:
    """Work on whole folders, archives and mails.

    A run can be killed at any moment and goes on with: chancery bulk resume
    """


@bulk.command("report")
@PLACES
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), help="Write a CSV, or JSON, instead.")
@LIMIT
@WIDE
@click.pass_obj
def report(output: Output, places: tuple[Path, ...], target: Path | None, limit: int | None) -> None:
    """List what is protected in folders, archives and mails.

    Needs no sign-in, and opens nothing.
    """
    found = _found(output, places, Kind.SEALED)
    rows = [row_of(item) for item in found.items]
    if target is not None:
        write_report(_untaken(target), OF_FILES, rows)
        counted = plural_message(
            "{count} file is listed in {target}.", "{count} files are listed in {target}.", len(rows), target=target
        )
        output.result({"files": len(rows), "report": str(target)}, counted)
        return
    empty = message("Nothing here is protected.")
    columns = ["file", "kind", "inside", "size", "cid"]
    tables.show(output, _shown(output, rows), columns, empty=empty, limit=limit, beside=_left_out(found))


@bulk.command("unprotect")
@PLACES
@DRY
@REPORT
@YES
@click.pass_obj
def unprotect(output: Output, places: tuple[Path, ...], target: Path | None, *, dry_run: bool, yes: bool) -> None:
    """Put plain files in the place of sealed ones.

    Needs the right to export. Also in archives (.zip), in mails (.eml, .mbox), and in what is inside those.
    """
    _begin(output, Unprotect.name, {}, places, target, dry_run=dry_run, yes=yes)


@bulk.command("reprotect")
@PLACES
@_as_chosen
@DRY
@REPORT
@YES
@click.pass_obj
def reprotect(
    output: Output, /, places: tuple[Path, ...], target: Path | None, *, dry_run: bool, yes: bool, **options: Any
) -> None:
    """Protect sealed files anew, as documents of your own.

    Needs the right to export. Copies elsewhere keep their former protection.
    """
    _begin(output, Reprotect.name, options, places, target, dry_run=dry_run, yes=yes)


@bulk.command("protect")
@PLACES
@_as_chosen
@DRY
@REPORT
@YES
@click.pass_obj
def protect(
    output: Output, /, places: tuple[Path, ...], target: Path | None, *, dry_run: bool, yes: bool, **options: Any
) -> None:
    """Put sealed files in the place of plain ones.

    Each plain file is removed when its sealed one was read once more.
    """
    _begin(output, Protect.name, options, places, target, dry_run=dry_run, yes=yes)


@bulk.command("relabel")
@PLACES
@click.option("--label", required=True, help="The label (its name or id).")
@click.option("--justification", default="", help="Why the protection is lowered; the audit log keeps it.")
@DRY
@REPORT
@YES
@click.pass_obj
def relabel(
    output: Output, /, places: tuple[Path, ...], target: Path | None, *, dry_run: bool, yes: bool, **options: Any
) -> None:
    """Give sealed files another label.

    Their protection is kept, replaced or removed, as the label says.
    """
    _begin(output, Relabel.name, options, places, target, dry_run=dry_run, yes=yes)


@bulk.command("runs")
@WIDE
@click.pass_obj
def runs(output: Output) -> None:
    """List what was done in bulk on this device, the newest first."""
    found = sorted(Journal.every(Home.default()), key=lambda journal: journal.run.began, reverse=True)
    rows = [_row(journal) for journal in found]
    columns = ["id", "act", "files", "done", "failed", "open", "undone"]
    tables.show(output, rows, columns, empty=message("Nothing was done in bulk on this device."))


@bulk.command("resume")
@RUN
@REPORT
@click.pass_obj
def resume(output: Output, run: str | None, target: Path | None) -> None:
    """Go on with RUN, the newest if none is named.

    What failed is tried again.
    """
    with _running(output, run) as (session, journal):
        _carry_out(output, journal, _act(session, journal), target)


@bulk.command("undo")
@RUN
@REPORT
@YES
@click.pass_obj
def undo(output: Output, run: str | None, target: Path | None, *, yes: bool) -> None:
    """Put back everything as it was before RUN.

    What was changed since is left, and reported. The record of what was opened stays.
    """
    with _running(output, run) as (session, journal):
        count = sum(state["state"] == steps.DONE for state in journal.states().values())
        if not yes:
            question = plural_message("Put {count} file back?", "Put {count} files back?", count)
            output.confirm(question)
        _follow(output, journal, work.undo(journal, Unprotect(session)), count, target)


@bulk.command("forget")
@RUN
@YES
@click.pass_obj
def forget(output: Output, run: str | None, *, yes: bool) -> None:
    """Remove what is kept of RUN: its list and the originals.

    It can be neither resumed nor undone after that.
    """
    journal = Journal.load(Home.default(), run)
    if not yes:
        output.confirm(message("Forget the run {run}, with the originals it has kept?", run=journal.run.id))
    with journal.alone():
        journal.forget()
    output.result({"run": journal.run.id}, message("The run {run} is forgotten.", run=journal.run.id))


def _begin(
    output: Output,
    act: str,
    options: Mapping[str, Any],
    places: Sequence[Path],
    target: Path | None,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Look for files, ask, and carry out a new run."""
    own = bool(options.get("grants") or options.get("deny"))
    check_one_source(options.get("template"), options.get("label"), own=own)
    if target is not None:
        _untaken(target)
    found = _found(output, places, Kind.PLAIN if act == Protect.name else Kind.SEALED)
    if dry_run:
        rows = _shown(output, [row_of(item) for item in found.items])
        none = message("There is nothing to do.")
        tables.show(output, rows, ["file", "kind", "inside", "size"], empty=none, beside=_left_out(found))
        return
    if not found.items:
        raise Misused(message("There is nothing to do."), remedy=message("Look at what is there: chancery bulk report"))
    if not yes:
        output.confirm(_question(act, len(found.items)))
    with signed_in(output) as session:
        wanted = dict(options)
        if act in {Protect.name, Reprotect.name}:
            # A time that counts from now is the same for every file, also when the run goes on another day.
            wanted["expires_at"] = _options(session, options).expires
        journal = Journal.begin(session.home, new_run(act, wanted, session.account.iss), found.items)
        _carry_out(output, journal, _act(session, journal), target)


def _question(act: str, count: int) -> str:
    if act == Unprotect.name:
        return plural_message(
            "Remove the protection of {count} file?", "Remove the protection of {count} files?", count
        )
    if act == Reprotect.name:
        return plural_message("Protect {count} file anew?", "Protect {count} files anew?", count)
    if act == Relabel.name:
        return plural_message("Give {count} file another label?", "Give {count} files another label?", count)
    return plural_message(
        "Protect {count} file, and remove the plain one?", "Protect {count} files, and remove the plain ones?", count
    )


@contextmanager
def _running(output: Output, run: str | None) -> Iterator[tuple[Session, Journal]]:
    """Open a run of this device as the account that began it."""
    with signed_in(output) as session:
        journal = Journal.load(session.home, run)
        if journal.run.account != session.account.iss:
            raise Misused(
                message("This run was begun at {iss}.", iss=journal.run.account),
                remedy=message("Sign in there: chancery login --host {iss}", iss=journal.run.account),
            )
        yield session, journal


def _act(session: Session, journal: Journal) -> Act:
    options = journal.run.options
    if journal.run.act == Unprotect.name:
        return Unprotect(session)
    if journal.run.act == Relabel.name:
        return Relabel(session, options["label"], options["justification"])
    chosen = replace(_options(session, options), expires=options["expires_at"])
    made: Callable[..., Act] = Protect if journal.run.act == Protect.name else Reprotect
    return made(session, chosen, options["organization"])


def _options(session: Session, options: Mapping[str, Any]) -> Any:
    """Return how files are to be protected, by the options as they were typed."""
    more = {name: value for name, value in options.items() if name not in _OWN}
    more = {name: tuple(value) if isinstance(value, list) else value for name, value in more.items()}
    template, grants = options["template"], (tuple(options["grants"]), ())
    made = protect_options(session.zone(), template, grants, tuple(options["deny"]), options["expires"], more)
    return replace(made, template=template, label=options["label"])


_OWN: Final = frozenset({"template", "label", "grants", "deny", "expires", "organization", "expires_at"})
"""What is no option of ``limits``."""


def _carry_out(output: Output, journal: Journal, act: Act, target: Path | None) -> None:
    states = journal.states()
    ended = {steps.DONE, steps.UNDONE}
    total = sum(states.get(item.number, {}).get("state") not in ended for item in journal.items())
    _follow(output, journal, work.carry_out(journal, act), total, target)


def _follow(output: Output, journal: Journal, outcomes: Iterator[Outcome], total: int, target: Path | None) -> None:
    """Show how far a run is, report what fails, and end with the exit code of the worst."""
    worst, ended = 0, 0
    with journal.alone():
        try:
            with _bar(output, total) as advance:
                for outcome in outcomes:
                    ended += outcome.error is None
                    if outcome.error is not None:
                        worst = max(worst, exit_code(outcome.error))
                        _tell_failure(output, outcome.item, outcome.error)
                    advance()
        finally:
            if target is not None:
                write_report(_untaken(target), OF_A_RUN, rows_of(journal))
    failed = total - ended
    counts = {"run": journal.run.id, "done": ended, "failed": failed}
    if output.as_json:
        tables.show(output, rows_of(journal), OF_A_RUN, empty="", beside=counts)
    else:
        line = plural_message("{count} file done.", "{count} files done.", ended)
        more = plural_message("{count} failed.", "{count} failed.", failed)
        output.result({}, joined((line, more), " ") if failed else line)
    if worst:
        click.get_current_context().exit(worst)


def _tell_failure(output: Output, item: Item, error: ChanceryError) -> None:
    """Say to people at once what fails; programs read it in the result."""
    if not output.as_json:
        output.note(message("{file}:", file=item.path))
        output.error(error)


def _found(output: Output, places: Sequence[Path], works_on: Kind) -> Found:
    """Look for files, and say of everything that is left out why."""
    found = find(places, works_on)
    for path, why in found.left_out:
        output.note(message("{file} is left out: {why}.", file=path, why=str(why).removesuffix(".")))
    return found


def _left_out(found: Found) -> dict[str, Any]:
    return {"left_out": [{"file": str(path), "message": str(why)} for path, why in found.left_out]}


def _shown(output: Output, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows for the screen, with the number of files inside instead of their names."""
    return rows if output.as_json else [{**row, "inside": len(row["inside"]) or ""} for row in rows]


def _row(journal: Journal) -> dict[str, Any]:
    states = [state["state"] for state in journal.states().values()]
    files = len(journal.items())
    known = {name: states.count(name) for name in (steps.DONE, steps.FAILED, steps.UNDONE)}
    return {"id": journal.run.id, "act": journal.run.act, "files": files, **known, "open": files - sum(known.values())}


def _untaken(target: Path) -> Path:
    if target.exists():
        raise taken(target)
    return target


@contextmanager
def _bar(output: Output, total: int) -> Iterator[Callable[[], None]]:
    """Show how many files are done, on a terminal."""
    if output.as_json or not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("", total=total)
        yield lambda: drawn.advance(task)
