"""Where the attachments of a message are once they are protected."""

from collections.abc import Iterable
from itertools import chain, count
from pathlib import Path

from chancery.sdk.licensed import missing
from chancery.sealing.layout import SUFFIX, is_sealed


def attachment_places(sources: Iterable[Path], folder: Path) -> list[tuple[Path, Path]]:
    """Return for each attachment where it will be: what is protected already where it is, others in the folder."""
    places: list[tuple[Path, Path]] = []
    used: set[str] = set()
    for source in sources:
        if already_sealed(source):
            places.append((source, source))
            continue
        numbered = (f"{source.stem} ({number}){source.suffix}" for number in count(2))
        # Names that differ in case alone are one name on many file systems.
        name = next(name for name in chain([source.name], numbered) if name.casefold() not in used)
        used.add(name.casefold())
        places.append((source, folder / f"{name}{SUFFIX}"))
    return places


def already_sealed(source: Path) -> bool:
    """Tell by its content whether a file was sealed.  Raises Misused for what is no file."""
    if not source.is_file():
        raise missing(source)
    with source.open("rb") as file:
        return is_sealed(file)
