"""A browser without a screen: Django's test client at one host, and the ways to sign in with it."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.core import mail
from django.test.client import Client, ClientHandler

from portal.identity.sessions import SessionStore

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
else:
    Answer = object

BASE = settings.CHANCERY_BASE.netloc

# One chain of middleware for all browsers: WhiteNoise looks through every static file when it is made.
_HANDLER = ClientHandler(enforce_csrf_checks=False)


class Browser(Client):
    """Keeps its cookies at one host, as a browser does; follow redirects to other hosts with another one."""

    def __init__(self, host: str = BASE, **more: str) -> None:
        super().__init__(HTTP_HOST=host, **cast("dict[str, Any]", more))
        self.handler = _HANDLER
        self.host = host

    @property
    def session(self) -> SessionStore:
        """Return the session of this browser's cookie, and begin one where there is none."""
        cookie = self.cookies.get(settings.SESSION_COOKIE_NAME)
        if cookie and cookie.value:
            return SessionStore.of_cookie(cookie.value)
        begun = SessionStore()
        begun.save()
        self.cookies[settings.SESSION_COOKIE_NAME] = str(begun.cookie)
        return begun

    def _set_login_cookies(self, request: Any) -> None:
        """Keep the secret where the library would keep the key."""
        self.cookies[settings.SESSION_COOKIE_NAME] = request.session.cookie

    def form(self, path: str, fields: Mapping[str, object]) -> Answer:
        """Post a form in the encoding that the token endpoint insists on."""
        body = urlencode(fields, doseq=True)
        return self.post(path, body, content_type="application/x-www-form-urlencoded")


def host_of(slug: str) -> str:
    """Return host and port of an organization."""
    return str(urlsplit(settings.CHANCERY_BASE.origin_of(f"{slug}.{settings.CHANCERY_BASE.host}")).netloc)


def origin_of(slug: str) -> str:
    """Return the origin of an organization."""
    return str(settings.CHANCERY_BASE.origin_of(f"{slug}.{settings.CHANCERY_BASE.host}"))


def sign_in_by_code(browser: Browser, address: str) -> Answer:
    """Sign in at the base domain with a mailed code."""
    mail.outbox.clear()
    browser.post("/accounts/login/code/", {"email": address})
    return browser.post("/accounts/login/code/confirm/", {"code": last_code()})


def confirm_address(browser: Browser, address: str) -> Answer:
    """Enter the code that was mailed to an address which the signed-in person adds."""
    return browser.post("/accounts/email/", {"action_confirm": "", "email": address, "code": last_code()})


def last_code() -> str:
    """Return the code in the newest mail."""
    found = re.search(r"^([A-Z0-9]{3,}-?[A-Z0-9]{3,})$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found is not None, mail.outbox[-1].body
    return found.group(1)


def enter(base: Browser, slug: str, goes_to: str = "/") -> tuple[Browser, Answer]:
    """Go to an organization's host with a browser that is signed in at the base domain."""
    there = Browser(host_of(slug))
    begun = there.get("/signin/", {"next": goes_to})
    return there, there.get(path_of(base.get(path_of(begun))))


def path_of(response: Answer) -> str:
    """Return path and query of where an answer leads."""
    assert response.status_code == 302, (response.status_code, response.content[:300])
    parts = urlsplit(response["Location"])
    return f"{parts.path}?{parts.query}"


def query_of(response: Answer) -> dict[str, str]:
    """Return the query of where an answer leads."""
    return {name: values[0] for name, values in parse_qs(urlsplit(response["Location"]).query).items()}
