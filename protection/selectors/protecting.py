"""Who may protect for the current organization: what it limits to groups and kinds of client (decision 46)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from protection.models import ServiceSettings

APPLICATION: Final = "application"
"""The kind of client that a program with an account of its own is, on whatever device it runs."""


class Excluded(StrEnum):
    """Why somebody protects nothing here."""

    CLIENT_OFF = "client_off"
    NOT_IN_GROUP = "not_in_group"


@dataclass(frozen=True, slots=True)
class Protector:
    """Somebody who wants to protect: the groups that hold them and give something, nested ones too, and with what."""

    groups: frozenset[UUID]
    platform: str
    application: bool


@dataclass(frozen=True, slots=True)
class ProtectingLimits:
    """The limits of an organization; empty ones are none.  ``contact`` is whom to ask, "" for any administrator."""

    groups: frozenset[UUID] = frozenset()
    on: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    contact: str = ""

    @property
    def any(self) -> bool:
        """Tell whether somebody may be excluded at all."""
        return bool(self.groups or self.off)

    def excludes(self, protector: Protector) -> Excluded | None:
        """Return why somebody may not protect, None where they may.

        Applications are in no groups: what they may is said by their permission, or all of them are switched off.
        """
        if protector.platform in self.off or (protector.application and APPLICATION in self.off):
            return Excluded.CLIENT_OFF
        limited = bool(self.groups) and not protector.application and (not self.on or protector.platform in self.on)
        return Excluded.NOT_IN_GROUP if limited and self.groups.isdisjoint(protector.groups) else None


def protecting_limits() -> ProtectingLimits:
    """Return the limits that hold now, in one statement."""
    kept, contact = ServiceSettings.objects.values_list("protecting", "contact").get(id=1)
    return limits_of(kept, contact)


def limits_of(kept: dict[str, list[str]], contact: str = "") -> ProtectingLimits:
    """Return the limits that a row keeps."""
    return ProtectingLimits(
        groups=frozenset(UUID(one) for one in kept.get("protectors", ())),
        on=frozenset(kept.get("protectors_on", ())),
        off=frozenset(kept.get("protecting_off", ())),
        contact=contact,
    )
