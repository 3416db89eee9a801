"""What the directory revokes, put into every organization's feed; and organizations taken out of service.

The directory knows no feed and the feed knows no people, so the two are joined here.  A person who is disabled or
removed is refused at the next request by their row; the feed invalidates their cached licenses (docs/protocol.md
P24).  What the directory notes in the transaction of its change is propagated at once after it, one organization after
the other, and by a sweep where that did not get through.
"""

import logging
import time
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import DatabaseError, transaction

from protection.selectors.organization import is_activated
from protection.services.feed import LONGEST_LICENSING, invalidate_all_of
from protection.services.propagate_revocation import propagate_revocation
from tenants.actor import Actor
from tenants.context import UnknownOrganization, in_organization
from tenants.directory import revocations
from tenants.organizations.services.deactivate_service import deactivate_service as switch_off
from tenants.organizations.services.suspend_organization import suspend_organization as suspend_organization_service

AT_ONCE: Final = 1.0
"""For how many seconds the request that withdraws works off the feeds itself; the sweep does the rest."""

_SETTLED: Final = timedelta(seconds=LONGEST_LICENSING + 1)

logger = logging.getLogger(__name__)


@transaction.atomic
def deactivate_service(*, organization_id: UUID, reason: str = "", actor: Actor) -> bool:
    """Switch the service off and invalidate every cached license; return whether anything changed.

    Nothing is protected, registered or opened until it is switched on again.
    """
    changed = switch_off(organization_id=organization_id, reason=reason, actor=actor)
    if changed:
        _invalidate_all_licenses(organization_id)
    return changed


@transaction.atomic
def suspend_organization(*, organization_id: UUID, reason: str, actor: Actor) -> None:
    """Suspend an organization; licenses of its documents, and of its members elsewhere, are invalidated."""
    suspend_organization_service(organization_id=organization_id, reason=reason, actor=actor)
    _invalidate_all_licenses(organization_id)
    revocations.record_revocation_of_members(organization_id)


def _invalidate_all_licenses(organization_id: UUID) -> None:
    with in_organization(organization_id):
        if is_activated():
            invalidate_all_of(organization_id)


def propagate_revocations(*, seconds: float | None = None) -> int:
    """Put what the directory noted into the feeds, each organization in a transaction of its own.

    Returns how many notes are done.  An organization whose feed cannot be written now is tried again by the next
    sweep and keeps no other waiting.
    """
    ends, count = None if seconds is None else time.monotonic() + seconds, 0
    for organization_id in revocations.organizations_due(_SETTLED):
        if ends is not None and time.monotonic() > ends:
            break
        try:
            count += _propagate(organization_id)
        except UnknownOrganization:
            continue
        except DatabaseError:
            logger.warning("The feed of organization %s could not be written now.", organization_id, exc_info=True)
    if count:
        revocations.forget_done()
    return count


@transaction.atomic
def _propagate(organization_id: UUID) -> int:
    """Propagate one organization.

    Who never had a license here is no news for its feed.  But a license that was decided before the revocation may
    still be on its way, so a revocation that did not concern everybody it names is looked at once more when the longest
    licensing has ended.
    """
    done: list[int] = []
    again: list[int] = []
    with in_organization(organization_id):
        active = is_activated()
        for due in revocations.due(organization_id, _SETTLED):
            everybody = not active or propagate_revocation(
                people=due.people,
                groups=due.groups,
                addresses=due.addresses,
                joined=due.joined,
                device_feed_id=due.device_feed_id,
                propagated_since=due.made_at if due.last_look else None,
            )
            (done if everybody or due.last_look else again).append(due.id)
    revocations.done(done)
    revocations.looked_at(again)
    return len(done)


def _propagate_at_once() -> None:
    """Propagate what the request of this process has just committed; the sweep does the rest."""
    propagate_revocations(seconds=AT_ONCE)


revocations.when_committed(_propagate_at_once)
