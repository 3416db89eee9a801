"""The templates and labels a person may choose from, as the client last saw them.

They are asked for again when they are older than a minute and something is protected or listed (promise C47), and kept
for when there is no network.  The list is one person's: another who signs in on this device does not see it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

from chancery.sdk.errors import Misused
from chancery.texts import message, plural_message

FRESH_SECONDS: Final = 60
"""How old a list may be before it is asked for again; so a change reaches everybody within this time."""

_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Offered:
    """A list of templates, when the service was asked for it, and by what it names that state."""

    results: tuple[dict[str, Any], ...] = ()
    as_of: float = 0.0
    etag: str = ""

    @classmethod
    def of_record(cls, record: Mapping[str, Any] | None, person: UUID) -> Self:
        """Return what is kept for this person, an empty list when there is nothing."""
        if record is None or record.get("person") != str(person):
            return cls()
        return cls(tuple(record["results"]), float(record["as_of"]), str(record["etag"]))

    def as_record(self, person: UUID) -> dict[str, Any]:
        """Return what is to be kept."""
        return {"person": str(person), "as_of": self.as_of, "etag": self.etag, "results": list(self.results)}

    def is_fresh(self, now: float) -> bool:
        """Tell whether it need not be asked for; one from the future is a sign of a clock that was set back."""
        return 0 <= now - self.as_of < FRESH_SECONDS

    def called(self, name: str) -> dict[str, Any] | None:
        """Return the template with this name, in any of its languages, or id."""
        for template in self.results:
            if name == template["id"] or name.casefold() in {text.casefold() for text in template["names"].values()}:
                return template
        return None

    def age(self, now: float) -> str:
        """Say how old the list is, nothing while it is fresh or when there is none."""
        seconds = now - self.as_of
        if not self.as_of or 0 <= seconds < FRESH_SECONDS:
            return ""
        if seconds >= _DAY:
            return plural_message(
                "As the service said {count} day ago; it could not be asked now.",
                "As the service said {count} days ago; it could not be asked now.",
                int(seconds // _DAY),
            )
        if seconds >= _HOUR:
            return plural_message(
                "As the service said {count} hour ago; it could not be asked now.",
                "As the service said {count} hours ago; it could not be asked now.",
                int(seconds // _HOUR),
            )
        return plural_message(
            "As the service said {count} minute ago; it could not be asked now.",
            "As the service said {count} minutes ago; it could not be asked now.",
            max(1, int(seconds // _MINUTE)),
        )


def label_called(name: str, known: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the one of these labels with this name, in any of its languages, or id.  Raises Misused."""
    wanted = name.casefold()
    for one in known:
        if name == one["id"] or wanted in {text.casefold() for text in one["names"].values()}:
            return one
    names = ", ".join(str(one["name"]) for one in known) or message("none")
    raise Misused(
        message("There is no label called {name!r}.", name=name), remedy=message("Choose one of: {names}.", names=names)
    )
