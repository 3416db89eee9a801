"""Mail about single sign-on, to administrators: it decides who can be signed in as everybody."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
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


def mail_certificate_ends(readers: Iterable[PersonFacts], *, connection: str, ends: datetime, page: str) -> None:
    """Tell administrators that nobody can sign in by a provider once its last certificate has ended."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("The certificate of “{connection}” ends").format(connection=connection)
            text = _(
                "The last certificate by which “{connection}” signs ends on {moment}. From then on nobody can sign in"
                " by it.\n\nLet the provider make a new one, then read its metadata anew: {page}\n"
            ).format(connection=connection, moment=date_format(timezone.localtime(ends)), page=page)
            write_mail(reader.email, subject, text)


def mail_bound(*, address: str, language: str, connection: str) -> None:
    """Tell a person that an identity provider signs them in from now on, to whom their account belonged before."""
    with in_language(language):
        subject = _("“{connection}” signs you in from now on").format(connection=connection)
        text = _(
            "You have signed in by “{connection}” for the first time, and your account is bound to your account"
            " there.\n\nIf that was not you, tell your administrator at once.\n"
        ).format(connection=connection)
        write_mail(address, subject, text)
