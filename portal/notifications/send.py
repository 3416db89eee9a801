"""Sending the mail that waits, with retries: once a second a worker takes what is due (``portal/celery.py``).

A message is sent at least once: a worker that is killed between the mail server's answer and the row's mark sends it
again after ``LEASE``.
"""

import logging
import smtplib
from datetime import timedelta
from typing import Final

from django.core.mail import get_connection
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from portal.models import Notification
from portal.notifications.backend import UNREADABLE, unsealed
from portal.notifications.smtp import NotDeliverable

logger = logging.getLogger(__name__)

SMTP: Final = "portal.notifications.smtp.Utf8Backend"
AT_ONCE: Final = 20
"""Messages that one worker takes at a time."""
LEASE: Final = timedelta(minutes=5)
"""How long a taken message is left to the worker that took it."""
PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 3600, 7200, 14400, 28800))
"""Before the second attempt, the third and so on; after the last one, about 15 hours later, the message has failed."""
PERMANENT: Final = 500
"""Replies of a mail server from here on are final (RFC 5321 §4.2.1)."""


def send_due() -> int:
    """Send what is due; return how many messages were sent."""
    taken = _taken()
    if not taken:
        return 0
    sent = 0
    connection = get_connection(SMTP)
    for notification in taken:
        try:
            connection.send_messages([unsealed(bytes(notification.sealed))])
        except (smtplib.SMTPException, OSError, *UNREADABLE) as error:
            _not_sent(notification, error)
            connection = get_connection(SMTP)  # A server that refused once may have closed the connection.
        else:
            Notification.objects.filter(pk=notification.pk).update(sent_at=Now(), sealed=b"", reason="")
            sent += 1
    return sent


def _taken() -> list[Notification]:
    """Take what is due and not taken by another worker."""
    waiting = Notification.objects.filter(sent_at=None, failed_at=None, due_at__lte=Now()).order_by("due_at")
    with transaction.atomic():
        taken = list(waiting.select_for_update(skip_locked=True)[:AT_ONCE])
        if taken:
            Notification.objects.filter(pk__in=[one.pk for one in taken]).update(
                due_at=Now() + LEASE, attempts=F("attempts") + 1
            )
    return taken


def _not_sent(notification: Notification, error: Exception) -> None:
    attempts = notification.attempts + 1
    reason = type(error).__name__
    final = is_final(error) or attempts > len(PAUSES)
    if final:
        changes = {"failed_at": timezone.now(), "reason": reason}
        logger.error("A message could not be mailed: %s. See: manage.py unsent_mail", reason)
    else:
        changes = {"due_at": timezone.now() + PAUSES[attempts - 1], "reason": reason}
        logger.warning("A message was not mailed yet: %s. It is sent again later.", reason)
    Notification.objects.filter(pk=notification.pk).update(**changes)


def is_final(error: Exception) -> bool:
    """Tell whether sending the same message again is useless."""
    if isinstance(error, (NotDeliverable, *UNREADABLE)):
        return True
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _text in error.recipients.values())
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPAuthenticationError):
        return False  # The operator's affair: the message is as good as before when the settings are right.
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= PERMANENT
