"""What is to be done when a person leaves, on their page: documents, requests, devices, sessions, groups."""

from dataclasses import dataclass
from uuid import UUID

from portal.usecases.caller import Caller
from portal.usecases.devices import visible_devices
from protection.selectors.documents import owned_by
from protection.selectors.hand_overs import HandOverFacts, hand_overs
from protection.selectors.requests import waiting_for
from tenants.directory.selectors.groups import groups_holding
from tenants.directory.selectors.people import person_in, sessions_of


@dataclass(frozen=True, slots=True)
class Offboarding:
    """What a person has here.

    ``requests`` wait for their answer; ``sessions`` is None of guests, whose account is another organization's.
    ``under_way`` are hand-overs of their documents that wait for approval or are carried out.
    """

    documents: int
    requests: int
    devices: int
    sessions: int | None
    groups: tuple[str, ...]
    under_way: tuple[HandOverFacts, ...]
    disabled: bool

    @property
    def is_done(self) -> bool:
        """Tell whether the person can be removed without leaving anything behind."""
        return self.disabled and not self.documents


def offboarding_of(*, caller: Caller, person_id: UUID) -> Offboarding:
    """Return what a person of the organization has here.  Raises NotHere."""
    person = person_in(caller.organization, person_id)
    devices = [one for one in visible_devices(caller=caller, person_id=person_id).devices if one.revoked_at is None]
    rows = [one for state in ("waiting", "running") for one in hand_overs(concerning=person_id, state=state)]
    return Offboarding(
        documents=owned_by(person_id),
        requests=waiting_for(person_id),
        devices=len(devices),
        sessions=None if person.guest else sessions_of(person_id),
        groups=groups_holding(caller.organization, person_id),
        under_way=tuple(one for one in rows if one.former_owner == person_id),
        disabled=person.disabled,
    )
