"""``manage.py bench``: measures what docs/benchmarks.md lists, each beside a reference, and fails nothing."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from portal.development.bench import licenses, machine, references, service, stack
from portal.development.bench.figures import Line, as_json, as_table
from portal.development.bench.stack import Stack

PEOPLE: Final = 16


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured."""

    seconds: float
    events: int
    organizations: int
    documents: int
    seeded_events: int
    file_size: int
    previewed: int
    replayed: int


QUICK: Final = Extent(4.0, 20_000, 200, 20_000, 200_000, 256 * machine.MIB, 100_000, 200_000)
FULL: Final = Extent(10.0, 100_000, 1_000, 100_000, 1_000_000, 1024 * machine.MIB, 100_000, 200_000)

Measure = Callable[[Stack, dict[str, Any], Extent], list[Line]]

# In this order: what fills tables comes after what should not have to wade through them.
IN_STACK: Final[Mapping[str, Measure]] = {
    "licenses": lambda on, cast, extent: licenses.single(on, cast, extent.seconds),
    "batches": lambda on, cast, extent: licenses.batches(on, cast, extent.seconds),
    "tracking": lambda on, cast, _: service.tracking(on, cast),
    "files": lambda on, cast, extent: machine.files(on, cast, extent.file_size),
    "events": lambda on, cast, extent: service.ingestion(on, cast, extent.events),
    "pages": lambda on, cast, extent: service.pages(on, cast, extent.documents, extent.seeded_events),
    "previews": lambda on, cast, extent: service.previews(on, cast, extent.previewed, extent.replayed),
    "organizations": lambda on, _, extent: service.organizations(on, extent.organizations),
}
STARTS: Final = "starts"
REFERENCES: Final = "references"
NAMES: Final = (*IN_STACK, STARTS, REFERENCES)


def main(arguments: Sequence[str]) -> int:
    """Measure what is named, or everything, and print it; the exit status says only that it ran."""
    parser = argparse.ArgumentParser(prog="manage.py bench", description="Measure on a throw-away installation.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"what to measure (all): {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="a fifth of the time, of documents and of events")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.names) - set(NAMES))
    if unknown:
        parser.error(f"there is nothing to measure by the name of {', '.join(unknown)}; there is {', '.join(NAMES)}")
    chosen = [name for name in NAMES if not given.names or name in given.names]
    # Ended by a signal, a bench takes its installation with it, as it does at its own end.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    lines = measure(chosen, QUICK if given.quick else FULL)
    print(as_json(lines) if given.json else as_table(lines))
    return 0


def measure(chosen: Sequence[str], extent: Extent) -> list[Line]:
    """Measure the chosen figures; one that cannot be measured says so and does not stop the others."""
    lines: list[Line] = []
    inside = [name for name in chosen if name in IN_STACK]
    if inside:
        with stack.running() as on:
            cast = on.run_inside("people", people=PEOPLE, documents=100, folder=str(on.folder))
            for name in inside:
                lines += _measured(name, lambda run=IN_STACK[name]: run(on, cast, extent))  # type: ignore[misc]
    if STARTS in chosen:
        with tempfile.TemporaryDirectory(prefix=stack.PREFIX, ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o711)
            lines += _measured(STARTS, lambda: machine.starts(Path(folder)))
    if REFERENCES in chosen:
        lines += _measured(REFERENCES, references.lines)
    return lines


def _measured(name: str, run: Callable[[], list[Line]]) -> list[Line]:
    print(f"measuring {name} …", file=sys.stderr, flush=True)
    try:
        return run()
    except (RuntimeError, OSError) as error:
        return [Line(name, float("nan"), "", note=str(error).strip().splitlines()[0])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
