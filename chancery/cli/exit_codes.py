"""The exit code of each kind of failure.

0 done · 1 refused by policy · 2 usage · 3 file invalid or tampered · 4 service unreachable · 5 other ·
6 standard output takes no more · 130 interrupted
"""

from http import HTTPStatus
from typing import Final

from chancery.errors import (
    CannotUnseal,
    ChanceryError,
    InvalidFile,
    InvalidObject,
    InvalidPolicy,
    Revoked,
    UnknownSuite,
    UntrustedKey,
)
from chancery.sdk.errors import Misused, NotSignedIn, OutputFailed, Refused, ServiceError, Unreachable

INTERRUPTED: Final = 130
"""What shells report for a program that Ctrl-C ended; 1 would say that a policy refused."""

_CODES: Final[tuple[tuple[tuple[type[ChanceryError], ...], int], ...]] = (
    ((Refused, Revoked), 1),
    ((Misused, InvalidPolicy), 2),
    ((InvalidFile, InvalidObject, UntrustedKey, CannotUnseal, UnknownSuite), 3),
    ((Unreachable,), 4),
    ((NotSignedIn, ServiceError), 5),
    ((OutputFailed,), 6),
)


def exit_code(error: ChanceryError) -> int:
    """Return the exit code of an error; what the service calls invalid input is a usage error too."""
    if isinstance(error, ServiceError) and error.status == HTTPStatus.BAD_REQUEST:
        return 2
    return next((code for kinds, code in _CODES if isinstance(error, kinds)), 5)
