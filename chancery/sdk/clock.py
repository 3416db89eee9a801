"""The client's time: never behind the newest signed moment or the highest time seen on this device.

See docs/protocol.md P26.
"""

import time
from collections.abc import Callable
from typing import Final

from chancery.sdk.errors import Refused
from chancery.sdk.home import Home
from chancery.sdk.timespan import in_words
from chancery.texts import message

TOLERANCE: Final = 300
"""Seconds by which the system clock may be behind before nothing opens offline (P26)."""

_NOTED_EVERY: Final = 30
"""Seconds between two notes of the highest time seen; far below the tolerance, and not a write for every question."""


class Clock:
    """The time for one organization through one sign-in."""

    def __init__(self, home: Home, scope: str, *, online: bool, signed: Callable[[], int]) -> None:
        """Keep the highest time seen in ``home``; ``signed`` returns the newest signed moment that is known."""
        self._home = home
        self._record = f"clock/{scope}"
        self._online = online
        self._signed = signed

    def now(self) -> int:
        """Return the present time in seconds since 1970.

        Raises Refused when the system clock is more than five minutes behind and the service cannot set it right.
        """
        system, highest = int(time.time()), self._highest()
        mark = max(self._signed(), highest)
        if system + TOLERANCE < mark:
            if not self._online:
                raise Refused(
                    message(
                        "This device's clock is wrong: it is {difference} behind a time it has already seen.",
                        difference=in_words(mark - system),
                    ),
                    reason="clock_behind",
                    remedy=message("Set the clock right, or connect to the service once."),
                )
            return system
        if system > highest + _NOTED_EVERY:
            self._home.write(self._record, {"highest": system})
        return max(system, mark)

    def in_doubt(self) -> bool:
        """Tell whether the system clock is behind a time this device has seen: then only the service may license."""
        return self._highest() > time.time() + TOLERANCE

    def set_by(self, signed: int) -> None:
        """Take a moment that the service has just signed for the highest time seen."""
        self._home.write(self._record, {"highest": signed})

    def _highest(self) -> int:
        return int((self._home.read(self._record) or {}).get("highest", 0))
