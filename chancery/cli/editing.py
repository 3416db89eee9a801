"""``edit``: changing a protected text in an editor, and saving it as the next edition."""

import os
import shlex
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from chancery.cli import terminal_text
from chancery.cli.asking import may_ask
from chancery.cli.output import Output
from chancery.cli.private_folder import PrivateFolder, private_folder
from chancery.cli.saving import save_edition
from chancery.cli.session import reporting_session
from chancery.errors import ChanceryError, Conflict
from chancery.policy.reasons import Reason
from chancery.sdk.errors import Misused, Refused
from chancery.sdk.session import Session
from chancery.texts import message

_EDITORS: Final = ("sensible-editor", "nano", "vi")
_SECONDS_TO_END: Final = 2


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_obj
def edit(output: Output, file: Path) -> None:
    """Change the text in a sealed FILE in your editor.

    Needs the right to save changes.

    The editor is the one that VISUAL or EDITOR names.  The text is in a private folder meanwhile, which is wiped
    afterwards.  What you save becomes the next edition; the policy stays the same.
    """
    with reporting_session(output, online=True) as session, private_folder() as folder:
        with may_ask(file), session.reading(file, to_edit=True) as content:
            form = terminal_text.form_of(content.name, content.type)
            if form is None or content.size > terminal_text.MOST:
                raise Misused(
                    message("{name} is not a text that an editor can change.", name=content.name),
                    remedy=message("If you may export it, open it, change the copy, then: chancery save"),
                )
            text, edition, cid = folder.path / content.name, content.edition, content.opening.cid
            before = content.stream.read()
            text.touch(mode=0o600)
            text.write_bytes(before)
        ended = edited(text)
        changed = text.is_file() and text.read_bytes() != before
        if ended:
            if changed:
                folder.keep()
            raise Misused(
                message("The editor ended with code {code}, so nothing was saved.", code=ended),
                remedy=_left(file, text) if changed else "",
            )
        if not changed:
            members = {"sealed": str(file), "cid": str(cid), "changed": False}
            output.result(members, message("Nothing was changed in {file}.", file=file))
            return
        _save(output, session, folder, file, text, edition)


def _save(output: Output, session: Session, folder: PrivateFolder, file: Path, text: Path, edition: bytes) -> None:
    """Save the text as the next edition; what cannot be saved is kept, and the error says where."""
    try:
        save_edition(output, session, file, text, based_on=edition)
    except (ChanceryError, OSError, KeyboardInterrupt) as error:
        folder.keep()
        late = isinstance(error, Conflict) or (isinstance(error, Refused) and error.reason == Reason.SUPERSEDED)
        output.note(_overtaken(file, text) if late else _left(file, text))
        raise


def _left(file: Path, text: Path) -> str:
    return message(
        "Your text is still in {text}; remove that folder when it is saved. To try again: chancery save {file} {text}",
        text=shlex.quote(str(text)),
        file=shlex.quote(str(file)),
    )


def _overtaken(file: Path, text: Path) -> str:
    return message(
        "Someone else has saved an edition in the meantime. Your text is still in {text}. Get the newest edition of"
        " {file}, run chancery edit on it, and take over what is missing. Then remove the folder of your text.",
        text=shlex.quote(str(text)),
        file=shlex.quote(str(file)),
    )


def edited(text: Path) -> int:
    """Let the person edit; return the editor's exit code.  Raises KeyboardInterrupt if it was ended by Ctrl-C."""
    editor = _editor()
    try:
        running = subprocess.Popen([*editor, str(text)], cwd=text.parent)
    except OSError as error:
        raise Misused(
            message("The editor {name} cannot be started: {why}", name=editor[0], why=error.strerror or ""),
            remedy=message("Set VISUAL or EDITOR to an editor that is installed."),
        ) from error
    try:
        return _waited(running)
    finally:
        _ended(running)


def _waited(running: "subprocess.Popen[bytes]") -> int:
    """Wait for the editor.  Ctrl-C is the editor's: only one that it ends, ends the command."""
    interrupted = False
    while True:
        try:
            code = running.wait()
        except KeyboardInterrupt:
            interrupted = True
            running.send_signal(signal.SIGINT)
            continue
        if interrupted and code:
            raise KeyboardInterrupt
        return code


def _ended(running: "subprocess.Popen[bytes]") -> None:
    """End the editor if it still runs, because this command is ended."""
    if running.poll() is None:
        running.terminate()
        with suppress(subprocess.TimeoutExpired):
            running.wait(_SECONDS_TO_END)
    if running.poll() is None:
        running.kill()
        running.wait()


def _editor() -> list[str]:
    """Return the words that start the editor.  Raises Misused where there is none."""
    chosen = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    found = chosen or [name for name in _EDITORS if shutil.which(name)][:1]
    if not found:
        raise Misused(
            message("There is no editor."), remedy=message("Set VISUAL or EDITOR to an editor that is installed.")
        )
    return found
