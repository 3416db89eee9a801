"""Carrying out a run, going on with one that was killed, and undoing one.

What is at each file's place is always whole: before, after, and after a kill at any point in between.
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any, BinaryIO, Final

from chancery.bulk import journal as steps
from chancery.bulk.acts import Act, InPlace, Inward, Protect, Unprotect, document_of
from chancery.bulk.containers import Rewriting, digest_of
from chancery.bulk.journal import Item, Journal
from chancery.bulk.kinds import CONTAINERS
from chancery.errors import ChanceryError
from chancery.objects.licenses_file import LicensesFile
from chancery.sdk.errors import LocalFailure, NotSignedIn, Unreachable
from chancery.sealing.atomic import creating, part_of, replacing
from chancery.sealing.layout import SUFFIX
from chancery.sealing.streams import write_all
from chancery.texts import message

_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: done, failed or undone; ``result`` is where it is now."""

    item: Item
    state: str
    result: Path | None = None
    changed: tuple[str, ...] = ()
    error: ChanceryError | None = None


def carry_out(journal: Journal, act: Act) -> Iterator[Outcome]:
    """Do what is not done yet, one file after the other; what fails keeps nothing else from being done.

    Raises NotSignedIn and Unreachable: then nothing more can be done now, and the run goes on later.
    """
    journal.mend()
    states = journal.states()
    work = journal.work_folder()
    for item in journal.items():
        state = states.get(item.number, {})
        if state.get("state") in {steps.DONE, steps.UNDONE}:
            continue
        try:
            yield _done(journal, act, item, state, work)
        except (NotSignedIn, Unreachable):
            raise
        except (ChanceryError, OSError) as failure:
            error = _as_ours(failure)
            if not _dropped(journal, item):
                error.next_step = message("Its former content is in {place}.", place=journal.original(item))
            told = {"error": error.code, "message": str(error.message), "next_step": str(error.next_step)}
            journal.note(item, steps.FAILED, **told)
            yield Outcome(item, steps.FAILED, error=error)


def undo(journal: Journal, act: Unprotect) -> Iterator[Outcome]:
    """Put back everything as it was before the run, the last file first.

    What was changed since stays, and is reported.  What a run has protected, its undoing unprotects.
    """
    journal.mend()
    states = journal.states()
    back = partial(_unprotect_again, journal, act) if journal.run.act == Protect.name else partial(_put_back, journal)
    for item in reversed(journal.items()):
        state = states.get(item.number, {})
        if state.get("state") != steps.DONE:
            continue
        try:
            back(item, state)
            journal.note(item, steps.UNDONE)
            yield Outcome(item, steps.UNDONE, item.path)
        except (NotSignedIn, Unreachable):
            raise
        except (ChanceryError, OSError) as failure:
            yield Outcome(item, steps.FAILED, error=_as_ours(failure))


def _dropped(journal: Journal, item: Item) -> bool:
    """Drop the original that was kept of a file which is still there as it was; tell whether none is needed."""
    original = journal.original(item)
    if not original.exists():
        return True
    if not item.path.exists() or _digest(original) != _digest(item.path):
        return False
    original.unlink()
    return True


def _as_ours(failure: ChanceryError | OSError) -> ChanceryError:
    return LocalFailure.of(failure) if isinstance(failure, OSError) else failure


def _done(journal: Journal, act: Act, item: Item, state: dict[str, Any], work: Path) -> Outcome:
    """Do one file, or finish what a killed run has begun on it."""
    finished = _finished(journal, act, item, state)
    if finished is not None:
        return finished
    if "part" in state:
        Path(state["part"]).unlink(missing_ok=True)
    digest = _digest(item.path)
    if isinstance(act, Protect):
        return _note_done(journal, item, _protected(journal, act, item, state, digest))
    journal.note(item, steps.BEGUN, digest=digest, document=document_of(item.path))
    journal.keep(item)
    if item.kind in CONTAINERS and isinstance(act, Inward):
        return _note_done(journal, item, item.path, _rewritten(journal, act, item, work))
    if isinstance(act, Unprotect):
        return _note_done(journal, item, _unprotected(journal, act, item, item.path))
    if isinstance(act, InPlace):
        return _note_done(journal, item, act.file(item.path))
    raise TypeError(act)


def _finished(journal: Journal, act: Act, item: Item, state: dict[str, Any]) -> Outcome | None:
    """Return the outcome of a file on which a killed run was at work, if it is done but for the rest; None to begin."""
    if state.get("state") not in {steps.BEGUN, steps.WRITTEN, steps.FAILED}:
        return None
    result = Path(state["result"]) if "result" in state else None
    if result is not None and result.exists() and _digest(result) == state["written"]:
        if result != item.path and item.path.exists() and _digest(item.path) == state["digest"]:
            item.path.unlink()
        return _note_done(journal, item, result, tuple(state.get("inside", ())))
    if isinstance(act, InPlace) and "document" in state:
        if item.path.exists():
            changed = bool(state["document"]) and document_of(item.path) != state["document"]
            return _note_done(journal, item, item.path) if changed else None
        plain = item.path.with_name(item.path.name.removesuffix(SUFFIX))
        if plain.exists():
            return _note_done(journal, item, plain)
    return None


