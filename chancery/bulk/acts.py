"""What is done to each file: removing its protection, protecting it anew or for the first time, another label.

An act says which files it is for, what takes the place of a sealed file inside a container, and how it is known after a
kill whether a file was already done.  Each is safe for itself: it finishes or leaves the file as it was.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, ClassVar

from chancery.bulk.kinds import Kind
from chancery.bulk.unfit import Unfit
from chancery.errors import ChanceryError
from chancery.sdk.errors import ServiceError
from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import Session
from chancery.sealing.layout import SUFFIX
from chancery.sealing.read import open_sealed
from chancery.texts import message


@dataclass(frozen=True)
class Act:
    """One thing that is done to many files, by one signed-in person."""

    name: ClassVar[str]
    works_on: ClassVar[Kind] = Kind.SEALED
    session: Session


class Inward(Act, ABC):
    """An act that is done to sealed files inside containers as well."""

    @abstractmethod
    def member(self, name: str, sealed: BinaryIO, work: Path) -> AbstractContextManager[tuple[str, BinaryIO]]:
        """Yield name and content of what takes the place of a sealed file inside a container.

        ``work`` is an empty folder for sealed files.
        """


@dataclass(frozen=True)
class Unprotect(Inward):
    """The protection is removed."""

    name = "unprotect"

    @contextmanager
    def member(self, name: str, sealed: BinaryIO, work: Path) -> Iterator[tuple[str, BinaryIO]]:
        """Yield the content under its true name; it is never written to a disk by itself."""
        with self.session.reading(sealed, leaves=True) as content:
            yield content.name, content.stream


@dataclass(frozen=True)
class InPlace(Inward):
    """Another sealed file takes the place of the former."""

    @abstractmethod
    def file(self, path: Path) -> Path:
        """Do it to a file; return where the result is, whole and on disk."""

    @contextmanager
    def member(self, name: str, sealed: BinaryIO, work: Path) -> Iterator[tuple[str, BinaryIO]]:
        """Do it to a copy in a folder of the run."""
        place = work / f"member{SUFFIX}"
        with place.open("wb") as file:
            sealed.seek(0)
            shutil.copyfileobj(sealed, file)
        result = self.file(place)
        try:
            with result.open("rb") as stream:
                yield name, stream
        finally:
            result.unlink(missing_ok=True)
            place.unlink(missing_ok=True)


@dataclass(frozen=True)
class Reprotect(InPlace):
    """Another protection takes the place of the former; each file becomes another document, owned by the caller."""

    name = "reprotect"
    options: ProtectOptions
    organization: str | None = None

    def file(self, path: Path) -> Path:
        """Protect anew and prove the result."""
        done = self.session.reprotect(path, self.options, organization=self.organization)
        self.session.verify(done.path)
        return done.path


@dataclass(frozen=True)
class Relabel(InPlace):
    """Another label, and whatever the label's rules make of the protection."""

    name = "relabel"
    label: str
    justification: str = ""

    @contextmanager
    def member(self, name: str, sealed: BinaryIO, work: Path) -> Iterator[tuple[str, BinaryIO]]:
        """Do it to a copy, unless the label removes the protection: the service would change the document first."""
        with open_sealed(sealed) as file:
            place = self.session.organization(file.publishing_license.org)
            chosen = place.label_for(file.publishing_license.cid, self.label)
        if chosen["effect"] == "remove":
            raise Unfit(message("This label removes the protection, which is not done inside another file."))
        with super().member(name, sealed, work) as made:
            yield made

    def file(self, path: Path) -> Path:
        """Give the label; the result may be a plain file where the label removes the protection.

        Who began the run was asked once; where the service asks again because many lose access, it is answered.
        """
        give = partial(self.session.relabel, path, self.label, justification=self.justification)
        try:
            return give().path
        except ServiceError as asked:
            if asked.problem != "confirmation_required":
                raise
            return give(confirm=asked.members["confirm"]).path


@dataclass(frozen=True)
class Protect(Act):
    """Plain files are protected, and the plain ones removed once the sealed ones were read again."""

    name = "protect"
    works_on = Kind.PLAIN
    options: ProtectOptions
    organization: str | None = None


def document_of(path: Path) -> str:
    """Return which document a sealed file is, "" for anything else."""
    try:
        with open_sealed(path) as file:
            return str(file.publishing_license.cid)
    except (OSError, ChanceryError):
        return ""
