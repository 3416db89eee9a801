"""Mail about provisioning connections, to administrators: each opens or shuts the directory for a program."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.languages import grouped
from portal.notifications.mails import in_language, write_mail
from tenants.directory.selectors.people import PersonFacts


def mail_token_made(readers: Iterable[PersonFacts], *, connection: str, who: str, until: datetime, page: str) -> None:
    """Tell administrators that a token was made with which a program manages people."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("A token was made for the provisioning connection “{connection}”").format(connection=connection)
            text = _(
                "{who} has made a token for the provisioning connection “{connection}”. Until {until} whoever holds it"
                " can manage people or groups as the connection may.\n\nIf this was not intended, revoke it: {page}\n"
            ).format(who=who, connection=connection, until=date_format(until, "DATE_FORMAT"), page=page)
            write_mail(reader.email, subject, text)


def mail_connection_stopped(readers: Iterable[PersonFacts], *, connection: str, people: int, page: str) -> None:
    """Tell administrators that a connection was stopped because it was shutting out too many people."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("The provisioning connection “{connection}” was stopped").format(connection=connection)
            text = _(
                "“{connection}” has disabled or deleted {people} people within an hour and asked for more. It changes"
                " nothing until an administrator has looked at it.\n\nIf this was intended, let it go on: {page}\n"
            ).format(connection=connection, people=grouped(people), page=page)
            write_mail(reader.email, subject, text)
