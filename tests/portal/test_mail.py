"""Mail reaches addresses with letters beyond ASCII before the @, by a real SMTP server, or the log says why not."""

import email
import email.policy
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.mail import EmailMessage, get_connection, send_mail

from portal.mail import NotDeliverable
from portal.usecases.tell import tell


class Mailbox:
    """What the server took."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # its name
        """Take a message."""
        self.taken.append(envelope)
        return "250 OK"


def free_port() -> int:
    """Return a port that nobody uses; the controller connects to it by number, so it cannot choose one itself."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


Server = Callable[..., Mailbox]


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    """Return a function that starts a mail server, with SMTPUTF8 or without, and lets the service send to it."""
    running: list[Controller] = []

    def start(*, utf8: bool) -> Mailbox:
        mailbox = Mailbox()
        controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=utf8)
        controller.start()
        running.append(controller)
        settings.EMAIL_BACKEND = "portal.mail.Utf8Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        return mailbox

    yield start
    for controller in running:
        controller.stop()


def headers(envelope: Envelope) -> email.message.EmailMessage:
    content = envelope.content
    assert isinstance(content, bytes)
    found = email.message_from_bytes(content, policy=email.policy.SMTPUTF8)
    assert isinstance(found, email.message.EmailMessage)
    return found


def test_a_local_part_beyond_ascii_arrives_as_it_is(server: Server) -> None:
    mailbox = server(utf8=True)
    assert tell("jörg@xn--strae-oqa.example", "Zugriff auf „plan“", "Grüße")
    (envelope,) = mailbox.taken
    assert envelope.rcpt_tos == ["jörg@xn--strae-oqa.example"]
    assert "SMTPUTF8" in envelope.mail_options
    message = headers(envelope)
    assert message["To"] == "jörg@xn--strae-oqa.example"
    assert message["Subject"] == "Zugriff auf „plan“"
    assert message.get_content().strip() == "Grüße"


def test_a_domain_beyond_ascii_is_the_one_of_the_directory(server: Server) -> None:
    mailbox = server(utf8=True)
    message = EmailMessage("Hello", "Text", "Chancery <chancery@contoso.example>", ["jörg@straße.example"])
    assert get_connection().send_messages([message]) == 1
    assert mailbox.taken[0].rcpt_tos == ["jörg@xn--strae-oqa.example"], "not strasse.example"
    assert headers(mailbox.taken[0])["From"] == "Chancery <chancery@contoso.example>"


@pytest.mark.parametrize("utf8", [True, False])
def test_other_mail_is_sent_as_ever(server: Server, *, utf8: bool) -> None:
    mailbox = server(utf8=utf8)
    assert tell("rita@fabrikam.example", "Grüße", "Text")
    assert mailbox.taken[0].rcpt_tos == ["rita@fabrikam.example"]
    assert "SMTPUTF8" not in mailbox.taken[0].mail_options
    assert headers(mailbox.taken[0])["Subject"] == "Grüße"


def test_a_server_without_smtputf8_gets_nothing_and_the_log_says_why(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox = server(utf8=False)
    with caplog.at_level(logging.WARNING):
        assert not tell("jörg@contoso.example", "Hello", "Text")
    assert "does not offer SMTPUTF8" in caplog.text
    assert "jörg" not in caplog.text, "addresses stand in no log"
    with pytest.raises(NotDeliverable):
        send_mail("Hello", "Text", None, ["jörg@contoso.example"])
    assert mailbox.taken == []
