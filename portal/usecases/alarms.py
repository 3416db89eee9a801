"""The worker's part of alarms: raise them from the ledger, and mail them at once."""

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from portal.notifications.alarms import AlarmMail, mail_alarms
from portal.usecases.decoys import shown_alarms
from portal.usecases.sight import sight_for
from portal.usecases.super_users.watching import auditors
from protection.selectors.decoys import owners_of_alarms, these_alarms, told_to_owners
from protection.selectors.organization import settings as service_settings
from protection.services.alarms import raise_next, take_unmailed
from tenants.directory.selectors.people import PersonFacts, enabled_among, person_in
from tenants.organizations.selectors import OrganizationFacts, organization_by_id

NOBODY = UUID(int=0)
"""Who reads at the organization's address: no person, so they are told of all, and see names where every owner does."""


def carry_on(organization_id: UUID) -> int:
    """Raise the alarms of the current organization and mail them; return how many mails were written."""
    organization = organization_by_id(organization_id)
    if organization is None:
        return 0
    while raise_next():
        pass
    return _mail(organization)


@transaction.atomic
def _mail(organization: OrganizationFacts) -> int:
    """Mail what no mail was about yet, to each reader what they may know; mails and mark are of one transaction.

    Where there is no auditor, administrators are mailed instead.
    """
    ids = take_unmailed()
    if not ids:
        return 0
    watching = {one.id: one for one in auditors(organization.id)}
    deciding = owners_of_alarms(ids) - watching.keys()
    owners = [person_in(organization.id, one) for one in sorted(enabled_among(organization.id, deciding))]
    written = [_write(organization, reader, ids, audits=True) for reader in watching.values()]
    written += [_write(organization, reader, ids, audits=False) for reader in owners]
    return sum(written) + _write_to_address(organization, ids)


def _write(organization: OrganizationFacts, reader: PersonFacts, ids: Sequence[UUID], *, audits: bool) -> bool:
    language = reader.language or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(ZoneInfo(reader.time_zone)):
        return _compose(organization, reader.email, reader.id, ids, audits=audits)


def _write_to_address(organization: OrganizationFacts, ids: Sequence[UUID]) -> bool:
    with translation.override(settings.LANGUAGE_CODE):
        return _compose(organization, service_settings().alarm_address, NOBODY, ids, audits=False)


def _compose(organization: OrganizationFacts, to: str, reader: UUID, ids: Sequence[UUID], *, audits: bool) -> bool:
    sight = sight_for(reader, audits=audits)
    nobody = reader == NOBODY
    rows = these_alarms(ids, sight, everybody=audits or nobody)
    if not (rows and to):
        return False
    titles = service_settings().keep_titles
    only = told_to_owners(ids, sight) if nobody else None
    shown = shown_alarms(rows[: AlarmMail.SHOWN], sight, organization, audits=audits, titles=titles, only=only)
    mail_alarms(
        AlarmMail(
            to=to,
            organization=organization.name,
            alarms=tuple((one.row.first_at, one.what) for one in shown),
            total=len(rows),
            page=f"{organization.origin}{reverse('alarms')}",
        )
    )
    return True