def _note_done(journal: Journal, item: Item, result: Path, inside: tuple[str, ...] = ()) -> Outcome:
    journal.note(item, steps.DONE, result=str(result), written=_digest(result), inside=inside)
    return Outcome(item, steps.DONE, result, inside)


def _unprotected(journal: Journal, act: Unprotect, item: Item, path: Path) -> Path:
    """Write the content under its true name, read it again, and only then remove the sealed file."""
    status = path.stat()
    with act.session.reading(path, leaves=True) as content:
        target = _free(path.with_name(content.name))
        part = part_of(target)
        hashed = hashlib.sha256()

        def ready(_: os.stat_result) -> None:
            if path == item.path:
                journal.note(item, steps.WRITTEN, result=str(target), written=hashed.hexdigest(), part=str(part))

        with creating(target, part=part, ready=ready) as sink:
            while piece := content.stream.read(_PIECE):
                hashed.update(piece)
                write_all(sink, piece)
    if _digest(target) != hashed.hexdigest():
        target.unlink()
        raise LocalFailure(message("What was written to {file} reads otherwise.", file=target))
    target.chmod(status.st_mode & (stat.S_IRUSR | stat.S_IWUSR) | stat.S_IRUSR)
    if content.mtime is not None:
        os.utime(target, (content.mtime, content.mtime))
    _require_same(path, status)
    path.unlink()
    return target


def _protected(journal: Journal, act: Protect, item: Item, state: dict[str, Any], digest: str) -> Path:
    """Seal a plain file, read the sealed one as a recipient would, and only then remove the plain one."""
    status = item.path.stat()
    # What a killed run has sealed already and not noted is at the place that it had noted before.
    target = Path(state["target"]) if "target" in state else item.path
    if not document_of(target):
        target = _free(item.path.with_name(item.path.name + SUFFIX))
        journal.note(item, steps.BEGUN, digest=digest, target=str(target))
        act.session.protect(item.path, act.options, target=target, organization=act.organization)
    with act.session.reading(target) as content:
        if _digest_of_content(content.stream) != digest:
            raise LocalFailure(message("What was written to {file} reads otherwise.", file=target))
    journal.note(item, steps.WRITTEN, result=str(target), written=_digest(target))
    _require_same(item.path, status)
    item.path.unlink()
    return target


def _rewritten(journal: Journal, act: Inward, item: Item, work: Path) -> tuple[str, ...]:
    """Write a container anew with its sealed files changed; it takes the former's place when it was read again."""

    @contextmanager
    def change(name: str, sealed: BinaryIO, licenses: LicensesFile | None) -> Iterator[tuple[str, BinaryIO]]:
        act.session.licenses = licenses
        try:
            with act.member(name, sealed, work) as made:
                yield made
        finally:
            act.session.licenses = None

    status = item.path.stat()
    rewriting = Rewriting(change)
    with replacing(item.path) as sink:
        with item.path.open("rb") as source:
            rewriting.write(item.kind, source, sink)
        sink.flush()
        inside = tuple(str(one) for one in rewriting.changed)
        journal.note(item, steps.WRITTEN, result=str(item.path), written=digest_of(sink), inside=inside)
        _require_same(item.path, status)
    os.utime(item.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return inside


def _put_back(journal: Journal, item: Item, state: dict[str, Any]) -> None:
    """Put the original in the place of the result, or beside it, and remove the result."""
    original, result = journal.original(item), Path(state["result"])
    if not _is_back(item, state):
        if not original.exists():
            raise LocalFailure(message("The original of {file} is not kept any more.", file=item.path))
        if result.exists() and _digest(result) != state["written"]:
            raise LocalFailure(
                message("{file} was changed since, and was left as it is.", file=result),
                remedy=message("Its former content is in {place}.", place=original),
            )
        put = replacing if result == item.path else creating
        with original.open("rb") as source, put(item.path) as sink:
            shutil.copyfileobj(source, sink, _PIECE)
        shutil.copystat(original, item.path)
    if result != item.path:
        result.unlink(missing_ok=True)


def _unprotect_again(journal: Journal, act: Unprotect, item: Item, state: dict[str, Any]) -> None:
    """Put the plain file in the place of the sealed one that the run has made of it."""
    result = Path(state["result"])
    if _is_back(item, state):
        result.unlink(missing_ok=True)
    else:
        _unprotected(journal, act, item, result)


def _is_back(item: Item, state: dict[str, Any]) -> bool:
    """Tell whether a killed undoing has put the original back already."""
    return item.path.exists() and _digest(item.path) == state["digest"]


def _require_same(path: Path, status: os.stat_result) -> None:
    """Raise LocalFailure where somebody has changed the file meanwhile."""
    now = path.stat()
    if (now.st_ino, now.st_size, now.st_mtime_ns) != (status.st_ino, status.st_size, status.st_mtime_ns):
        raise LocalFailure(message("{file} was changed in the meantime, and was not overwritten.", file=path))


def _free(path: Path) -> Path:
    """Return the path, numbered where something is there."""
    numbered = (path.with_stem(f"{path.stem} ({number})") for number in count(2))
    return next(place for place in chain([path], numbered) if not place.exists())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of_content(stream: BinaryIO) -> str:
    hashed = hashlib.sha256()
    while piece := stream.read(_PIECE):
        hashed.update(piece)
    return hashed.hexdigest()
