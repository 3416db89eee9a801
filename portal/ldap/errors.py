"""What goes wrong between us and a directory server, each with a sentence for the person who can mend it."""

from typing import Final

from chancery.errors import ChanceryError
from chancery.texts import message

CREDENTIALS: Final = "credentials"
UNREACHABLE: Final = "unreachable"
NOT_ALLOWED: Final = "not_allowed"
CERTIFICATE: Final = "certificate"
PROTOCOL: Final = "protocol"
TIMEOUT: Final = "timeout"
REFUSED: Final = "refused"
SETTINGS: Final = "settings"


class ServerFailed(ChanceryError):
    """The directory server does not answer, or not with what was asked for.

    ``reason`` is one of the words above.  After ``CREDENTIALS`` nothing may try again by itself: many servers lock an
    account after a few wrong passwords.
    """

    code = "directory_server_failed"
    remedy = message("Check the settings of the directory server, then test it.")

    def __init__(self, reason: str, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason
