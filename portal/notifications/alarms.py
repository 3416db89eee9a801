"""The mail that is sent at once when a decoy is opened or tried."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped
from portal.notifications.mails import write_mail


@dataclass(frozen=True, slots=True)
class AlarmMail:
    """One mail: the newest of ``total`` alarms, each with the moment at which it began."""

    SHOWN: ClassVar[int] = 50
    """Alarms that a mail lists; of the others it says how many there are."""

    to: str
    organization: str
    alarms: tuple[tuple[datetime, str], ...]
    total: int
    page: str


def mail_alarms(mail: AlarmMail) -> None:
    """Write the mail in the current language and time zone."""
    subject = ngettext(
        "Alarm at {organization}: {number} decoy was touched",
        "Alarm at {organization}: {number} decoys were touched",
        mail.total,
    ).format(number=grouped(mail.total), organization=mail.organization)
    lines = [f"{date_format(timezone.localtime(at), 'DATETIME_FORMAT')}  {what}" for at, what in mail.alarms]
    rest = mail.total - len(mail.alarms)
    if rest > 0:
        lines.append(_("and {number} more").format(number=grouped(rest)))
    text = _(
        "These documents are decoys, which nobody has a reason to open.\n\n{alarms}\n\n"
        "Look at them and acknowledge them: {page}\nTimes are in {zone}.\n"
    ).format(alarms="\n".join(lines), page=mail.page, zone=timezone.get_current_timezone_name())
    write_mail(mail.to, subject, text)
