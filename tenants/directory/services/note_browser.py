"""Note in which browser a person signed in, and tell whether they are to hear of it."""

import hashlib
from datetime import timedelta
from enum import Enum
from typing import Final
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils import timezone

from tenants.directory.models import Device, KnownBrowser, Person
from tenants.directory.selectors.sessions import BROWSER

KEPT_FOR: Final = timedelta(days=400)
"""How long a browser is known without being used, as long as browsers keep a cookie."""
WITHIN: Final = timedelta(hours=1)
MOST: Final = 5
"""So many new browsers are announced within that time: whoever can sign in must not be able to fill a mailbox."""


class Browser(Enum):
    """What a browser is to the person who signed in with it."""

    KNOWN = "known"
    FIRST = "first"
    NEW = "new"
    LAST_ANNOUNCED = "last announced"
    UNANNOUNCED = "unannounced"


def is_known(token: str) -> bool:
    """Tell whether anybody has signed in with the browser that holds this."""
    return bool(token) and KnownBrowser.objects.filter(token_hash=token_hash(token)).exists()


@transaction.atomic
def note_browser(*, person_id: UUID, token: str, session_key: str) -> Browser:
    """Note that the person signed in with the browser that holds the token, in a session.

    The first browser of somebody who uses nothing else yet is not announced, since they have just been invited or have
    signed up; further ones are, a few within an hour.
    """
    Person.objects.select_for_update().get(id=person_id)
    hashed, now = token_hash(token), timezone.now()
    sessions = UserSession.objects.filter(user_id=person_id)
    for row in sessions.filter(session_key=session_key):
        row.data = {**(row.data if isinstance(row.data, dict) else {}), BROWSER: hashed}
        row.save(update_fields=["data"])
    browsers = KnownBrowser.objects.filter(person_id=person_id)
    if browsers.filter(token_hash=hashed).update(used_at=now):
        return Browser.KNOWN
    used = browsers.exists() or sessions.exclude(session_key=session_key).exists()
    first = not used and not Device.objects.filter(person_id=person_id, ends_at=None).exists()
    lately = browsers.filter(announced_at__gt=now - WITHIN).count()
    told = not first and lately < MOST
    KnownBrowser.objects.create(person_id=person_id, token_hash=hashed, used_at=now, announced_at=now if told else None)
    if first:
        return Browser.FIRST
    if not told:
        return Browser.UNANNOUNCED
    return Browser.LAST_ANNOUNCED if lately == MOST - 1 else Browser.NEW


def token_hash(token: str) -> str:
    """Return what is kept of a browser's token."""
    return hashlib.sha256(b"chancery/v1/known-browser\0" + token.encode()).hexdigest()


def forget_browsers() -> int:
    """Delete browsers that nobody used for so long that they have forgotten it themselves; return how many."""
    return int(KnownBrowser.objects.filter(used_at__lt=timezone.now() - KEPT_FOR).delete()[0])
