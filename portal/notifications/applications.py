"""Mail about applications, to administrators."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.notifications.mails import in_language, write_mail
from tenants.directory.selectors.people import PersonFacts


def mail_credential_made(
    readers: Iterable[PersonFacts], *, application: str, who: str, until: datetime, page: str
) -> None:
    """Tell administrators that an application can sign in by something new."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("The application “{application}” can sign in by something new").format(application=application)
            text = _(
                "{who} has given the application “{application}” a secret or a key. Until {until} whoever holds it can"
                " act as the application.\n\nIf this was not intended, end it: {page}\n"
            ).format(who=who, application=application, until=date_format(until, "DATE_FORMAT"), page=page)
            write_mail(reader.email, subject, text)


def mail_credential_ends(readers: Iterable[PersonFacts], *, application: str, ends_at: datetime, page: str) -> None:
    """Tell administrators that an application in use cannot sign in any more soon."""
    for reader in readers:
        with in_language(reader.language):
            when = date_format(ends_at, "DATE_FORMAT")
            subject = _("The application “{application}” cannot sign in from {when} on").format(
                application=application, when=when
            )
            text = _(
                "The last secret or key of the application “{application}” ends on {when}. Give it another one, put"
                " that in the place of the old one, and then end the old one:\n{page}\n"
            ).format(application=application, when=when, page=page)
            write_mail(reader.email, subject, text)
