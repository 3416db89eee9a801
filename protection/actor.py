"""Who does something, as the ledger names them and as the services judge them."""

from dataclasses import dataclass, field
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
