"""Mail about something that has happened: it has, whether or not the mail leaves.

Mail is written in the language that its reader has chosen, whoever causes it: ``in_language_of`` stands around the
making of subject and text.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation

from tenants.directory.selectors.people import language_of

logger = logging.getLogger(__name__)


@contextmanager
def in_language_of(person: UUID, *, otherwise: str = settings.LANGUAGE_CODE) -> Iterator[None]:
    """Say what the block says in a person's language, or in another one while he has chosen none."""
    with translation.override(language_of(person) or otherwise):
        yield


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
