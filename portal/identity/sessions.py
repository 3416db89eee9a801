"""Browsers' sessions: the cookie holds a secret, the database its hash and a sealed content (docs/security.md).

The library keeps the cookie's text as the row's key, in three tables.  Here the *key* that the library passes around is
the hash of the secret, and only the middleware, which reads and writes cookies, ever sees the secret itself.  What a
session holds is sealed too: a mailed code that waits in a row would let its reader in as well.
"""

import hashlib
import json
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows.email_verification_by_code import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from chancery.crypto import aead, labels
from chancery.errors import CannotUnseal
from tenants.directory.models import BrowserSession
from tenants.directory.session_limits import browsers_within

BASE_SESSION: Final = "chancery.base_session"
"""In a session at an organization's host: the key of the one at the base domain that it was handed over from."""
BEGAN: Final = "chancery.began"
"""In the same: when the person signed in there, in seconds since 1970."""
USED_WITHIN: Final = timedelta(minutes=1)
"""How exactly it is known when a session was used last: not every request writes."""
_KEY_LENGTH = 40


class SessionStore(DatabaseStore):
    """The library's store over rows that open nothing by themselves.

    ``cookie`` is the secret, known while the session was read from a cookie or begun in this request.
    """

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.cookie: str | None = None

    @classmethod
    def of_cookie(cls, cookie: str | None) -> "SessionStore":
        """Return the session of a browser that showed this cookie; an empty one for none."""
        store = cls(key_of(cookie) if cookie else None)
        store.cookie = cookie or None
        return store

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:  # type: ignore[override]  # a table of our own, as they allow
        """Return the table."""
        return BrowserSession

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing for one that has ended or does not open."""
        rows = browsers_within().filter(session_key=self.session_key, expire_date__gt=timezone.now())
        row = rows.first() if self.session_key else None
        if row is None:
            self._session_key = None
            return {}
        found = _opened(row)
        if self.cookie and row.person_id is not None:
            _use(row, found)
        return found

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:  # type: ignore[override]
        """Return the row to write."""
        key = self._get_or_create_session_key()  # type: ignore[attr-defined]  # the stubs leave it out
        expires: datetime = self.get_expiry_date()
        return BrowserSession(
            session_key=key,
            sealed=_sealed(key, data),
            expire_date=expires,
            person_id=_person(data),
            signed_in_at=datetime.fromtimestamp(signed_in_at(data), UTC),
            used_at=timezone.now(),
        )

    def _get_new_session_key(self) -> str:
        """Begin with a fresh secret and return its hash."""
        self.cookie = secrets.token_urlsafe(32)
        return key_of(self.cookie)


class SealedSessionMiddleware(SessionMiddleware):
    """The library's middleware, which puts the secret into the cookie where the library would put the key."""

    def process_request(self, request: HttpRequest) -> None:
        """Give the request the session of its cookie."""
        request.session = SessionStore.of_cookie(request.COOKIES.get(settings.SESSION_COOKIE_NAME))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Save a changed session and send its secret."""
        answer: HttpResponse = super().process_response(request, response)
        sent, session = answer.cookies.get(settings.SESSION_COOKIE_NAME), getattr(request, "session", None)
        if sent is not None and isinstance(session, SessionStore) and sent.value:
            secret = str(session.cookie)
            sent.set(sent.key, secret, secret)
        return answer


def key_of(cookie: str) -> str:
    """Return the key of the row that belongs to a cookie."""
    return hashlib.sha256(labels.BROWSER_SESSION + cookie.encode()).hexdigest()[:_KEY_LENGTH]


def signed_in_at(data: dict[str, Any]) -> float:
    """Return when the person of a session signed in, in seconds since 1970; now for somebody who is about to."""
    steps = [step.get("at", 0) for step in data.get(AUTHENTICATION_METHODS_SESSION_KEY, ())]
    return float(data.get(BEGAN) or max(steps, default=0) or time.time())


def _use(row: BrowserSession, data: dict[str, Any]) -> None:
    """Write down that a session is used, and the one that it was handed over from, once a minute."""
    now = timezone.now()
    if now - row.used_at >= USED_WITHIN:
        keys = [row.session_key, *([data[BASE_SESSION]] if data.get(BASE_SESSION) else [])]
        BrowserSession.objects.filter(session_key__in=sorted(keys), used_at__lt=now).update(used_at=now)


def _sealed(key: str, data: dict[str, Any]) -> bytes:
    plain = json.dumps(data, separators=(",", ":")).encode()
    return aead.wrap(settings.CHANCERY_ROOT_KEY, plain, labels.BROWSER_SESSION + key.encode())


def _opened(row: BrowserSession) -> dict[str, Any]:
    aad = labels.BROWSER_SESSION + row.session_key.encode()
    try:
        opened: dict[str, Any] = json.loads(aead.unwrap(settings.CHANCERY_ROOT_KEY, bytes(row.sealed), aad))
    except CannotUnseal:
        return {}
    return opened


def _person(data: dict[str, Any]) -> UUID | None:
    """Return who is signed in, or else whose code the session waits for."""
    pending, verification = data.get(LOGIN_SESSION_KEY), data.get(EMAIL_VERIFICATION_CODE_SESSION_KEY)
    found = (
        data.get(SESSION_KEY)
        or (pending.get("user_pk") if isinstance(pending, dict) else None)
        or (verification.get("user_id") if isinstance(verification, dict) else None)
    )
    return UUID(str(found)) if found else None
