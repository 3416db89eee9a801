"""The mails about a person's addresses: the code that proves one, and what changed, to all of them."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.notifications.mails import in_language, write_mail
from tenants.directory.selectors.people import language_of


def mail_address_code(address: str, account: str, code: str) -> None:
    """Send the code that gives the reader's address to an account, in the language of the person who asks for it."""
    text = _(
        "On {when}, {account} asked to add this address to their account. If this is you, enter the code there:\n\n"
        "{code}\n\n"
        "It is good for 15 minutes, once, and in that account only. With it, what is protected for this address opens"
        " for that account, which then also signs in with it.\n\n"
        "Never pass this code on: {service} asks for it on its own page or at your command line only. If you did not"
        " ask for it, ignore this mail.\n"
    )
    values = {"when": _now(), "account": account, "code": code, "service": settings.CHANCERY_NAME}
    write_mail(address, _("Your code to add this address"), text.format(**values))


def mail_address_taken(address: str, account: str) -> None:
    """Tell the reader that their address is in use already, since another account asked for it."""
    text = _(
        "On {when}, {account} asked to add this address to their account. It belongs to another account or to a group"
        " here, so nothing was changed.\n\n"
        "If both accounts are yours, merge them: sign in with this address, get a code under Merge accounts, and enter"
        " it in the other account.\n\n"
        "{page}\n\n"
        "If you did not ask for it, ignore this mail.\n"
    )
    values = {"when": _now(), "account": account, "page": _merge_page()}
    write_mail(address, _("This address is in use already"), text.format(**values))


def mail_addresses_changed(person: UUID, readers: Iterable[str], *, address: str, change: str, by: str = "") -> None:
    """Tell a person at their addresses that one was ``added``, ``removed`` or made the ``main`` one.

    ``by`` is the administrator who did it, "" for the person themselves.
    """
    with in_language(language_of(person)):
        happened = {
            "added": _("{address} was added to your account."),
            "removed": _("{address} was removed from your account."),
            "main": _("{address} is the main address of your account now: messages go there."),
        }[change].format(address=address)
        who = (
            _("Done by {who}.").format(who=by)
            if by
            else _("If this was not you, change your password and write to your administrators.")
        )
        for reader in sorted(set(readers)):
            text = _("{happened} This was on {when}.\n\n{who}\n\nYour addresses: {page}\n")
            values = {"happened": happened, "when": _now(), "who": who, "page": _page()}
            write_mail(reader, _("The addresses of your account changed"), text.format(**values))


def mail_accounts_merged(person: UUID, readers: Iterable[str], *, merged: str, into: str) -> None:
    """Tell all addresses of two accounts that one of them took the other in."""
    with in_language(language_of(person)):
        text = _(
            "On {when} the account of {merged} became part of the account of {into}. What was granted to the first one"
            " opens for the second one; nobody signs in to the first one any more.\n\n"
            "If this was not you, write to your administrators at once.\n\n"
            "Your addresses: {page}\n"
        )
        values = {"when": _now(), "merged": merged, "into": into, "page": _page()}
        for reader in sorted(set(readers)):
            write_mail(reader, _("Two accounts were merged"), text.format(**values))


def _now() -> str:
    return date_format(timezone.localtime(), "DATETIME_FORMAT")


def _page() -> str:
    return f"{settings.CHANCERY_BASE_URL}{reverse('account_email', urlconf=settings.PUBLIC_SCHEMA_URLCONF)}"


def _merge_page() -> str:
    return f"{settings.CHANCERY_BASE_URL}{reverse('account_merge', urlconf=settings.PUBLIC_SCHEMA_URLCONF)}"
