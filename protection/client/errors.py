"""What can go wrong on the client's side, each with its exit code (DESIGN.md; the command line prints the remedy)."""

from typing import ClassVar

from protection.errors import ChanceryError


class Refused(ChanceryError):
    """The service decided against it: by policy, by state, or because the caller may not do this.

    ``reason`` is the stable code, ``contact`` whom to ask, ``event`` the id under which the refusal is on record.
    """

    code: ClassVar[str] = "refused"
    remedy: ClassVar[str] = "Ask the document's owner for access."

    def __init__(
        self, message: str, *, reason: str, remedy: str | None = None, contact: str = "", event: str = ""
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason
        self.contact = contact
        self.event = event


class Unreachable(ChanceryError):
    """The service does not answer, or cannot decide at the moment."""

    code: ClassVar[str] = "unreachable"
    remedy: ClassVar[str] = "Check the network and try again."


class NotSignedIn(ChanceryError):
    """There is no usable sign-in for this installation on this device."""

    code: ClassVar[str] = "not_signed_in"
    remedy: ClassVar[str] = "Run: chancery login"


class Misused(ChanceryError):
    """The call itself makes no sense: a missing file, contradictory options, an unknown template."""

    code: ClassVar[str] = "usage"
    remedy: ClassVar[str] = "See: chancery --help"


class ServiceError(ChanceryError):
    """The service answered with an error of its own; ``problem`` is its code."""

    code: ClassVar[str] = "service_error"

    def __init__(self, message: str, *, problem: str, status: int, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.problem = problem
        self.status = status
