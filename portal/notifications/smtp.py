"""Mail by SMTP, also to addresses with letters beyond ASCII before the @ (RFC 6531).

Django writes such a local part as a MIME word, which names no mailbox: the message bounces or goes astray.  A server
that offers SMTPUTF8 takes it as it is; to any other one the message is not sent, and the log says why.
"""

import email
import logging
import smtplib
from email.headerregistry import Address
from email.policy import SMTPUTF8
from email.utils import parseaddr

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from chancery import names

logger = logging.getLogger(__name__)


class NotDeliverable(smtplib.SMTPNotSupportedError):
    """The mail server cannot take the address of a recipient."""


class Utf8Backend(EmailBackend):
    """Django's backend, with SMTPUTF8 for the messages that need it."""

    def _send(self, email_message: EmailMessage) -> bool:
        """Send one message.  Raises NotDeliverable."""
        addresses = [parseaddr(one)[1] for one in (email_message.from_email, *email_message.recipients())]
        if all(address.isascii() for address in addresses):
            return bool(super()._send(email_message))  # type: ignore[misc]  # the stubs leave it out
        server = self.connection
        if server is None:
            return False
        server.ehlo_or_helo_if_needed()
        if not server.has_extn("smtputf8"):
            logger.error(
                "A message was not mailed: the address of its recipient has letters beyond ASCII before the @,"
                " and the mail server does not offer SMTPUTF8."
            )
            raise NotDeliverable("The mail server does not offer SMTPUTF8.")
        sender, *recipients = [_ascii_domain(address) for address in addresses]
        options = ["SMTPUTF8", "BODY=8BITMIME"]
        server.sendmail(sender, recipients, _as_utf8(email_message), mail_options=options)
        return True


def _as_utf8(email_message: EmailMessage) -> bytes:
    """Return the message with its addresses as they are (RFC 6532)."""
    message = email.message_from_bytes(email_message.message().as_bytes(), policy=SMTPUTF8)
    for name, addresses in (("From", [email_message.from_email]), ("To", email_message.to), ("Cc", email_message.cc)):
        if addresses:
            del message[name]
            message[name] = [_address(one) for one in addresses]
    return message.as_bytes()


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    local, _, domain = _ascii_domain(address).rpartition("@")
    return Address(display_name=name, username=local, domain=domain)


def _ascii_domain(address: str) -> str:
    """Return an address with its domain as mail servers look it up (IDNA 2008; Django's own way is IDNA 2003)."""
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{names.mail_domain(domain)}"
