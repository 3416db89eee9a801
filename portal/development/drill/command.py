"""``manage.py drill``: breaks a throw-away installation under load and prints what was lost and how long it took."""

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from portal.development.drill.clients import Client, Reader, Reporter, longest_silence
from portal.development.installation import Installation, running

READERS: Final = 3
QUIET_SECONDS: Final = 3.0
"""How long the installation must answer again before the next fault."""
MOST_SECONDS: Final = 60.0

Fault = Callable[[Installation], None]


def killing(part: str, *, child: bool = False) -> Fault:
    """Return the fault that kills the process leading a part, or the first that it started."""

    def fault(installation: Installation) -> None:
        found = installation.processes(part)
        os.kill(found[1] if child else found[0], signal.SIGKILL)

    return fault


def stopping(part: str, *, child: bool = False) -> Fault:
    """Return the fault that stops a part without ending it, as a hanging disk or a debugger does."""

    def fault(installation: Installation) -> None:
        found = installation.processes(part)
        for pid in found[1:2] if child else found:
            os.kill(pid, signal.SIGSTOP)

    return fault


FAULTS: Final[Mapping[str, Fault]] = {
    "kill a web process": killing("web", child=True),
    "kill the web server": killing("web"),
    "kill the worker": killing("worker"),
    "kill the scheduler": killing("scheduler"),
    "kill the broker": killing("broker"),
    "kill the database": killing("database"),
    "stop a web process": stopping("web", child=True),
    "stop the worker": stopping("worker"),
    "stop the broker": stopping("broker"),
    "stop the database": stopping("database"),
}


ANSWERED: Final[Mapping[str, type[Client]]] = {"licensed": Reader, "reported": Reporter}


def main(arguments: Sequence[str]) -> int:
    """Play every fault, or those that are named; the exit status says whether anything was lost."""
    parser = argparse.ArgumentParser(prog="manage.py drill", description="Break a throw-away installation under load.")
    parser.add_argument("faults", nargs="*", metavar="fault", help=f"what to do (all): {', '.join(FAULTS)}")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.faults) - set(FAULTS)):
        parser.error(f"there is no fault by the name of {', '.join(unknown)}; there is {', '.join(FAULTS)}")
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    with running() as installation:
        cast = installation.run_inside("people", people=1, documents=1, folder=str(installation.data))
        clients = _play(installation, cast, given.faults or list(FAULTS))
        answered = installation.data / "answered.json"
        answered.write_text(json.dumps({name: _events(clients, kind) for name, kind in ANSWERED.items()}))
        found = installation.run_inside("drill", schema=cast["schema"], answered=str(answered))
    print(f"\n{found['licensed']:,} licenses and {found['reported']:,} reports were answered.")
    print(f"lost (answered, not on record): {found['lost'] or 'nothing'}")
    print(f"unrecorded (licenses without an event): {found['unrecorded'] or 'nothing'}")
    print(f"recorded without a license: {found['unanswered']:,}, of which {found['failed']:,} say so themselves")
    print("the record: " + ("whole" if not found["faults"] else "; ".join(found["faults"])))
    return 1 if found["lost"] or found["unrecorded"] or found["faults"] else 0


def _events(clients: Sequence[Client], kind: type[Client]) -> list[str]:
    return [event for client in clients if isinstance(client, kind) for event in client.events]


def _play(installation: Installation, cast: dict[str, Any], names: Sequence[str]) -> list[Client]:
    item, stop = cast["readable"][0], threading.Event()
    where = (cast["home"], installation.host, stop)
    clients: list[Client] = [
        *(Reader(*where, {"pl": item["pl"], "seal": item["seal"]}) for _ in range(READERS)),
        Reporter(*where, item["cid"]),
    ]
    for client in clients:
        client.start()
    print(f"{'fault':24} {'error window':>14}")
    try:
        _await_quiet(clients, time.monotonic())
        for name in names:
            began = time.monotonic()
            FAULTS[name](installation)
            quiet = _await_quiet(clients, began)
            window = longest_silence(clients, began, time.monotonic())
            print(f"{name:24} {window:12.2f} s{'' if quiet else '  (not over after a minute)'}", flush=True)
    finally:
        stop.set()
        for client in clients:
            client.join(MOST_SECONDS)
    return clients


def _await_quiet(clients: Sequence[Client], began: float) -> bool:
    """Wait until every client is answered again, at least for 15 s: within these the supervisor replaces what hangs."""
    while time.monotonic() - began < MOST_SECONDS:
        time.sleep(0.2)
        now = time.monotonic()
        if now - began > 16 and all(
            longest_silence([client], now - QUIET_SECONDS, now) < QUIET_SECONDS / 2 for client in clients
        ):
            return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
