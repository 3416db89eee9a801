"""Browsers are recognized by a cookie of their own, so that a person hears of a sign-in with a new one.

The cookie opens nothing: it tells at most that somebody has signed in with this browser before.
"""

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.browsers import browser_in_words
from portal.notifications.sessions import mail_new_browser
from portal.request_facts import client_address
from tenants.directory.models import Person
from tenants.directory.services.note_browser import KEPT_FOR, Browser, is_known, note_browser


def recognize_browser(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Note with which browser somebody has just signed in, mail them about a new one, and let it be known again."""
    person = request.user
    if not isinstance(person, Person) or not request.session.session_key:
        return response
    token = request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "")
    # What nobody has signed in with yet may have been planted, by whoever wants their own browser to be known.
    token = token if is_known(token) else secrets.token_urlsafe(32)
    found = note_browser(person_id=person.pk, token=token, session_key=request.session.session_key)
    if found in {Browser.NEW, Browser.LAST_ANNOUNCED}:
        mail_new_browser(
            person=person.pk,
            address=person.email,
            browser=browser_in_words(request.headers.get("User-Agent", ""))[:100],
            ip=client_address(request),
            last=found is Browser.LAST_ANNOUNCED,
        )
    response.set_cookie(
        settings.BROWSER_COOKIE_NAME,
        token,
        max_age=int(KEPT_FOR.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
