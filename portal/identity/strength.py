"""How strongly and how recently somebody signed in, carried from the session into tokens and other sessions."""

from dataclasses import dataclass, replace
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.http import HttpRequest

from chancery.policy.policy import Strength

HANDED_OVER = "chancery.authentication"
SIGN_ON = "chancery.sign_on"
"""In a session at the base domain: whom an identity provider signed in, and how.

A session that is not signed in yet holds it, too, while a second step is asked for; it counts for that person alone.
"""
TWO_FACTORS = frozenset({Strength.MFA, Strength.PASSKEY})
"""Sign-ins that a mailbox or a password alone is not enough for."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """One sign-in: its strength, and its moment in seconds since 1970 (0 when nobody knows).

    ``by`` is the id of the sign-in by an identity provider that it is, so that whatever comes out of it ends with it.
    ``home`` is the mail domain whose installation has signed the person in (docs/protocol.md P32).
    """

    strength: Strength
    at: int
    by: str = ""
    home: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what is kept in sessions, codes and tokens."""
        more = {name: value for name, value in (("by", self.by), ("home", self.home)) if value}
        return {"strength": self.strength.value, "at": self.at, **more}


NEVER = Authentication(Strength.CODE, 0)


def from_json(kept: object) -> Authentication:
    """Read what ``as_json`` wrote; anything else counts as the weakest sign-in, long ago."""
    if not isinstance(kept, dict):
        return NEVER
    try:
        by, home = str(kept.get("by", "")), str(kept.get("home", ""))
        return Authentication(Strength(kept["strength"]), int(kept["at"]), by, home)
    except (KeyError, TypeError, ValueError):
        return NEVER


def of_session(request: HttpRequest) -> Authentication:
    """Return how the request's session was signed in, at the base domain or handed over to this host."""
    if HANDED_OVER in request.session:
        return from_json(request.session[HANDED_OVER])
    steps = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    said = by_provider(request, request.user.pk)
    if said is not None:
        return _with_own_step(said, steps)
    if not steps:
        return NEVER
    return Authentication(_strongest(steps), int(max(step.get("at", 0) for step in steps)))


def by_provider(request: HttpRequest, person_id: object) -> Authentication | None:
    """Return how an identity provider has signed this person in here, None where it did not."""
    kept = request.session.get(SIGN_ON)
    if not isinstance(kept, dict) or kept.get("person") != str(person_id):
        return None
    return from_json(kept)


def _with_own_step(said: Authentication, steps: list[dict[str, Any]]) -> Authentication:
    """Return what a provider says of a sign-in, or the second step of our own that came after it."""
    own = [step for step in steps if step.get("method") == "mfa"]
    if not own:
        return said
    return replace(said, strength=_strongest(own), at=int(max(step.get("at", 0) for step in own)))


def _strongest(steps: list[dict[str, Any]]) -> Strength:
    """A passkey is strongest; a second factor needs a first one beside it, which the account suite has seen to."""
    kinds = {step.get("type") for step in steps if step.get("method") == "mfa"}
    if "webauthn" in kinds:
        return Strength.PASSKEY
    if kinds & {"totp", "recovery_codes"}:
        return Strength.MFA
    if any(step.get("method") in {"password", "socialaccount"} for step in steps):
        return Strength.PASSWORD
    return Strength.CODE
