"""Who is independent of whom, where a second person has to approve what a first one asked for.

People who have just added or promoted each other count as one (decision 19), and nobody who has just come by an
application or by themselves is independent of an administrator (decision 27).
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings

from chancery.policy.permission import Permission
from portal.usecases.self_granted_access import NOTIFIED_AT_MOST, enabled_with_role
from tenants.directory.roles import roles_with
from tenants.directory.selectors.administrators import people_possibly_made_by
from tenants.directory.selectors.people import PersonFacts


def counted_days() -> timedelta:
    """Return how long a favour makes two people count as one."""
    return timedelta(days=settings.CHANCERY_APPROVER_DAYS)


def party_of(organization: UUID, person: UUID) -> frozenset[UUID]:
    """Return who counts as one with a person or may be an account of theirs."""
    return people_possibly_made_by(organization, person, within=counted_days())


def are_independent(organization: UUID, one: UUID, other: UUID) -> bool:
    """Tell whether neither of two people may be the other's second account."""
    return one not in party_of(organization, other) and other not in party_of(organization, one)


def independent_people(organization: UUID, person: UUID, permission: Permission) -> list[PersonFacts]:
    """Return who has a permission and is enabled and independent of a person, as many as are notified."""
    party = party_of(organization, person)
    found = [one for one in enabled_with_role(organization, *roles_with(permission)) if one.id not in party]
    return found[:NOTIFIED_AT_MOST]
