"""Which hand-overs somebody sees, and whose documents nobody decides about."""

from dataclasses import dataclass
from uuid import UUID

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.usecases.caller import Caller
from protection.selectors.hand_overs import (
    HandOverFacts,
    OwnerRow,
    hand_over_facts,
    hand_overs,
    owners,
)
from tenants.directory.selectors.people import enabled_among


@dataclass(frozen=True, slots=True)
class VisibleHandOvers:
    """Hand-overs that a person sees, newest first."""

    rows: tuple[HandOverFacts, ...]


@dataclass(frozen=True, slots=True)
class DepartedOwners:
    """People who own documents and are disabled or no longer members."""

    rows: tuple[OwnerRow, ...]


def visible_hand_overs(*, caller: Caller, state: str = "", limit: int = 50, after: str = "") -> VisibleHandOvers:
    """Return hand-overs, newest first: all by role, else those from and to the caller."""
    concerning = None if _sees_all(caller) else caller.person
    return VisibleHandOvers(hand_overs(concerning=concerning, state=state, limit=limit, after=after))


def visible_hand_over(*, caller: Caller, hand_over_id: UUID) -> HandOverFacts:
    """Return one hand-over to those who may see it.  Raises NotFound for everybody else."""
    found = hand_over_facts(hand_over_id)
    if not (_sees_all(caller) or caller.person in {found.former_owner, found.new_owner}):
        raise NotFound(message("There is no such hand-over, or you may not see it."))
    return found


def departed_owners(*, caller: Caller) -> DepartedOwners:
    """Return who owns documents here and is disabled or no longer a member, so that nobody decides about these."""
    found = owners()
    present = enabled_among(caller.organization, [one.id for one in found])
    return DepartedOwners(tuple(one for one in found if one.id not in present))


def _sees_all(caller: Caller) -> bool:
    return caller.may(Permission.DOCUMENTS_HAND_OVER) or caller.may(Permission.DOCUMENTS_READ_ALL)
