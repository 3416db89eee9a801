"""What can go wrong on the client's side, each with its exit code; the command line prints the remedy."""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from chancery.errors import ChanceryError
from chancery.policy.reasons import Reason
from chancery.texts import Text, joined, message

_REMEDIES: Final[Mapping[int, str]] = {
    errno.ENOSPC: message("Make room on the disk, or name another place with -o."),
    errno.EDQUOT: message("Make room on the disk, or name another place with -o."),
    errno.EFBIG: message("Name a place with -o that takes files of this size."),
    errno.EACCES: message("Name a place with -o where you may write, or ask for the permission."),
    errno.EROFS: message("Name a place with -o where you may write."),
}


@dataclass(frozen=True, slots=True)
class RevocationNote:
    """What people read who are refused because access was taken back.

    ``message`` was written for them.  ``replaced`` tells that another document replaces this one; its title and page
    are for those alone who may open it.
    """

    message: str = ""
    replaced: bool = False
    title: str = ""
    page: str = ""

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> "RevocationNote | None":
        """Return what an answer of the service says, None where it says nothing."""
        text, successor = members.get("message_to_recipients"), members.get("successor")
        if not isinstance(successor, Mapping):
            return cls(str(text)) if text else None
        return cls(str(text or ""), True, str(successor.get("title") or ""), str(successor.get("page") or ""))


class Refused(ChanceryError):
    """The service decided against it: by policy, by state, or because the caller may not do this.

    ``reason`` is the stable code, ``contact`` whom to ask, ``event`` the id under which the refusal is recorded.
    ``note`` is what a revocation says beside.
    """

    code = "refused"
    remedy = message("Ask the document's owner for access.")

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        remedy: str | None = None,
        contact: str = "",
        event: str = "",
        note: "RevocationNote | None" = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason
        self.contact = contact
        self.event = event
        self.note = note


class NoCopy(Refused):
    """The person may read the content, and no unprotected copy of it may leave (promise C30)."""

    code = "no_copy"

    def __init__(self, contact: str) -> None:
        """Name whom to ask for the right, if anybody is known."""
        super().__init__(
            message("You may read this document, but not save it without this protection."),
            reason=Reason.NOT_GRANTED,
            remedy=message("Ask {contact} for the right to export.", contact=contact)
            if contact
            else message("Ask its owner for the right to export."),
        )


class Unreachable(ChanceryError):
    """The service does not answer, or cannot decide at the moment."""

    code = "unreachable"
    remedy = message("Check the network and try again.")


class NotSignedIn(ChanceryError):
    """There is no usable sign-in for this installation on this device."""

    code = "not_signed_in"
    remedy = message("Run: chancery login")


class Misused(ChanceryError):
    """The call itself makes no sense: a missing file, contradictory options, an unknown template."""

    code = "usage"
    remedy = message("See: chancery --help")


class ClockWrong(ChanceryError):
    """This device's clock differs too much from the service's for anything to be proven or signed."""

    code = "clock_wrong"
    remedy = message("Set the clock of this device right, then try again.")


class LocalFailure(ChanceryError):
    """This computer could not do it: no room, no permission, no such folder."""

    code = "local_failure"
    remedy = message("Look at the file or folder named, and try again.")

    @classmethod
    def of(cls, error: OSError) -> Self:
        """Return the same in the words of the client."""
        return cls(reason_of(error), remedy=_REMEDIES.get(error.errno or 0))


def reason_of(error: OSError) -> Text:
    """Return what the system says, as a text."""
    what = error.strerror or str(error)
    place = f": {error.filename}" if error.filename else ""
    return joined((f"{what}{place}.", *getattr(error, "__notes__", ())), " ")


class OutputFailed(ChanceryError):
    """Standard output takes no more: its reader has gone, or its disk is full."""

    code = "output_failed"
    remedy = message("What was done is done; look at what reads or keeps the output.")


class ServiceError(ChanceryError):
    """The service answered with an error of its own; ``problem`` is its code, ``members`` all that it answered."""

    code = "service_error"

    def __init__(
        self,
        message: str,
        *,
        problem: str,
        status: int,
        remedy: str | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.problem = problem
        self.status = status
        self.members = members or {}
