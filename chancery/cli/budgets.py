"""``budget`` and ``pause``: how much each person may open within some time, and who opened more."""

from typing import Any
from uuid import UUID

import click

from chancery.cli import tables
from chancery.cli.confirming import YES, asks, carry_out, changed
from chancery.cli.organization import in_organization
from chancery.cli.output import Output
from chancery.cli.tables import LIMIT, WIDE
from chancery.sdk import budgets
from chancery.sdk.organization import Organization
from chancery.texts import message

WHO = ("people", "outsiders", "group", "person", "applications")
BUDGET = click.argument("budget_id", metavar="ID", type=click.UUID)


def terms(command: Any) -> Any:
    """Give a command the options that say what a budget says."""
    for option in reversed(
        (
            click.option("--openings", type=int, required=True, help="How many documents each may open."),
            click.option("--minutes", type=int, required=True, help="Within how many minutes."),
            click.option("--who", type=click.Choice(WHO), default="people", show_default=True, help="Whom it is for."),
            click.option("--name", default="", help="The group or person, or an application's client id."),
            click.option("--owner", default="", help="Who is mailed and ends pauses; you unless named."),
            click.option(
                "--count-grants/--ignore-grants",
                "counts_grants",
                default=True,
                help="Whether openings under super-user grants count.",
            ),
            click.option("--forget-copies", "forgets_copies", is_flag=True, help="A pause also ends kept copies."),
        )
    ):
        command = option(command)
    return command


@click.group()
def budget() -> None:
    """Pause people who open too many documents in a short time."""


@budget.command("list")
@LIMIT
@WIDE
@in_organization
def list_budgets(output: Output, place: Organization, limit: int | None) -> None:
    """List budgets, and who is nearest to each."""
    columns = ["words", "paused", "near", "owner", "id"]
    found = ({**one, "near": _near(one["near"])} if not output.as_json else one for one in budgets.budgets(place))
    tables.show(output, found, columns, empty=message("There are no budgets."), limit=limit)


@budget.command("make")
@terms
@in_organization
def make_budget(output: Output, place: Organization, minutes: int, **stated: Any) -> None:
    """Make a budget.

    It counts each document once for each device. Whoever opens more is paused until they confirm with a second factor.
    """
    changed(output, budgets.make_budget(place, seconds=minutes * 60, **stated))


@budget.command("change")
@BUDGET
@terms
@asks
@in_organization
def change_budget(
    output: Output, place: Organization, budget_id: UUID, minutes: int, reason: str, *, yes: bool, **stated: Any
) -> None:
    """Change a budget; whom it has paused stays so."""
    body = {**stated, "seconds": minutes * 60}
    carry_out(output, place, "PUT", f"{budgets.BUDGETS}/{budget_id}", body, yes=yes, reason=reason)


@budget.command("remove")
@BUDGET
@asks
@in_organization
def remove_budget(output: Output, place: Organization, budget_id: UUID, reason: str, *, yes: bool) -> None:
    """Remove a budget, and end the pauses by it."""
    carry_out(output, place, "DELETE", f"{budgets.BUDGETS}/{budget_id}", yes=yes, reason=reason)


@click.group()
def pause() -> None:
    """See who is paused, release them, or confirm that it was you."""


@pause.command("list")
@click.option("--state", type=click.Choice(["open", "ended"]), help="Only in this state.")
@LIMIT
@WIDE
@in_organization
def list_pauses(output: Output, place: Organization, state: str | None, limit: int | None) -> None:
    """List who is or was paused."""
    columns = ["began_at", "state", "who", "number", "allowance", "ended_as", "ended_by", "note", "id"]
    found = budgets.pauses(place, state=state or "")
    tables.show(output, found, columns, empty=message("Nobody is paused."), limit=limit)


@pause.command("release")
@click.argument("pause_id", metavar="ID", type=click.UUID)
@asks
@in_organization
def release_pause(output: Output, place: Organization, pause_id: UUID, reason: str, *, yes: bool) -> None:
    """Release a paused person, as an administrator or the budget's owner."""
    carry_out(output, place, "POST", f"{budgets.PAUSES}/{pause_id}/release", yes=yes, reason=reason)


@pause.command("show")
@in_organization
def show_pause(output: Output, place: Organization) -> None:
    """Show whether you are paused."""
    found = budgets.own_pause(place)
    others = [
        message("You are paused at {organization}: {page}", organization=one["organization"], page=one["page"])
        for one in found["elsewhere"]
    ]
    if found["pause"] is None:
        output.result(
            found, message("You are not paused at {organization}.", organization=place.statement().name), *others
        )
        return
    how = message("Confirm that it was you: chancery login, then chancery pause confirm")
    other = message("Ask an administrator to release you; your number is {number}.", number=found["pause"]["number"])
    said = message("You used up the budget of {allowance}.", allowance=found["pause"]["allowance"])
    output.result(found, said, how if found["confirms"] else other, *others)


@pause.command("confirm")
@YES
@in_organization
def confirm_pause(output: Output, place: Organization, *, yes: bool) -> None:
    """Confirm that it was you, after a login with your second factor."""
    carry_out(output, place, "POST", "/api/v1/pause/confirm", yes=yes)


def _near(found: list[dict[str, Any]] | None) -> str:
    return "" if found is None else ", ".join(f"{one['who']}: {one['used']}" for one in found)
