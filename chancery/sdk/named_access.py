"""What openings rest on instead of the caller's own access: never implicit, and asked of the service each time."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NamedAccess:
    """A super-user grant, or an application's read permission with the person for whom it reads, by address or id.

    Nothing is kept of what is opened by it, and nothing that is kept is used (docs/protocol.md P21, P31).
    """

    super_user_grant: UUID | None = None
    read_permission: UUID | None = None
    for_person: str = ""

    @property
    def is_own(self) -> bool:
        """Tell whether nothing is named, so that the caller's own access counts."""
        return self.super_user_grant is None and self.read_permission is None

    def as_json(self) -> dict[str, Any]:
        """Return the members that go into a license request."""
        named = {"super_user_grant": self.super_user_grant, "read_permission": self.read_permission}
        found = {name: str(value) for name, value in named.items() if value is not None}
        return {**found, "for_person": self.for_person} if self.for_person else found


OWN = NamedAccess()
