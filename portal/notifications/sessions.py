"""The mails about sign-ins: a new browser, a new device.  Each leads to a page, and the link does nothing by itself."""

from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.notifications.mails import in_language, write_mail
from tenants.directory.selectors.people import language_of


def mail_new_browser(*, person: UUID, address: str, browser: str, ip: str, last: bool) -> None:
    """Tell a person of a sign-in with a browser that they have not used before (docs/protocol.md P13).

    ``last`` says that further ones are not mailed for a while.
    """
    with in_language(language_of(person)):
        text = _(
            "On {when} somebody signed in as {address} with a browser that was not used for that before:\n\n"
            "{browser}, from the network address {ip}\n\n"
            "If this was you, there is nothing to do.\n\n"
            "If not, sign that browser out, then change your password and set up a second factor: {page}\n"
        )
        more = _("\nFurther new browsers within this hour are not mailed; the page shows them.\n") if last else ""
        values = {"when": _now(), "address": address, "browser": browser or "?", "ip": ip or "?", "page": _page()}
        write_mail(address, _("A new browser is signed in to your account"), text.format(**values) + more)


def mail_device_added(*, person: UUID, address: str, device: str, platform: str, ip: str) -> None:
    """Tell a person that a device was enrolled, so that they notice a stolen sign-in (docs/protocol.md P13)."""
    with in_language(language_of(person)):
        text = _(
            "Since {when} the device “{device}” ({platform}) can open and protect documents as {address}. It was added"
            " from the network address {ip}.\n\n"
            "If this was not you, revoke it: {page}\n"
        )
        values = {"when": _now(), "device": device, "platform": platform, "address": address, "ip": ip or "?"}
        write_mail(address, _("A device was added to your account"), text.format(**values, page=_page()))


def mail_loss_code(*, person: UUID, address: str, by: str) -> None:
    """Tell a person that an administrator gave out a code to report a device of theirs lost."""
    with in_language(language_of(person)):
        text = _(
            "On {when} {by} gave out a code with which one of your devices can be reported lost within 15 minutes. It"
            " signs nobody in.\n\n"
            "If you did not ask for it, tell your administrators. Your devices: {page}\n"
        )
        values = {"when": _now(), "by": by, "page": _page()}
        write_mail(address, _("A code for a lost device was given out"), text.format(**values))


def mail_device_lost(*, person: UUID, address: str, device: str, ip: str) -> None:
    """Tell a person that a device was reported lost, and what to do next."""
    with in_language(language_of(person)):
        text = _(
            "On {when} your device “{device}” was reported lost, from the network address {ip}. It is signed out and"
            " opens nothing any more.\n\n"
            "On the new device run: chancery login --host {host}\nYour files need nothing: each asks for a new license"
            " when you open it.\n\n"
            "If this was not you, tell your administrators, and look at what is signed in: {page}\n"
        )
        values = {"when": _now(), "device": device, "ip": ip or "?", "host": settings.CHANCERY_BASE_URL}
        write_mail(address, _("A device was reported lost"), text.format(**values, page=_page()))


def _now() -> str:
    return date_format(timezone.localtime(), "DATETIME_FORMAT")


def _page() -> str:
    return f"{settings.CHANCERY_BASE_URL}{reverse('sessions', urlconf=settings.PUBLIC_SCHEMA_URLCONF)}"
