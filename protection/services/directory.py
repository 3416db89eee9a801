"""The port to the directory: what services ask about people and devices other than the one who calls."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from chancery.policy.reasons import Reason
from chancery.policy.subject import Subject
from protection.selectors.protecting import Protector


@dataclass(frozen=True, slots=True)
class PublisherFacts:
    """What the directory says of the person and device that published, and of the owner they named."""

    active: bool
    device_revoked: bool
    address: str
    owner_address: str
    """"" for a person who is no member of the organization: of others it learns nothing, not even that they exist."""
    protector: Protector
    """The publisher as limits on who protects see them."""
    may_publish: bool = True
    """False for an application that may not protect documents any more, whatever its certificate says."""
    may_name_owner: bool = True
    """False for an application that may not protect documents for this owner now, whatever its certificate says."""
    name: str = ""
    """What an application is called, which has no address."""


class Directory(Protocol):
    """The directory as one organization sees it at this moment; the portal implements it."""

    @property
    def iss(self) -> str:
        """The installation whose people these are, as publishing licenses name it."""
        ...

    def stopped(self) -> Reason | None:
        """Return why the organization takes nothing new, or None; the answer holds until the transaction ends."""
        ...

    def publisher(self, issuer: UUID, device: UUID | None, owner: UUID) -> PublisherFacts:
        """Return what is known of the person who published a document."""
        ...

    def groups_of(self, person: UUID) -> frozenset[UUID]:
        """Return the organization's groups that hold a person, nested ones too, and still give something."""
        ...

    def subject(self, person: UUID, device: UUID) -> Subject | None:
        """Return a person on one of their devices as decisions see them, or None when either is not known.

        Strength of sign-in and network are those of a request; without one they are the weakest and none.
        """
        ...
