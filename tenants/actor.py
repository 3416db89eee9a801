"""Who does something to the directory or to an organization, as the record keeps it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acts, where the request came from, and from which address on the network.

    ``source`` names the interface: pages, api, command, issuer, or ``first-start`` for the demo data.  ``name`` and
    ``address`` are empty where the service does not know who acts; the ledger then says so by the source.
    ``manages_roles`` lets them change groups that hold a role.
    """

    person_id: UUID | None
    name: str
    source: str
    ip: str = ""
    address: str = ""
    application: bool = False
    manages_roles: bool = False


OPERATOR = Actor(person_id=None, name="operator", source="command", manages_roles=True)
"""A person who has a shell on the machine; recorded as such, since nobody signed in."""
