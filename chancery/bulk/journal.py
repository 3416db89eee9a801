"""What a run has done, written down before and after each step, so that it goes on wherever it was killed.

A run has a folder: ``run.json`` says what is done to which files, ``items.ndjson`` lists them, ``steps.ndjson`` grows
by a line for each step, and ``originals`` holds what was replaced.  Each line is on disk before the step is taken.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

from chancery.bulk.kinds import Kind
from chancery.sdk.errors import LocalFailure, Misused
from chancery.sdk.home import Home
from chancery.sealing.atomic import creating, replacing
from chancery.sealing.streams import write_all
from chancery.texts import message

GROUP: Final = "bulk"

BEGUN: Final = "begun"
WRITTEN: Final = "written"
DONE: Final = "done"
FAILED: Final = "failed"
UNDONE: Final = "undone"

_COPY: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a run: its number, where it is, and the sealed files inside it where it is a container."""

    number: int
    path: Path
    kind: Kind
    size: int
    inside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """What is done by a run: the act's name and its options, as they were typed."""

    id: str
    act: str
    options: dict[str, Any]
    began: float
    account: str


class Journal:
    """The folder of one run."""

    def __init__(self, home: Home, folder: Path, run: Run) -> None:
        """Use ``begin`` or ``load``."""
        self._home = home
        self.folder = folder
        self.run = run
        self._steps = folder / "steps.ndjson"

    @classmethod
    def begin(cls, home: Home, run: Run, items: list[Item]) -> Self:
        """Write down what is going to be done; the run exists only when its list is whole."""
        folder = home.folder(f"{GROUP}/{run.id}")
        (folder / "originals").mkdir(mode=0o700)
        with creating(folder / "items.ndjson") as file:
            for item in items:
                write_all(file, _line({**asdict(item), "path": str(item.path.absolute())}))
        (folder / "steps.ndjson").touch(mode=0o600)
        with creating(folder / "run.json") as file:
            write_all(file, _line(asdict(run)))
        return cls(home, folder, run)

    @classmethod
    def load(cls, home: Home, name: str | None) -> Self:
        """Return the run of this name, or the newest one.  Raises Misused."""
        found = {journal.run.id: journal for journal in cls.every(home)}
        if name is None and found:
            return max(found.values(), key=lambda journal: journal.run.began)
        if name is None or name not in found:
            raise Misused(
                message("There is no such run."), remedy=message("List the runs of this device: chancery bulk runs")
            )
        return found[name]

    @classmethod
    def every(cls, home: Home) -> Iterator[Self]:
        """Yield all runs of this device."""
        for folder in sorted(home.folder(GROUP).iterdir()):
            with suppress(FileNotFoundError, NotADirectoryError):
                yield cls(home, folder, Run(**json.loads((folder / "run.json").read_text(encoding="utf-8"))))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Work on the run in the block.  Raises Misused while another process does."""
        with self._home.only_here(f"{GROUP}-{self.run.id}") as free:
            if not free:
                raise Misused(
                    message("Another process works on the run {run}.", run=self.run.id),
                    remedy=message("Wait until it has ended."),
                )
            yield

    def items(self) -> list[Item]:
        """Return the files of the run."""
        with (self.folder / "items.ndjson").open(encoding="utf-8") as file:
            return [_item(json.loads(line)) for line in file]

    def states(self) -> dict[int, dict[str, Any]]:
        """Return what is known of each file that work has begun on: all members of its steps, the newest first.

        The last line may be cut: its step was not taken.
        """
        states: dict[int, dict[str, Any]] = {}
        for line in self._steps.read_bytes().split(b"\n"):
            with suppress(ValueError):
                step = json.loads(line)
                kept = {} if step["state"] == BEGUN else states.get(step["number"], {})
                states[step["number"]] = {**kept, **step}
        return states

    def note(self, item: Item, state: str, **members: Any) -> None:
        """Write down a step and bring it to disk."""
        with self._steps.open("ab") as file:
            file.write(_line({"number": item.number, "state": state, "at": time.time(), **members}))
            file.flush()
            os.fsync(file.fileno())

    def mend(self) -> None:
        """Cut off a last line that was not written whole, so that the next one begins a line."""
        data = self._steps.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            with replacing(self._steps) as file:
                write_all(file, whole)

    def original(self, item: Item) -> Path:
        """Return where what was replaced is kept."""
        return self.folder / "originals" / str(item.number)

    def keep(self, item: Item) -> None:
        """Keep the file as it is now; on the same disk that costs no room."""
        place = self.original(item)
        place.unlink(missing_ok=True)
        try:
            place.hardlink_to(item.path)
        except OSError:
            with item.path.open("rb") as source, creating(place) as sink:
                shutil.copyfileobj(source, sink, _COPY)
            shutil.copystat(item.path, place)

    def work_folder(self) -> Path:
        """Return an empty folder for sealed files on their way between containers."""
        folder = self.folder / "work"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder

    def forget(self) -> None:
        """Remove the run with everything it has kept.  Raises LocalFailure."""
        (self.folder / "run.json").unlink()
        try:
            shutil.rmtree(self.folder)
        except OSError as error:
            raise LocalFailure.of(error) from error


def new_run(act: str, options: dict[str, Any], account: str) -> Run:
    """Return a run that begins now."""
    return Run(f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().hex[:6]}", act, options, time.time(), account)


def _item(members: dict[str, Any]) -> Item:
    path, kind = Path(members["path"]), Kind(members["kind"])
    return Item(members["number"], path, kind, members["size"], tuple(members["inside"]))


def _line(members: dict[str, Any]) -> bytes:
    return json.dumps(members, default=str).encode() + b"\n"
