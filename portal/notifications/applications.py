"""Mail about applications, to administrators."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.languages import grouped
from portal.notifications.mails import in_language, write_mail
from protection.services.owner_notices import WrittenFor
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


def mail_role_given(
    readers: Iterable[PersonFacts], *, application: str, who: str, role: Callable[[], str], reason: str, page: str
) -> None:
    """Tell administrators what an application may do from now on; ``role`` says it in the reader's language."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("The application “{application}” may do more").format(application=application)
            text = _(
                "{who} has given the application “{application}” a role. {role}\n\nReason: {reason}\n\nIf this was"
                " not intended, end it: {page}\n"
            ).format(who=who, application=application, role=role(), reason=reason, page=page)
            write_mail(reader.email, subject, text)


def mail_written_for(owner: PersonFacts, one: WrittenFor, *, page: str) -> None:
    """Tell a person that an application has protected documents which they own now."""
    with in_language(owner.language):
        subject = _("“{application}” protected documents for you").format(application=one.application)
        text = _(
            "The application “{application}” has protected documents for you: {number}. You own them, decide who opens"
            " them, and answer requests for access.\n\n{titles}\n\nSee them: {page}\n"
        ).format(
            application=one.application,
            number=grouped(one.number),
            titles="\n".join(one.titles) + ("\n…" if one.number > len(one.titles) else ""),
            page=page,
        )
        write_mail(owner.email, subject, text)
