"""One sign-in under way, in whichever protocol: what a browser keeps, where it comes back to, what an answer proves."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.conf import settings

from chancery.policy.policy import Strength
from chancery.texts import message
from portal import clock
from portal.identity.sign_on.errors import AnswerRefused
from portal.identity.strength import Authentication
from tenants.sign_on.selectors import SignOnFacts

SKEW: Final = 60
"""Seconds by which a provider's clock may differ from ours."""
MOST_AGE: Final = 600
"""Seconds after which an answer that was meant for this very sign-in is old."""
AGAIN: Final = message("Begin again.")


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in under way in one browser; ``test`` shows what comes back and signs nobody in.

    ``state`` is what the answer must name: the state of OpenID Connect, or the id of the request of SAML.
    """

    connection: str
    state: str
    nonce: str
    verifier: str
    goes_to: str
    began: int
    fresh: bool
    test: bool

    def as_json(self) -> dict[str, Any]:
        """Return what the browser's session keeps."""
        return asdict(self)


def begun(connection: SignOnFacts, *, goes_to: str, fresh: bool, test: bool = False) -> Pending:
    """Return a new sign-in with values that nobody can guess; an id in XML must not begin with a digit."""
    state, nonce, verifier = (f"s{secrets.token_urlsafe(32)}" for _ in range(3))
    return Pending(str(connection.id), state, nonce, verifier, goes_to, clock.now(), fresh, test)


def address(connection: SignOnFacts, page: str) -> str:
    """Return one of the addresses that a connection has at the base domain.

    Each connection has its own, so that no other provider's answer is taken.
    """
    return f"{settings.CHANCERY_BASE_URL}/signin/by/{connection.id}/{page}/"


def redirect_address(connection: SignOnFacts) -> str:
    """Return where a provider sends browsers back: the redirect address, or the assertion consumer of SAML."""
    return address(connection, "acs" if connection.protocol == "saml" else "callback")


def logout_address(connection: SignOnFacts) -> str:
    """Return where a provider says that a session of its own is over."""
    return address(connection, "logout")


def metadata_address(connection: SignOnFacts) -> str:
    """Return where the document lies that a SAML provider reads of us, which is our name to it; "" for OpenID."""
    return address(connection, "metadata") if connection.protocol == "saml" else ""


def not_begun() -> AnswerRefused:
    """Return the error of an answer to which there is no question in this browser."""
    return AnswerRefused(message("This sign-in was not begun in this browser, or it is over."), remedy=AGAIN)


def signed_in_at(connection: SignOnFacts, pending: Pending, claims: Mapping[str, Any]) -> int:
    """Return when the person signed in at the provider, 0 where it does not say.  Raises AnswerRefused.

    A fresh sign-in that was asked for must be one: a provider that has a session of hours ago may not pass it for new.
    """
    at = claims.get("auth_time")
    at = min(int(at), clock.now()) if isinstance(at, int) and not isinstance(at, bool) and at > 0 else 0
    if pending.fresh and at < pending.began - SKEW:
        raise AnswerRefused(
            message("{name} did not ask you to sign in anew, or does not say when you did.", name=connection.name),
            remedy=message("Ask your administrator to let it ask, and to let it send the claim auth_time."),
        )
    return at


def authentication_of(connection: SignOnFacts, pending: Pending, claims: Mapping[str, Any]) -> Authentication:
    """Return how strongly and when the person signed in, by the values that the connection maps."""
    methods = claims.get("amr")
    said = {claims.get("acr"), *(methods if isinstance(methods, list) else [])}
    strong = bool(said & set(connection.second_factors))
    return Authentication(Strength.MFA if strong else Strength.PASSWORD, signed_in_at(connection, pending, claims))
