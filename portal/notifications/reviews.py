"""The mails about access reviews: begun, nearly due, and past their day."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import ChanceryError
from portal.languages import grouped, with_next_step
from portal.notifications.mails import in_language, write_mail
from protection.selectors.reviews import ReviewFacts
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts


def mail_review_waits(readers: Iterable[PersonFacts], organization: OrganizationFacts, found: ReviewFacts) -> None:
    """Tell reviewers what waits for their answer until when, and what becomes of it then."""
    for reader in readers:
        with in_language(reader.language), timezone.override(ZoneInfo(reader.time_zone or "UTC")):
            when = date_format(timezone.localtime(found.due_at), "DATETIME_FORMAT")
            subject = _("Access review “{name}” waits for you").format(name=found.name)
            after = _("What nobody keeps by then is taken away.") if found.removes else _("Then it counts as overdue.")
            write_mail(reader.email, subject, _about(organization, found, when, after))


def mail_review_due(
    readers: Iterable[PersonFacts], organization: OrganizationFacts, found: ReviewFacts, *, removed: int
) -> None:
    """Tell reviewers that the day has passed: what was taken away, and what is still open."""
    for reader in readers:
        with in_language(reader.language), timezone.override(ZoneInfo(reader.time_zone or "UTC")):
            when = date_format(timezone.localtime(found.due_at), "DATETIME_FORMAT")
            subject = _("The day of the access review “{name}” has passed").format(name=found.name)
            taken = ngettext(
                "{number} item that nobody kept was taken away.",
                "{number} items that nobody kept were taken away.",
                removed,
            ).format(number=grouped(removed))
            after = taken if found.removes else _("Nothing is taken away by itself.")
            write_mail(reader.email, subject, _about(organization, found, when, after))


def mail_review_put_off(
    readers: Iterable[PersonFacts], organization: OrganizationFacts, found: ReviewFacts, error: ChanceryError
) -> None:
    """Tell who started a review why the next one did not begin, and when it is tried again."""
    for reader in readers:
        with in_language(reader.language), timezone.override(ZoneInfo(reader.time_zone or "UTC")):
            subject = _("The access review “{name}” did not begin again").format(name=found.name)
            text = _("{organization}: {why}\n\nIt is tried again on {when}. To end that, close it here:\n\n{page}\n")
            body = text.format(
                organization=organization.name,
                why=with_next_step(error),
                when=date_format(timezone.localtime(found.next_at), "DATETIME_FORMAT"),
                page=_page(organization, found),
            )
            write_mail(reader.email, subject, body)


def _about(organization: OrganizationFacts, found: ReviewFacts, when: str, after: str) -> str:
    number = ngettext("{number} item is open.", "{number} items are open.", found.open)
    text = _("{organization} reviews who may what, until {when}. {number}\n\n{after}\n\n{page}\n")
    return text.format(
        organization=organization.name,
        when=when,
        number=number.format(number=grouped(found.open)),
        after=after,
        page=_page(organization, found),
    )


def _page(organization: OrganizationFacts, found: ReviewFacts) -> str:
    return f"{organization.origin}{reverse('review', args=(found.id,))}"
