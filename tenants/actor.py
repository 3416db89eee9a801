"""Who does something to the directory or to an organization, as the record keeps it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acts, where the wish came from, and from which address on the network.

    ``source`` names the door: pages, api, console, command, issuer.
    """

    person_id: UUID | None
    name: str
    source: str
    ip: str = ""


OPERATOR = Actor(person_id=None, name="operator", source="command")
"""Whoever has a shell on the machine; recorded as such, since nobody signed in."""
