"""``view``: reading a protected text on the terminal, without a file."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import webbrowser
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final

import click

from chancery.cli import terminal_text
from chancery.cli.asking import may_ask
from chancery.cli.output import Output
from chancery.cli.prelicensing import LICENSES
from chancery.cli.saving import OFFLINE
from chancery.cli.selection import STREAM
from chancery.cli.session import signed_in
from chancery.cli.tables import on_terminal
from chancery.cli.under_grant import FOR_PERSON, READ_PERMISSION, SUPER_USER, open_under
from chancery.policy.rights import Right
from chancery.sdk.errors import Misused, NoCopy, Refused, ServiceError
from chancery.sdk.licensed import Content, expected_name
from chancery.sdk.session import Session
from chancery.texts import joined, message

_QUIET: Final = {"LESSSECURE": "1", "LESSHISTFILE": "-"}
"""The pager ``less`` saves, pipes, edits and remembers nothing then."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@LICENSES
@SUPER_USER
@READ_PERMISSION
@FOR_PERSON
@OFFLINE
@click.pass_obj
def view(
    output: Output,
    file: Path,
    licenses: Path | None,
    grant: str,
    permission: str,
    for_person: str,
    *,
    offline: bool,
) -> None:
    """Read a sealed FILE on the terminal; nothing is written.

    Shows text, Markdown, CSV and JSON in the pager (PAGER, or less).  For any other file it prints the address of the
    page that opens it in the browser.
    """
    with signed_in(output, online=not offline) as session:
        open_under(session, grant, permission, for_person)
        session.licenses = licenses
        name = "" if file == STREAM else expected_name(file)
        if terminal_text.is_other(name):
            with may_ask(file):
                _require_access(session, file)
            _elsewhere(output, session, file, name)
            return
        with may_ask(file), session.reading(sys.stdin.buffer if file == STREAM else file) as content:
            form = terminal_text.form_of(content.name, content.type)
            if form is None or content.size > terminal_text.MOST:
                _elsewhere(output, session, file, content.name)
                return
            to_person = on_terminal() and not output.as_json
            if not to_person:
                _require_may_leave(session, file, content)
            pager = _pager() if to_person else []
            text = terminal_text.in_terminal(form, content.stream.read(), styled=pager[:1] == ["less"])
            members = _members(file, content)
    if pager:
        _page(pager, text)
    elif output.as_json:
        output.result({**members, "text": text})
    else:
        click.echo(text, nl=False)


def _require_may_leave(session: Session, file: Path, content: Content) -> None:
    """Raise NoCopy unless what reads standard output may have the content: it is a copy out of everybody's sight.

    An application reads by its permission in order to take text out, so the right to extract is enough for it.
    """
    if session.named.read_permission is not None and Right.EXTRACT in content.opening.rights:
        return
    try:
        content.opening.require_may_leave()
    except NoCopy as refused:
        refused.message = message("You may read this document on a terminal, but not send it to a file or a program.")
        name_other_ways(refused, session, file)
        raise


def name_other_ways(refused: NoCopy, session: Session, file: Path) -> None:
    """Tell a person who may read a document, but not save it, how they read it."""
    how = message(
        "To read it: {command}, or in your browser: {address}",
        command="chancery view" if file == STREAM else f"chancery view {shlex.quote(str(file))}",
        address=page_of(session),
    )
    refused.next_step = joined((refused.next_step, how), " ")


def page_of(session: Session) -> str:
    """Return the address of the page that opens files in the browser."""
    return f"{session.account.iss}/open/"


def _require_access(session: Session, file: Path) -> None:
    """Raise Refused where the service says that this person may not open the file.

    That is no opening, and not recorded as one.  Only to people who have opened the document, or tried to, does the
    service say anything about it; others try it here.
    """
    if not session.online or not session.named.is_own:
        return
    place, cid = session.organization_of(file)
    try:
        found = place.call("GET", f"/api/v1/documents/{cid}/why")
    except ServiceError as unknown:
        if unknown.status != HTTPStatus.NOT_FOUND:
            raise
        with session.reading(file):
            return
    if not found["allowed"]:
        first = found["reasons"][0]
        text = joined([part for part in (first["message"], first["detail"]) if part], " ")
        raise Refused(text, reason=first["reason"], remedy=first["next_step"], contact=found["contact"])


def _members(file: Path, content: Content) -> dict[str, object]:
    opening = content.opening
    return {"file": str(file), "name": content.name, "cid": str(opening.cid), "rights": list(opening.rights)}


def _elsewhere(output: Output, session: Session, file: Path, name: str) -> None:
    """Say where a file can be opened that a terminal cannot show, and open that page where there is a browser."""
    address = page_of(session)
    if on_terminal() and not output.as_json and (sys.platform == "darwin" or _has_display()):
        with suppress(webbrowser.Error, OSError):
            webbrowser.open(address)
    output.result(
        {"file": str(file), "name": name, "page": address},
        message("{name} cannot be shown on a terminal. Open it in your browser: {address}", name=name, address=address),
    )


def _has_display() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _pager() -> list[str]:
    """Return the words that start the pager, none where there is not any."""
    chosen = shlex.split(os.environ.get("PAGER", ""))
    if chosen == ["less"] or (not chosen and shutil.which("less")):
        return ["less", "-R"]
    return chosen or (["more"] if shutil.which("more") else [])


def _page(pager: list[str], text: str) -> None:
    """Show a text in the pager until its reader leaves it."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"LESSOPEN", "LESSCLOSE"}}
    # Ctrl-C is for the pager, which ends a search by it; a function here is not inherited by it.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        shown = subprocess.Popen(pager, stdin=subprocess.PIPE, env={**inherited, **_QUIET}, text=True, encoding="utf-8")
        with suppress(BrokenPipeError):
            shown.communicate(text)
        shown.wait()
    except OSError as error:
        raise Misused(
            message("The pager {name} cannot be started: {why}", name=pager[0], why=error.strerror or ""),
            remedy=message("Set PAGER to a program that is installed, or unset it."),
        ) from error
    finally:
        signal.signal(signal.SIGINT, before)
