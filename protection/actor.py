"""Who does something, as the ledger names them and as the services judge them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from uuid import UUID

from chancery.policy.permission import Permission

OF_ADMINISTRATORS: Final = frozenset({Permission.DOCUMENTS_READ_ALL, Permission.DOCUMENTS_REVOKE})
"""With which a change goes on that an administrator has begun for all documents, or has set for a later moment."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, as the ledger names them and as the services judge them.

    ``permissions`` are what the person's roles in this organization permit: they narrow and restore, and never let
    anybody read (docs/protocol.md P18).  ``addresses`` are all of somebody from elsewhere, of which a document that
    they bring shows just the one by which it means them (P20).  ``ip`` and ``device`` are what the interface saw; ""
    and None when it saw nothing.  ``acting_for`` is for whom an administrator acts, as they have declared; it allows
    nothing more.
    """

    person: UUID
    address: str
    name: str = ""
    permissions: frozenset[Permission] = frozenset()
    ip: str = ""
    device: UUID | None = None
    source: str = ""
    application: bool = False
    device_name: str = ""
    addresses: frozenset[str] = field(default=frozenset(), repr=False)
    acting_for: UUID | None = None
    acting_for_address: str = ""

    def may(self, permission: Permission) -> bool:
        """Tell whether a role of theirs permits it."""
        return permission in self.permissions

    @property
    def own(self) -> UUID:
        """Whose documents the actor's own lists show."""
        return self.acting_for or self.person

    def as_json(self) -> dict[str, Any]:
        """Return the facts of who asked, for the events that a worker writes later."""
        return {
            "person": str(self.person),
            "address": self.address,
            "name": self.name,
            "ip": self.ip,
            "device": None if self.device is None else str(self.device),
            "device_name": self.device_name,
            "source": self.source,
            "application": self.application,
            "acting_for": None if self.acting_for is None else str(self.acting_for),
            "acting_for_address": self.acting_for_address,
        }

    @classmethod
    def from_json(cls, asked: Mapping[str, Any], *, permissions: frozenset[Permission] = frozenset()) -> Self:
        """Return who asked, as ``as_json`` kept them; ``permissions`` are what they may by now."""
        ids = {name: UUID(asked[name]) for name in ("person", "device", "acting_for") if asked.get(name)}
        return cls(**{**asked, **ids}, permissions=permissions)
