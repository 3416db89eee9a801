"""Django's mail backend of the service: whatever is mailed becomes a row, in the transaction of what it tells.

No request waits for a mail server, and none fails because of one.  This holds for the account suite's codes too, which
use Django's own way to mail.
"""

import json
from collections.abc import Sequence
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models.functions import Now

from chancery.crypto import aead, labels
from chancery.errors import CannotUnseal
from portal.models import Notification

UNREADABLE: Final = (CannotUnseal, ValueError, TypeError, KeyError)
"""What is raised where no mail can be made of a row: sealed under another root key, or a header with a line feed."""


class NotificationBackend(BaseEmailBackend):
    """Keeps each message as a row; in the embedded mode, which sends no mail, that is all."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the rows; they are sent when, and only when, the caller's transaction commits."""
        sent_at = Now() if settings.CHANCERY_EMBEDDED else None
        rows = [Notification(sealed=sealed(message), sent_at=sent_at) for message in email_messages]
        return len(Notification.objects.bulk_create(rows))


def sealed(message: EmailMessage) -> bytes:
    """Return a message as a row keeps it."""
    members = {
        "subject": message.subject,
        "body": message.body,
        "from": message.from_email,
        "to": message.to,
        "headers": dict(message.extra_headers),
        "alternatives": [list(one) for one in getattr(message, "alternatives", ())],
    }
    return aead.wrap(settings.CHANCERY_ROOT_KEY, json.dumps(members, default=str).encode(), labels.NOTIFICATION)


def unsealed(kept: bytes) -> EmailMultiAlternatives:
    """Return the message of a row; raises CannotUnseal for what was not sealed here."""
    members = json.loads(aead.unwrap(settings.CHANCERY_ROOT_KEY, kept, labels.NOTIFICATION))
    message = EmailMultiAlternatives(
        members["subject"], members["body"], members["from"], members["to"], headers=members.get("headers")
    )
    for content, kind in members["alternatives"]:
        message.attach_alternative(content, kind)
    return message
