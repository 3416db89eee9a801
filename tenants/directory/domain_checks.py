"""What the DNS can say of a mail domain, as it is kept with the domain."""

from dataclasses import dataclass
from enum import StrEnum


class LookupResult(StrEnum):
    """What the DNS said; kept for long, so a value is never renamed."""

    FOUND = "found"
    OTHER = "other"
    """There are TXT records, and none is the text."""
    EMPTY = "empty"
    """The domain exists and has no TXT record."""
    NO_DOMAIN = "no_domain"
    """NXDOMAIN."""
    ALIAS = "alias"
    """The name is an alias of another one."""
    FAILED = "failed"
    """SERVFAIL, REFUSED and other answers that say nothing about the domain."""
    TIMEOUT = "timeout"
    """No answer in time."""


@dataclass(frozen=True, slots=True)
class DomainCheck:
    """The answer: FOUND where all resolvers saw the text, else the first other answer and whose it was.

    ``seen`` are the texts that the domain holds instead, or the name that it is an alias of.
    """

    result: LookupResult
    resolver: str = ""
    seen: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether the record is there."""
        return self.result is LookupResult.FOUND

    @property
    def missing(self) -> bool:
        """Whether the record is gone; after a failure or a timeout nothing is known."""
        return self.result not in {LookupResult.FOUND, LookupResult.FAILED, LookupResult.TIMEOUT}
