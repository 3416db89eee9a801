"""A provider's answer, from its own page to ours and on to the browser that had asked.

The provider's page posts the answer from another site, so the browser leaves our session cookie out, and must: a cookie
that other sites' forms bring along is what forged requests are made of.  The answer is therefore checked where it
arrives, without knowing whose browser brought it, and what it came to is kept under a name that cannot be guessed.  The
browser is led on to that name by a redirect, which our cookie accompanies, and only there is it seen whether this is
the browser that had asked: one that was made to bring somebody else's answer was not.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from cryptography import x509
from django.core.cache import cache

from chancery.errors import ChanceryError
from chancery.texts import message
from portal.identity.sign_on.errors import AnswerRefused, ProviderFailed
from portal.identity.sign_on.pending import MOST_AGE, Pending, address, not_begun
from portal.identity.sign_on.saml.assertions import Named, read_answer
from portal.identity.sign_on.saml.keys import decrypting_keys
from portal.identity.sign_on.saml.metadata import read_saml_provider
from portal.identity.sign_on.saml.requests import sign_in_request, sign_out_request
from portal.identity.sign_on.saml.signatures import NotSigned, certificates_of
from portal.identity.sign_on.saml.xml import decoded, document, name
from portal.throttle import retry_after
from tenants.sign_on.selectors import SignOnFacts
from tenants.sign_on.services.connections import keep_keys

T = TypeVar("T")

_WAITS: Final = 120
"""Seconds between an answer's arrival and the browser's next step, which it takes by itself."""


def question(connection: SignOnFacts, pending: Pending, *, hint: str = "") -> str:
    """Return the address at the provider to which the browser goes.  ``hint`` has no place in SAML."""
    cache.set(_asked(connection, pending.state), 1, timeout=MOST_AGE)
    return sign_in_request(connection, pending)


def arrived(connection: SignOnFacts, sent: str) -> str:
    """Check an answer, once, and return the address to which the browser that brought it goes on.

    Raises AnswerRefused for an answer to no question of ours; what else is wrong with it, the browser that had asked
    is told.
    """
    root = document(decoded(sent))
    if root.tag != name("samlp", "Response"):
        raise AnswerRefused(message("This is no answer of an identity provider."))
    request = root.get("InResponseTo")
    if not request:
        raise AnswerRefused(
            message("The provider has sent you here without being asked, which anybody could make it do."),
            remedy=message("Begin at the sign-in page here: type your address, and you are led to the provider."),
        )
    # The first answer to a question is the only one.
    if not cache.delete(_asked(connection, request)):
        raise not_begun()
    kept: dict[str, Any] = {"request": request}
    try:
        claims, named = with_new_keys(
            connection,
            lambda certificates: read_answer(
                connection,
                root,
                request=request,
                certificates=certificates,
                keys=decrypting_keys(connection.id),
            ),
        )
        kept |= {"claims": claims, "named": named.as_json()}
    except ChanceryError as error:
        kept |= {"refused": error.message, "remedy": error.next_step}
    known_as = secrets.token_urlsafe(32)
    cache.set(_answer(connection, known_as), kept, timeout=_WAITS)
    return f"{address(connection, 'callback')}?answer={known_as}"


def answered(connection: SignOnFacts, pending: Pending, query: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """Return the claims of the person who signed in, and what ends their session at the provider, for this browser.

    Raises AnswerRefused.
    """
    known_as = _answer(connection, query.get("answer", ""))
    kept = cache.get(known_as)
    if kept is None or str(connection.id) != pending.connection or kept["request"] != pending.state:
        raise not_begun()
    # It is about a person, and of no use to anybody any more.
    cache.delete(known_as)
    if "refused" in kept:
        raise AnswerRefused(kept["refused"], remedy=kept["remedy"])
    return kept["claims"], json.dumps(kept["named"])


def sign_out_page(connection: SignOnFacts, hint: str, _session: str, /) -> str:
    """Return the address at which the provider signs out, "" where it has none."""
    return sign_out_request(connection, Named(**json.loads(hint)))


def name_in(hint: str) -> str:
    """Return what the provider calls the person in a session, by which it says that the session is over."""
    return Named(**json.loads(hint)).name_id


def with_new_keys(connection: SignOnFacts, read: Callable[[list[x509.Certificate]], T]) -> T:
    """Read a message by the provider's keys; if none of them signed it, look once whether it has new ones.

    It has to be the same provider still, at the address from which its metadata was read.  Raises what reading raises.
    """
    try:
        return read(certificates_of(connection.keys))
    except NotSigned:
        where = connection.metadata.get("read_from", "")
        if not where or retry_after(f"sign-on keys {connection.id}", rate=1 / 60, burst=2):
            raise
        try:
            found = read_saml_provider(url=where)
        except ProviderFailed:
            found = None
        if found is None or found.issuer != connection.issuer or found.keys == connection.keys:
            raise
    keep_keys(connection_id=connection.id, keys=found.keys)
    return read(certificates_of(found.keys))


def _asked(connection: SignOnFacts, request: str) -> str:
    return f"sign-on-request:{connection.id}:{request[:100]}"


def _answer(connection: SignOnFacts, known_as: str) -> str:
    return f"sign-on-answer:{connection.id}:{known_as[:100]}"
