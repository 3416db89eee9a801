"""``save``: putting changed content into a sealed file as its next edition."""

from pathlib import Path
from typing import Final

import click

from chancery.cli import progress
from chancery.cli.output import Output
from chancery.cli.session import dropped, reporting_session
from chancery.errors import ChanceryError
from chancery.sdk.session import Session
from chancery.texts import message, plural_message

OFFLINE: Final = click.option("--offline", is_flag=True, help="Do not try the network.")
WAITING: Final = message("(the service gets to know at the next contact)")


@click.command()
@click.argument("sealed", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("changed", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@OFFLINE
@click.pass_obj
def save(output: Output, sealed: Path, changed: Path, *, offline: bool) -> None:
    """Put CHANGED content into SEALED as its next edition.

    The policy stays the same; needs the right EDIT.
    """
    with reporting_session(output, online=not offline) as session:
        try:
            save_edition(output, session, sealed, changed)
        except (ChanceryError, OSError):
            output.note(
                message("{sealed} is as it was; your text is still in {changed}.", sealed=sealed, changed=changed)
            )
            raise


def save_edition(
    output: Output, session: Session, sealed: Path, changed: Path, *, based_on: bytes | None = None
) -> None:
    """Save the next edition of a sealed file, and print what became of it.  Raises what the library raises."""
    with progress.bar(output, sealed.name) as report:
        done = session.save_edition(sealed, changed, based_on=based_on, progress=report)
    if done.passed_over:
        output.note(
            plural_message(
                "An edition that only its author had opened was passed over and is now an older one.",
                "{count} editions that only their authors had opened were passed over and are now older ones.",
                done.passed_over,
            )
        )
    members = {
        "sealed": str(done.path),
        "cid": str(done.cid),
        "changed": True,
        "registered": done.registered,
        "passed_over": done.passed_over,
        "dropped": dropped(output, session),
    }
    output.result(
        members,
        message("{sealed} now holds {changed}.", sealed=sealed, changed=changed.name)
        if done.registered
        else message("{sealed} now holds {changed} {waiting}.", sealed=sealed, changed=changed.name, waiting=WAITING),
    )
