"""Mail that is kept instead of sent: one file for each message, newest last in name order.

Only the embedded mode uses it, and the page that shows it exists only there, on loopback (PROTOCOL P30).
"""

import email
import email.policy
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage as ParsedMessage
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

_NAME = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Kept:
    """One message as the page shows it."""

    name: str
    to: str
    subject: str
    at: datetime | None
    text: str


class OutboxBackend(BaseEmailBackend):
    """Django's mail backend of the embedded mode."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write each message into the outbox folder; a message appears whole or not at all."""
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
            draft = folder / f".{name}"
            draft.write_bytes(message.message().as_bytes())
            draft.replace(folder / f"{name}.eml")
        return len(email_messages)


def newest(limit: int = SHOWN) -> list[Kept]:
    """Return the newest messages, newest first."""
    paths = sorted(_folder().glob("[0-9]*.eml"), reverse=True)[:limit]
    return [_read(path) for path in paths]


def one(name: str) -> Kept | None:
    """Return one message by its name, or nothing; the name comes from an address line and is checked."""
    if not _NAME.fullmatch(name):
        return None
    path = _folder() / f"{name}.eml"
    return _read(path) if path.is_file() else None


def _folder() -> Path:
    return Path(settings.CHANCERY_DATA) / "outbox"


def _read(path: Path) -> Kept:
    parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    return Kept(
        name=path.stem,
        to=str(parsed["To"] or ""),
        subject=str(parsed["Subject"] or ""),
        at=parsed["Date"].datetime if parsed["Date"] else None,
        text=_text(parsed),
    )


def _text(parsed: ParsedMessage) -> str:
    body = parsed.get_body(preferencelist=("plain", "html"))
    return "" if body is None else str(body.get_content())
