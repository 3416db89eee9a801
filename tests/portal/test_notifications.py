"""Mail is a row of the transaction of what it tells, and reaches a real SMTP server sooner or later, or an operator."""

import email
import email.policy
import logging
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.mail import EmailMessage, get_connection
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from portal.models import Notification
from portal.notifications import outbox, send
from portal.notifications.mails import write_mail
from portal.notifications.send import send_due

pytestmark = pytest.mark.django_db
RITA = "rita@fabrikam.example"


class Mailbox:
    """What the server took; while ``refuses`` is set, it takes nothing and says that."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.refuses = ""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # its name
        """Take a message."""
        if self.refuses:
            return self.refuses
        self.taken.append(envelope)
        return "250 OK"


def free_port() -> int:
    """Return a port that nobody uses; the controller connects to it by number, so it cannot choose one itself."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


Server = Callable[..., Mailbox]


def in_production(settings: Any) -> None:
    """Let mail be sent, and by nobody who listens here."""
    settings.CHANCERY_EMBEDDED = False
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    """Return a function that starts a mail server, with SMTPUTF8 or without, and lets the service send to it."""
    running: list[Controller] = []

    def start(*, utf8: bool = True) -> Mailbox:
        mailbox = Mailbox()
        controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=utf8)
        controller.start()
        running.append(controller)
        in_production(settings)
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
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
    mailbox = server()
    write_mail("jörg@xn--strae-oqa.example", "Zugriff auf „plan“", "Grüße")
    assert send_due() == 1
    (envelope,) = mailbox.taken
    assert envelope.rcpt_tos == ["jörg@xn--strae-oqa.example"]
    assert "SMTPUTF8" in envelope.mail_options
    message = headers(envelope)
    assert message["To"] == "jörg@xn--strae-oqa.example"
    assert message["Subject"] == "Zugriff auf „plan“"
    assert message.get_content().strip() == "Grüße"


def test_a_message_that_cannot_be_made_keeps_no_other_one(server: Server) -> None:
    """The root key was replaced, or a subject has a line feed: it fails for good, and an operator can list it."""
    mailbox = server()
    Notification.objects.create(sealed=b"of another root key", due_at=timezone.now() - timedelta(minutes=2))
    get_connection().send_messages([EmailMessage("two\nlines", "Text", None, ["max@contoso.example"])])
    write_mail(RITA, "Good", "Text")
    assert send_due() == 1
    assert [headers(one)["Subject"] for one in mailbox.taken] == ["Good"]
    assert {one.reason: (one.to, one.failed) for one in outbox.unsent()} == {
        "CannotUnseal": ("?", True),
        "BadHeaderError": ("max@contoso.example", True),
    }


def test_a_domain_beyond_ascii_is_the_one_of_the_directory(server: Server) -> None:
    mailbox = server()
    message = EmailMessage("Hello", "Text", "Chancery <chancery@contoso.example>", ["jörg@straße.example"])
    assert get_connection().send_messages([message]) == 1
    assert send_due() == 1
    assert mailbox.taken[0].rcpt_tos == ["jörg@xn--strae-oqa.example"], "not strasse.example"
    assert headers(mailbox.taken[0])["From"] == "Chancery <chancery@contoso.example>"


@pytest.mark.parametrize("utf8", [True, False])
def test_other_mail_is_sent_as_ever(server: Server, *, utf8: bool) -> None:
    mailbox = server(utf8=utf8)
    write_mail(RITA, "Grüße", "Text")
    assert send_due() == 1
    assert mailbox.taken[0].rcpt_tos == [RITA]
    assert "SMTPUTF8" not in mailbox.taken[0].mail_options
    assert headers(mailbox.taken[0])["Subject"] == "Grüße"


