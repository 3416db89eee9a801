"""The worker's part of roles with an end: announce it a week before, and record it when it has passed."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction

from portal.notifications.roles import mail_role_ends
from portal.usecases.self_granted_access import NOTIFIED_AT_MOST, enabled_with_role
from portal.words.roles import role_in_words
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.people import enabled_among, person_in
from tenants.directory.selectors.roles import held_roles, with_ending_roles
from tenants.directory.services.end_role import record_ended_roles
from tenants.directory.services.warn_of_role_end import warn_of_role_ends
from tenants.organizations.selectors import organization_by_id

BEFORE: Final = timedelta(days=7)
"""How long before a role ends whoever holds it and the administrators are mailed."""


def roles_ending(schemas: Iterable[str]) -> set[str]:
    """Return those of the schemas whose organizations have something to record or to announce."""
    return with_ending_roles(schemas, within=BEFORE)


def carry_on(organization_id: UUID) -> int:
    """Record what has ended and mail what ends soon at one organization; return how many that were."""
    organization = organization_by_id(organization_id)
    if organization is None:
        return 0
    with transaction.atomic():
        ended = record_ended_roles(organization_id=organization_id)
        ending = warn_of_role_ends(organization_id=organization_id, within=BEFORE)
        for one in ending:
            held = held_roles([organization_id], roles=[one.role])
            holders = [by.holder for by in held if by.assignment == one.id][:NOTIFIED_AT_MOST]
            people = [person_in(organization_id, person) for person in enabled_among(organization_id, holders)]
            people += enabled_with_role(organization_id, ADMINISTRATOR)[:NOTIFIED_AT_MOST]
            readers = {reader.id: reader for reader in people if reader.email}
            role = partial(role_in_words, one.role)
            mail_role_ends(readers.values(), organization, whom=one.name or one.whom, role=role, ends_at=one.ends_at)
    return ended + len(ending)
