"""The worker's part of pauses: record that one began, and mail the person and the budget's owner."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from chancery.policy.permission import Permission
from portal.notifications.pauses import mail_pause_to_owner, mail_paused
from portal.usecases.sight import names_person, sight_for
from portal.words.budgets import allowance
from protection.selectors.budgets import PauseRow
from protection.services.budgets import begin_told, forget_counted
from tenants.directory.roles import permissions_of
from tenants.directory.selectors.people import enabled_among, language_of, person_in
from tenants.organizations.selectors import OrganizationFacts, organization_by_id


def carry_on(organization_id: UUID) -> int:
    """Tell of the pauses of the current organization that began; return how many that were."""
    organization = organization_by_id(organization_id)
    forget_counted()
    told = 0
    while organization is not None and _tell_next(organization):
        told += 1
    return told


@transaction.atomic
def _tell_next(organization: OrganizationFacts) -> bool:
    """Record and mail one pause, together or not at all; tell whether there was one."""
    row = begin_told()
    if row is None:
        return False
    page = f"{organization.origin}{reverse('own_pause')}"
    if row.address:
        mail_paused(row, organization, page=page, language=language_of(row.person), allowance=_allowance(row))
    _tell_owner(organization, row)
    return True


def _tell_owner(organization: OrganizationFacts, row: PauseRow) -> None:
    """Mail the budget's owner, by name only where they may know it."""
    if row.budget_owner not in enabled_among(organization.id, [row.budget_owner]):
        return
    owner = person_in(organization.id, row.budget_owner)
    if not owner.email or owner.id == row.person:
        return
    audits = Permission.AUDIT_READ in permissions_of(owner.roles)
    named = names_person(sight_for(owner.id, audits=audits), row.person, audits=audits)
    mail_pause_to_owner(
        row,
        called=(row.address or row.name) if named else "",
        to=owner,
        page=f"{organization.origin}{reverse('pauses')}",
        allowance=_allowance(row),
    )


def _allowance(row: PauseRow) -> Callable[[], str]:
    """Return what says, in the language of the moment, how much the budget allows."""
    return partial(allowance, row.openings, row.seconds)