def test_an_address_that_the_server_cannot_take_is_an_operator_s_affair(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox = server(utf8=False)
    write_mail("jörg@contoso.example", "Hello", "Text")
    with caplog.at_level(logging.WARNING):
        assert send_due() == 0
    assert "does not offer SMTPUTF8" in caplog.text
    assert "jörg" not in caplog.text, "no log holds an address"
    assert mailbox.taken == []
    (found,) = outbox.unsent()
    assert (found.to, found.failed, found.reason) == ("jörg@contoso.example", True, "NotDeliverable")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_of_what_did_not_happen(server: Server) -> None:
    mailbox = server()
    with transaction.atomic():
        write_mail(RITA, "You have access", "Text")
        transaction.set_rollback(True)
    assert send_due() == 0
    with transaction.atomic():
        write_mail(RITA, "You have access", "Text")
    assert send_due() == 1
    assert send_due() == 0, "once"
    assert len(mailbox.taken) == 1


def test_a_row_holds_nothing_that_can_be_read_and_is_empty_when_it_was_sent(server: Server) -> None:
    server()
    write_mail(RITA, "Your code", "The code is ABC-DEF")
    (row,) = Notification.objects.all()
    assert b"ABC-DEF" not in bytes(row.sealed)
    assert b"rita" not in bytes(row.sealed)
    send_due()
    row.refresh_from_db()
    assert (bytes(row.sealed), row.sent_at is None) == (b"", False)


def test_while_the_server_is_away_mail_waits_longer_and_longer_and_leaves_when_it_is_back(
    server: Server, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    in_production(settings)
    write_mail(RITA, "Hello", "Text")
    for attempt, pause in enumerate(send.PAUSES, start=1):
        assert send_due() == 0
        (row,) = Notification.objects.all()
        assert (row.attempts, row.reason, row.failed_at) == (attempt, "ConnectionRefusedError", None)
        assert abs(row.due_at - timezone.now() - pause) < timedelta(minutes=1)
        assert send_due() == 0, "not before its time"
        Notification.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert send_due() == 0
    (row,) = Notification.objects.all()
    assert row.failed_at is not None, "after the last attempt an operator decides"
    assert "rita" not in caplog.text
    mailbox = server()
    call_command("unsent_mail", "--retry", stdout=(said := StringIO()))
    assert said.getvalue() == "1 message will be sent within seconds.\n"
    assert send_due() == 1
    assert mailbox.taken[0].rcpt_tos == [RITA]


@pytest.mark.parametrize(("reply", "failed"), [("451 try later", False), ("550 no such mailbox", True)])
def test_what_the_server_says_decides_whether_it_is_tried_again(server: Server, reply: str, *, failed: bool) -> None:
    mailbox = server()
    mailbox.refuses = reply
    write_mail(RITA, "Hello", "Text")
    write_mail("max@contoso.example", "Hello", "Text")
    assert send_due() == 0
    assert {row.failed_at is not None for row in Notification.objects.all()} == {failed}
    assert {row.reason for row in Notification.objects.all()} == {"SMTPDataError"}


def test_one_message_that_is_refused_keeps_no_other_one(server: Server) -> None:
    mailbox = server(utf8=False)
    for address in ("jörg@contoso.example", RITA):
        write_mail(address, "Hello", "Text")
    assert send_due() == 1
    assert mailbox.taken[0].rcpt_tos == [RITA]


def test_what_a_killed_worker_had_taken_is_sent_by_another_one(server: Server) -> None:
    mailbox = server()
    write_mail(RITA, "Hello", "Text")
    assert len(send._taken()) == 1
    assert send_due() == 0, "it is in the hands of the first worker"
    Notification.objects.update(due_at=timezone.now() - timedelta(seconds=1))  # its lease has ended
    assert send_due() == 1
    assert len(mailbox.taken) == 1


def test_the_embedded_mode_sends_nothing_and_keeps_all(settings: Any) -> None:
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
    write_mail(RITA, "Your code\nof today", "The code is ABC-DEF")
    assert send_due() == 0
    (message,) = outbox.newest()
    assert (message.to, message.subject, message.text) == (RITA, "Your code of today", "The code is ABC-DEF")
    assert outbox.one(message.name) == message
    assert outbox.one("../../etc/passwd") is None
    assert outbox.unsent() == []
    Notification.objects.update(sent_at=timezone.now() - timedelta(days=31))
    assert outbox.forget_old() == 1


def test_operators_see_what_waits_and_drop_it(settings: Any) -> None:
    in_production(settings)
    write_mail(RITA, "Hello", "Text")
    assert outbox.unsent() == [], "a minute is no reason to look"
    send_due()
    Notification.objects.update(created_at=timezone.now() - timedelta(hours=1))
    call_command("unsent_mail", stdout=(said := StringIO()))
    (row,) = Notification.objects.all()
    assert str(row.pk) in said.getvalue()
    assert f"to {RITA}" in said.getvalue()
    assert "1 attempts; ConnectionRefusedError" in said.getvalue()
    assert "Hello" not in said.getvalue()
    with pytest.raises(CommandError, match="An id is"):
        call_command("unsent_mail", "--drop", "rita")
    call_command("unsent_mail", "--drop", str(row.pk), stdout=(said := StringIO()))
    assert said.getvalue() == "1 message was dropped.\n"
    call_command("unsent_mail", stdout=(said := StringIO()))
    assert "All mail has been sent" in said.getvalue()
