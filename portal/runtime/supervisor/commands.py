"""The surroundings of a single management command: the running installation's, or its services for a moment."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from portal.runtime.bootstrap.environment import ROOT
from portal.runtime.supervisor import embedded, environment
from portal.runtime.supervisor.errors import SupervisorError
from portal.runtime.supervisor.folders import HeldError

DATA_VARIABLE = "CHANCERY_DATA"
WAIT_SECONDS = 30.0
# These look at code and files only; starting a database for them would be a waste of half a second.
WITHOUT_DATABASE = frozenset({
    "", "help", "version", "--version", "collectstatic", "diffsettings", "findstatic", "spectacular",
})  # fmt: skip


HELP = frozenset({"--help", "-h"})
FOR_OPERATORS = ROOT / "portal" / "management" / "commands"


def of_data(arguments: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Take ``--data`` out of a command's arguments: every command understands it, as ``up`` does.

    Raises SupervisorError when the folder is not named behind it.
    """
    rest = list(arguments)
    for place, argument in enumerate(rest):
        if argument == "--data":
            if place + 1 == len(rest):
                raise SupervisorError("Name the folder behind --data.")
            return Path(rest[place + 1]), [*rest[:place], *rest[place + 2 :]]
        if argument.startswith("--data="):
            return Path(argument.removeprefix("--data=")), [*rest[:place], *rest[place + 1 :]]
    return None, rest


@contextmanager
def surroundings(arguments: Sequence[str], named: Path | None = None) -> Iterator[Mapping[str, str]]:
    """Give the variables under which a command finds its database; ``named`` is the data folder it was given.

    An environment that names a database is left alone: that is a production installation, or a command started by
    another. Otherwise the database of the data folder is used: through the file that ``up`` keeps while it runs, or
    started for the time of this command.  Raises SupervisorError for an operator's command where nothing is set up.
    """
    if "DATABASE_URL" in os.environ or "DATABASE_URL_FILE" in os.environ:
        yield {}
        return
    if os.environ.get("CHANCERY_MODE") == "production":
        yield {}
        return
    data = (named or Path(os.environ.get(DATA_VARIABLE) or ROOT / "var")).resolve()
    if not arguments or arguments[0] in WITHOUT_DATABASE or not HELP.isdisjoint(arguments):
        yield {"CHANCERY_MODE": "embedded", DATA_VARIABLE: str(data)}
        return
    if (FOR_OPERATORS / f"{arguments[0]}.py").exists() and not data.exists():
        raise SupervisorError(
            f"Nothing is set up in {data}. Start it with `manage.py up`; if that runs on another folder, name the"
            f" folder here too: manage.py {arguments[0]} --data <folder>"
        )
    running = _of_running(data)
    if running:
        yield running
        return
    with embedded.services(data, embedded.ANY_BASE_URL, wait=True) as services:
        yield services.environment


def _of_running(data: Path) -> dict[str, str]:
    """Return the variables of the installation that runs on ``data``; one that is just starting is waited for."""
    folders = embedded.open_folders(data)
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            with folders.held():
                return {}
        except HeldError:
            variables = environment.read(folders.environment)
            if variables:
                return variables
        time.sleep(0.1)
    print(f"{data} is in use; waiting until it is free.", file=sys.stderr)
    return {}
