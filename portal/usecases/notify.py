"""Mail to people about what happened: a row in the transaction of what it tells, sent by a worker.

Mail is written in the language that its reader has chosen, no matter who causes it: ``in_language_of`` surrounds the
making of subject and text.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation

from tenants.directory.selectors.people import language_of


@contextmanager
def in_language_of(person: UUID, *, otherwise: str = settings.LANGUAGE_CODE) -> Iterator[None]:
    """Make texts in a person's language, or in another one if they have chosen none."""
    with translation.override(language_of(person) or otherwise):
        yield


def notify(address: str, subject: str, text: str) -> None:
    """Write a mail to one person.

    A line break in the subject, which may hold a file's name, becomes a space: mail cannot carry it.
    """
    send_mail(" ".join(subject.split()), text, None, [address])
