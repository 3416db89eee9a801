"""``prelicense``: licenses for recipients, issued ahead of their opening and put beside sealed files."""

from pathlib import Path
from typing import Any, Final

import click

from chancery.cli.for_each_file import each_file
from chancery.cli.output import Output
from chancery.cli.session import signed_in
from chancery.sdk.results import Prelicensed
from chancery.sdk.session import Session
from chancery.texts import joined, message, plural_message

LICENSES: Final = click.option(
    "--licenses",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The licenses that came with it, where they are not beside it.",
)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--to", multiple=True, metavar="ADDRESS", help="Only for this recipient; may be repeated.")
@click.option("--into", type=click.Path(path_type=Path, dir_okay=False), help="Put all licenses into this file.")
@click.pass_obj
def prelicense(output: Output, files: tuple[Path, ...], to: tuple[str, ...], into: Path | None) -> None:
    """Send licenses for sealed FILES ahead, to open offline.

    Recipients whom the policy names by address, or those named with --to, get a license for each of their devices.
    The licenses are written to FILE.licenses; send that file along, and they open at once, without a network.  A file
    called .licenses serves all sealed files in its folder: --into .licenses

    Access can be taken back as always: a device refuses as soon as it hears of it, and no later than the policy says.
    """
    with signed_in(output) as session:

        def one(path: Path) -> tuple[dict[str, Any], str]:
            done = session.prelicense(path, to=to, into=into)
            return {"file": str(path), **members_of(done)}, lines_of(path, done)

        each_file(output, files, one)


def prelicensed_beside(session: Session, sealed: Path) -> tuple[dict[str, Any], str]:
    """Put licenses for all recipients beside a file that was just protected; return what to print of it."""
    done = session.prelicense(sealed)
    return members_of(done), lines_of(sealed, done)


def members_of(done: Prelicensed) -> dict[str, Any]:
    """Return what programs are told."""
    recipients = [
        {"recipient": one.recipient, "licenses": one.licenses, "reason": one.reason, "message": one.message}
        for one in done.recipients
    ]
    path = None if done.path is None else str(done.path)
    return {"licenses": path, "cid": str(done.cid), "recipients": recipients}


def lines_of(sealed: Path, done: Prelicensed) -> str:
    """Return what people are told: where the licenses are, and of each recipient what they got."""
    lines = [
        message("No license was sent ahead for {file}.", file=sealed)
        if done.path is None
        else message("{file}: licenses sent ahead are in {path}.", file=sealed, path=done.path)
    ]
    for one in done.recipients:
        count = plural_message(
            "{recipient}: {count} license", "{recipient}: {count} licenses", one.licenses, recipient=one.recipient
        )
        none = message("{recipient}: none. {why}", recipient=one.recipient, why=one.message)
        lines.append(count if one.licenses else none)
    if not done.recipients:
        lines.append(message("The policy names no one by an address. Name recipients with --to."))
    return joined(lines, "\n  ")
