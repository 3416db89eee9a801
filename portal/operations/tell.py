"""Mail about something that has happened: it has, whether or not the mail leaves."""

import logging

from django.core.mail import send_mail

logger = logging.getLogger(__name__)


def tell(address: str, subject: str, text: str) -> bool:
    """Mail one person; tell whether the message was handed to the mail server.

    A line break in the subject, which may hold a file's name, is a space: mail cannot carry it.
    """
    try:
        send_mail(" ".join(subject.split()), text, None, [address])
    except OSError as error:
        logger.warning("A message could not be mailed: %s", type(error).__name__)
        return False
    return True
