"""Who is told at once what super users do."""

from uuid import UUID

from portal.usecases.self_granted_access import NOTIFIED_AT_MOST, enabled_with_role
from tenants.directory.roles import ADMINISTRATOR, AUDITOR
from tenants.directory.selectors.people import PersonFacts


def watchers(organization: UUID) -> list[PersonFacts]:
    """Return auditors and administrators, auditors first."""
    found = (*enabled_with_role(organization, AUDITOR), *enabled_with_role(organization, ADMINISTRATOR))
    return [one for one in found if one.email][:NOTIFIED_AT_MOST]


def auditors(organization: UUID) -> list[PersonFacts]:
    """Return the auditors; where there is none, the administrators, so that somebody watches in any case."""
    found = enabled_with_role(organization, AUDITOR) or enabled_with_role(organization, ADMINISTRATOR)
    return [one for one in found if one.email][:NOTIFIED_AT_MOST]
