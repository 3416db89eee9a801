"""Which files a command works on, and where their results go; nothing is left out without saying what and why."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from chancery.cli.output import Output
from chancery.sdk.errors import Misused, reason_of
from chancery.sdk.licensed import already_sealed
from chancery.texts import Text, message

STREAM: Final = Path("-")
"""Standard input or output."""

FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, allow_dash=True))

_SEALED: Final = message("it is protected already")
_PLAIN: Final = message("it is not protected")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file to work on; ``below`` is where it is below the folder that was named, or just its name."""

    path: Path
    below: Path


def chosen_files(output: Output, files: Sequence[Path], *, recursive: bool, sealed: bool) -> list[Chosen]:
    """Return the files named and, with ``recursive``, those in the folders named that are, or are not, sealed.

    Whether a file is sealed is seen by its content.  What is left out in a folder is reported with the reason.
    """
    found: list[Chosen] = []
    for path in files:
        if path == STREAM or not path.is_dir():
            found.append(Chosen(path, Path(path.name)))
        elif not recursive:
            raise Misused(
                message("{path} is a folder.", path=path),
                remedy=message("Add --recursive to work on everything in it."),
            )
        else:
            for inner in _inside(output, path):
                why = _why_not(inner, sealed=sealed)
                if why is None:
                    found.append(Chosen(inner, inner.relative_to(path)))
                else:
                    left_out(output, inner, why)
    return found


def left_out(output: Output, path: Path, why: Text) -> None:
    """Say that a file is left out of a batch, and why."""
    line = message("{file} is left out: {why}.", file=path, why=why)
    if output.as_json:
        output.result({"file": str(path), "left_out": str(why)})
    else:
        output.note(line)


def _inside(output: Output, folder: Path) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        left_out(output, Path(error.filename), reason_of(error))

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        folders.sort()
        for name in sorted(names):
            yield Path(parent, name)
        for name in folders:
            if Path(parent, name).is_symlink():
                left_out(output, Path(parent, name), message("links to folders are not followed"))


def _why_not(path: Path, *, sealed: bool) -> Text | None:
    """Return why a file in a folder is not worked on, None when it is."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return message("links are not followed")
        if not stat.S_ISREG(mode):
            return message("it is no ordinary file")
        if already_sealed(path) != sealed:
            return _PLAIN if sealed else _SEALED
    except OSError as error:
        return reason_of(error)
    return None


def targets(
    chosen: Iterable[Chosen], target: Path | None, result: Callable[[Chosen], Path], *, recursive: bool
) -> dict[Path, Path | None]:
    """Return where the result of each file goes: below ``target`` as the files are below the folders named.

    ``target`` is the result itself for one file, unless it is a folder.  Raises Misused before any work begins.
    """
    chosen = list(chosen)
    if target is None or target == STREAM:
        if target == STREAM and len(chosen) > 1:
            raise Misused(
                message("Standard output takes the result of one file."),
                remedy=message("Name a folder with -o for several."),
            )
        return {one.path: target for one in chosen}
    if not (recursive or target.is_dir()):
        if len(chosen) > 1:
            raise Misused(
                message("{target} is not a folder.", target=target),
                remedy=message("Name an existing folder with -o for several files."),
            )
        return {one.path: target for one in chosen}
    if target.exists() and not target.is_dir():
        raise Misused(
            message("{target} is not a folder.", target=target),
            remedy=message("Name a folder with -o; with --recursive it may be a new one."),
        )
    return {one.path: target / result(one) for one in chosen}
