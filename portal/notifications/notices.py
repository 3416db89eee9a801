"""The mail that tells owners who opened their documents, and how to get no more of it (RFC 2369, RFC 8058)."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.core.mail import EmailMessage
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped


@dataclass(frozen=True, slots=True)
class NoticeMail:
    """One mail: what happened, oldest first, of ``total`` events; ``title`` where all are about one document."""

    SHOWN: ClassVar[int] = 50
    """Events that a mail lists; of the others it says how many there are."""

    to: str
    organization: str
    events: tuple[tuple[datetime, str], ...]
    total: int
    title: str
    page: str
    choose: str
    stop: str


def mail_notices(mail: NoticeMail) -> None:
    """Write the mail in the current language and time zone."""
    about = f"“{mail.title}”" if mail.title else _("your documents")
    subject = ngettext(
        "{number} event on {document} at {organization}", "{number} events on {document} at {organization}", mail.total
    ).format(number=grouped(mail.total), document=about, organization=mail.organization)
    lines = [f"{date_format(timezone.localtime(at), 'DATETIME_FORMAT')}  {what}" for at, what in mail.events]
    rest = mail.total - len(mail.events)
    if rest > 0:
        lines.append(_("and {number} more").format(number=grouped(rest)))
    text = _(
        "{events}\n\nAll of it: {page}\n\nYou chose to get this mail; times are in {zone}.\n"
        "Choose something else: {choose}\nGet no more of it, without signing in: {stop}\n"
    ).format(
        events="\n".join(lines),
        page=mail.page,
        zone=timezone.get_current_timezone_name(),
        choose=mail.choose,
        stop=mail.stop,
    )
    headers = {"List-Unsubscribe": f"<{mail.stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    EmailMessage(" ".join(subject.split()), text, None, [mail.to], headers=headers).send()
