"""Mail about directory servers, to administrators: a run that fails, or that would take too much away."""

from collections.abc import Iterable

from django.utils import translation
from django.utils.translation import gettext as _

from chancery.texts import translated
from portal.notifications.mails import in_language, write_mail
from tenants.directory.selectors.people import PersonFacts


def mail_run_failed(readers: Iterable[PersonFacts], *, server: str, why: str, page: str) -> None:
    """Tell administrators that a directory server cannot be read."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("The directory server “{server}” cannot be read").format(server=server)
            text = _(
                "People and groups from “{server}” are not up to date.\n\n{why}\n\nLook at the last runs: {page}\n"
            ).format(server=server, why=translated(why, translation), page=page)
            write_mail(reader.email, subject, text)


def mail_run_stopped(readers: Iterable[PersonFacts], *, server: str, page: str) -> None:
    """Tell administrators that a run waits for one of them, since many people or groups are gone at the server."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("A run of the directory server “{server}” was stopped").format(server=server)
            text = _(
                "Many people or groups of “{server}” are disabled or gone there. Nothing was changed here, and nothing"
                " will be, until an administrator has read whom it means.\n\nIf this was intended, let the run go on:"
                " {page}\n"
            ).format(server=server, page=page)
            write_mail(reader.email, subject, text)


def mail_server_changed(readers: Iterable[PersonFacts], *, server: str, host: str, who: str, page: str) -> None:
    """Tell administrators from where people and groups come now, and who said so."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("The directory server “{server}” was changed").format(server=server)
            text = _(
                "{who} has connected or changed “{server}” at {host}. People and groups come from it.\n\nIf this was"
                " not intended, end it: {page}\n"
            ).format(who=who, server=server, host=host, page=page)
            write_mail(reader.email, subject, text)
