"""One way to understand what somebody has typed as a recipient."""

from dataclasses import dataclass
from enum import StrEnum

from chancery.policy.policy import Principal


class Kind(StrEnum):
    """What a suggestion is."""

    PERSON = "person"
    GUEST = "guest"
    GROUP = "group"
    EVERYBODY = "everybody"
    DOMAIN = "domain"
    CONTACT = "contact"
    """An address outside that the organization keeps among its contacts."""
    OUTSIDE = "outside"
    """An address outside of the organization that the caller has named in a document before."""
    NEW = "new"
    """An address outside that the caller has not named before."""
    SLIP = "slip"
    """A new address again, with a domain that is known in the place of one that resembles it."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One way to understand what was typed; ``members`` is the size of a group or of the organization."""

    who: Principal
    kind: Kind
    name: str = ""
    members: int | None = None
