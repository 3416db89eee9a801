"""Mails to people whose mail domain's organization is taken over: a week before, and when it is done."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.notifications.mails import in_language, write_mail
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts


def mail_take_over_announced(
    readers: Iterable[PersonFacts], organization: OrganizationFacts, *, domain: str, taker: str, due: datetime
) -> None:
    """Tell people from when on somebody may administer what nobody does, and what they can do until then."""
    for reader in readers:
        with in_language(reader.language), timezone.override(ZoneInfo(reader.time_zone or "UTC")):
            subject = _("{domain} is taken over on {when}").format(
                domain=domain, when=date_format(timezone.localtime(due), "DATE_FORMAT")
            )
            text = _(
                "You protect files as one of {domain}, where nobody administers anything. {taker} has shown that the"
                " mail domain is theirs, and can take it over from {when} on.\n\n"
                "What stays: everything that is protected opens as before, for you and for those whom you let open it."
                " Administrators open nothing by their role.\n\n"
                "What changes: administrators see the names of documents, who opened them and when, and may take access"
                " away. Your account belongs to the owner of the mail domain: you sign in anew, with a code that is"
                " mailed to you, and set up your devices again. If you have another address, you stay with it and prove"
                " this one again.\n\n"
                "Until then you can save without protection what is yours alone, take access away, or leave:\n{page}\n"
            )
            values = {
                "domain": domain,
                "taker": taker,
                "when": date_format(timezone.localtime(due), "DATETIME_FORMAT"),
                "page": organization.origin,
            }
            write_mail(reader.email, subject, text.format(**values))


def mail_taken_over(
    readers: Iterable[PersonFacts], organization: OrganizationFacts, *, domain: str, taker: str
) -> None:
    """Tell people that somebody administers their organization from now on."""
    for reader in readers:
        with in_language(reader.language):
            text = _(
                "{taker} administers the organization of {domain} from now on.\n\n"
                "Everything that is protected opens as before. Sign in with a code that is mailed to you; your"
                " password, devices and other ways to sign in have ended:\n{page}\n"
            ).format(taker=taker, domain=domain, page=organization.origin)
            write_mail(reader.email, _("{domain} is taken over").format(domain=domain), text)
