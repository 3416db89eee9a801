"""Who does something, as the ledger names them and as the services judge them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, as the ledger names them and as the services judge them.

    ``administrator`` says that the person's role in this organization lets them narrow and restore; it never lets them
    read (docs/protocol.md P18).  ``addresses`` are all of somebody from elsewhere, of which a document that they bring
    shows just the one by which it means them (P20).  ``ip`` and ``device`` are what the interface saw; "" and None when
    it saw nothing.
    """

    person: UUID
    address: str
    name: str = ""
    administrator: bool = False
    auditor: bool = False
    ip: str = ""
    device: UUID | None = None
    source: str = ""
    application: bool = False
    device_name: str = ""
    addresses: frozenset[str] = field(default=frozenset(), repr=False)

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
        }

    @classmethod
    def from_json(cls, asked: Mapping[str, Any], *, administrator: bool = False) -> Self:
        """Return who asked, as ``as_json`` kept them; ``administrator`` is what they are by now."""
        device = None if asked["device"] is None else UUID(asked["device"])
        return cls(**{**asked, "person": UUID(asked["person"]), "device": device}, administrator=administrator)
