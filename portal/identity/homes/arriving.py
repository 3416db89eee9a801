"""Arriving from home: the session that a sign-in at home begins here, what it brings, and who may sign in no other way.

An account that belongs to a home is entered by that home alone (docs/protocol.md P32).  Else whoever takes over the
DNS of a mail domain, and with it the mailboxes, would ask for a code by mail.
"""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.shortcuts import render

from portal import clock
from portal.identity.strength import SIGN_ON, by_provider
from portal.request_facts import client_address
from tenants.actor import Actor
from tenants.homes.selectors import HomeFacts, home_by_id, home_of_person
from tenants.homes.services.accounts import Said, settle
from tenants.sign_on.selectors import home_of_session

LASTS: Final = timedelta(hours=12)
"""How long a sign-in at home counts here, with everything that came out of it, and what the home said of groups.

Nobody tells this installation that somebody has left the other one; so it asks again the next day."""
SAID: Final = "said"


def arrives_until() -> datetime:
    """Return when a sign-in at home of this moment is over."""
    return datetime.fromtimestamp(clock.now(), UTC) + LASTS


def require_home(request: HttpRequest, user: AbstractBaseUser) -> None:
    """Let pass whose account belongs to no home, or who comes from it.  Raises ImmediateHttpResponse with a page."""
    home = home_of_person(user.pk)
    if home is None or _came_from(request, user.pk) == home.id:
        return
    page = render(request, "identity/home_required.html", {"home": home}, status=HTTPStatus.FORBIDDEN)
    raise ImmediateHttpResponse(page)


def settled(request: HttpRequest) -> bool:
    """Do what the home said, once the person is signed in; False where the account is not theirs any more."""
    kept = request.session.get(SIGN_ON)
    if not isinstance(kept, dict) or SAID not in kept or not request.user.is_authenticated:
        return True
    home = home_by_id(_came_from(request, request.user.pk) or UUID(int=0))
    if home is None:
        return False
    values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in kept[SAID].items()}
    said = Said(**values)
    person_id = UUID(str(request.user.pk))
    return settle(home, said, person_id=person_id, until=arrives_until(), actor=actor_of(home, request))


def actor_of(home: HomeFacts, request: HttpRequest) -> Actor:
    """Return the home as the one who acts: nobody of this installation has asked for it."""
    return Actor(person_id=None, name=home.domain, source="home", ip=client_address(request), application=True)


def _came_from(request: HttpRequest, person_id: object) -> UUID | None:
    said = by_provider(request, person_id)
    return home_of_session(UUID(said.by)) if said is not None and said.by else None
