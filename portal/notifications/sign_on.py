"""Mail about single sign-on, to administrators: it decides who can be signed in as everybody."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from portal.notifications.mails import in_language, write_mail
from tenants.directory.selectors.people import PersonFacts


def mail_sign_on_changed(readers: Iterable[PersonFacts], *, connection: str, who: str, page: str) -> None:
    """Tell administrators that a sign-on connection was made, changed or ended."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("Single sign-on by “{connection}” was changed").format(connection=connection)
            text = _(
                "{who} has changed the sign-on connection “{connection}”. Who controls it can sign people of your"
                " organization in.\n\nThe audit log says what changed. If this was not intended, look at it now:"
                " {page}\n"
            ).format(who=who, connection=connection, page=page)
            write_mail(reader.email, subject, text)


def mail_bypassed(readers: Iterable[PersonFacts], *, connection: str, who: str, ip: str) -> None:
    """Tell administrators that a break-glass administrator signed in without the provider."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("{who} signed in without “{connection}”").format(who=who, connection=connection)
            text = _(
                "Single sign-on by “{connection}” is enforced. {who} is named for emergencies and has signed in by"
                " themselves, from {ip}.\n\nIf this is no emergency, end their sessions and find out why.\n"
            ).format(who=who, connection=connection, ip=ip)
            write_mail(reader.email, subject, text)
