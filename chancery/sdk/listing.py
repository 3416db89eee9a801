"""A list of the service, fetched page by page while it is read."""

from collections.abc import Callable, Iterator
from typing import Any, Final

PAGE: Final = 200
"""How much of a list the service gives at once."""


class Listing(Iterator[dict[str, Any]]):
    """The rows of a list; ``total`` is how many there are, known once reading began and None where it is not stated.

    One page is held at a time, so that a list of any length takes the same memory.
    """

    def __init__(self, fetch: Callable[[str], dict[str, Any]]) -> None:
        """Fetch pages by their cursor, "" for the first."""
        self.total: int | None = None
        self._rows = self._each(fetch)

    def __next__(self) -> dict[str, Any]:
        return next(self._rows)

    def _each(self, fetch: Callable[[str], dict[str, Any]]) -> Iterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = fetch(cursor)
            self.total = page.get("total", self.total)
            yield from page["results"]
            cursor = page["next"]
            if not cursor:
                return
