"""The worker's part of notices: read the ledger on, and mail what is due, in each reader's language and time zone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from audit.selectors.events import EventRow, these_events
from portal.identity.notice_links import stop_token
from portal.notifications.notices import NoticeMail, mail_notices
from portal.usecases.sight import untitled
from portal.words.events import shown_events
from protection.models import Tracking
from protection.selectors.documents import decided_among
from protection.selectors.organization import settings as service_settings
from protection.selectors.sight import tracking_settings
from protection.services import notices
from protection.services.mail_notices import drop, forget_mailed, mark_mailed, take_due
from tenants.directory.revocations import people_below
from tenants.directory.selectors.people import PersonFacts, enabled_among, person_in, zone_of
from tenants.organizations.selectors import OrganizationFacts, organization_by_id

MORNING: Final = 8
"""The hour, in a person's own time zone, at which their daily mail is written."""


def carry_on(organization_id: UUID) -> int:
    """Note what happened in the current organization and mail what is due; return how many mails were written."""
    organization = organization_by_id(organization_id)
    if organization is None:
        return 0
    tracking, group, _untold = tracking_settings()
    shown = tracking is Tracking.NAMED
    hidden = (people_below([group]) if group else set()) if shown else None
    while notices.note_next(hidden=hidden, next_morning=next_morning):
        pass
    mailed = sum(_mail(organization, person, shown=shown) for person in list(notices.waiting_for()))
    forget_mailed()
    return mailed


def next_morning(person: UUID) -> datetime:
    """Return when the next morning of a person begins, in their time zone."""
    now = timezone.now().astimezone(ZoneInfo(zone_of(person)))
    today = now.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    # Added on the wall: a day with another offset still has its morning.
    return today if now < today else (today + timedelta(days=1)).replace(hour=MORNING)


@transaction.atomic
def _mail(organization: OrganizationFacts, person: UUID, *, shown: bool) -> bool:
    """Write one mail with all that may be mailed to a person now; tell whether there was any.

    Mail and mark are of one transaction.  A person who left, or decides no more, is told nothing; nor is anybody once
    the organization shows no names.
    """
    if not shown or person not in enabled_among(organization.id, [person]):
        drop(person)
        return False
    due = take_due(person)
    if not due:
        return False
    mark_mailed(due)
    theirs = decided_among(person, {one.content_id for one in due})
    rows = these_events(one.event_id for one in due if one.content_id in theirs)
    reader = person_in(organization.id, person)
    if not rows or not reader.email:
        return False
    if not service_settings().keep_titles:
        rows = [untitled(row) for row in rows]
    _write(organization, reader, rows)
    return True


def _write(organization: OrganizationFacts, reader: PersonFacts, rows: Sequence[EventRow]) -> None:
    documents = {row.content_id for row in rows}
    only = next(iter(documents)) if len(documents) == 1 else None
    page = reverse("document", args=[only]) if only else reverse("documents")
    stop = reverse("notices_stop", args=[stop_token(organization.id, reader.id)])
    language = reader.language or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(ZoneInfo(reader.time_zone)):
        mail_notices(
            NoticeMail(
                to=reader.email,
                organization=organization.name,
                events=shown_lines(rows, organization),
                total=len(rows),
                title=str(rows[0].personal.get("title", "")) if only else "",
                page=f"{organization.origin}{page}",
                choose=f"{organization.origin}{reverse('notices')}",
                stop=f"{organization.origin}{stop}",
            )
        )


def shown_lines(rows: Sequence[EventRow], organization: OrganizationFacts) -> tuple[tuple[datetime, str], ...]:
    """Return when each event happened and its sentence, without what else is on record of it."""
    shown = shown_events(rows[: NoticeMail.SHOWN], organization.id, organization.name)
    return tuple((one.at, " ".join(part for part in (one.what, one.why) if part)) for one in shown)
