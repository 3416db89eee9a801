"""Finding the home of a foreign mail domain: the installation that the domain's DNS names (docs/protocol.md P32).

What is found first is kept.  A domain that names another installation afterwards is believed neither way until an
operator has looked: whoever takes over a domain's DNS for an hour could name one of their own.
"""

import logging
from typing import Final

from django.conf import settings
from django.core.cache import cache

from chancery.errors import ChanceryError
from chancery.names import NameRefused, mail_domain
from chancery.texts import message
from portal.identity.homes.names import RECORD_NAME, RECORD_PREFIX, SCOPE, origin_or_none
from portal.identity.sign_on.discovery import ProviderMetadata, read_provider
from portal.identity.sign_on.errors import ProviderFailed
from portal.identity.sign_on.fetching import in_turn
from portal.resolvers import TextResult, texts_of
from portal.throttle import retry_after
from tenants.directory.selectors.domains import organization_of_domain
from tenants.homes.selectors import HomeFacts, home_of_domain
from tenants.homes.services.homes import keep_home, note_rival

_log = logging.getLogger(__name__)

KEPT_SECONDS: Final = 600
"""For how long an answer of the DNS is not asked for again, in all processes."""
UNSURE_SECONDS: Final = 60
_NONE: Final = "none"
_UNSURE: Final = "unsure"
_NEVER_PUBLIC: Final = frozenset(
    {"example", "test", "invalid", "localhost", "local", "internal", "onion", "alt", "arpa"}
)
"""Top-level names that no public DNS answers for (RFC 6761, RFC 6762, RFC 9476); resolvers that were configured are
asked for them all the same."""
_A_SECOND: Final = 2.0
_AT_ONCE: Final = 20.0
"""How many unknown domains are looked up in one process: anybody can type any into the sign-in page."""


class HomeChanged(ChanceryError):
    """The domain names another installation than the one that is known as its home, or none."""

    code = "home_changed"


def home_for(domain: str) -> HomeFacts | None:
    """Return the home of a mail domain in its normal form, None for one whose people sign in here by themselves.

    Raises HomeChanged, and ProviderFailed for an installation that does not answer.
    """
    if not settings.CHANCERY_HOMES or organization_of_domain(domain) is not None:
        return None
    kept = home_of_domain(domain)
    if kept is not None and kept.forbidden:
        return None
    named = _named(domain)
    if named == _UNSURE:
        return kept
    if named == _NONE and kept is not None:
        raise HomeChanged(
            message("{domain} names no installation as its home any more.", domain=domain),
            remedy=message("Ask your organization to publish its record in the DNS again."),
        )
    if named in {_NONE, settings.CHANCERY_BASE_URL}:
        return None
    if kept is None:
        found = read_home(named)
        return keep_home(domain=domain, issuer=named, metadata=dict(found.members), keys=dict(found.keys))
    note_rival(kept, "" if kept.issuer == named else named)
    if kept.issuer != named:
        _log.warning("The mail domain %s names %s as its home, but %s is known.", domain, named, kept.issuer)
        raise HomeChanged(
            message("{domain} names another installation than before, {new}.", domain=domain, new=named),
            remedy=message("The operator of this installation has to confirm that it is yours."),
        )
    return kept


def read_home(issuer: str) -> ProviderMetadata:
    """Read what an installation says of itself as an issuer.  Raises ProviderFailed for what is none."""
    found = read_provider(url=issuer)
    if SCOPE not in found.scopes or not found.members["names_itself"]:
        raise ProviderFailed(
            message("{url} is no installation at which people of other ones sign in.", url=issuer),
            remedy=message("Ask its operator whether it is up to date."),
        )
    return found


def forget_lookup(domain: str) -> None:
    """Ask the DNS anew the next time."""
    cache.delete(_key(domain))


def _named(domain: str) -> str:
    """Return the installation that the DNS names, or that it names none, or that this is not sure."""
    kept = cache.get(_key(domain))
    if kept is not None:
        return str(kept)
    if not settings.CHANCERY_DNS_RESOLVERS and domain.rpartition(".")[2] in _NEVER_PUBLIC:
        return _NONE
    if retry_after("homes", rate=_A_SECOND, burst=_AT_ONCE):
        return _UNSURE
    try:
        with in_turn():
            named = _asked(domain)
    except ProviderFailed:
        return _UNSURE
    cache.set(_key(domain), named, timeout=UNSURE_SECONDS if named == _UNSURE else KEPT_SECONDS)
    return named


def _asked(domain: str) -> str:
    """Ask all resolvers; they have to agree on one installation."""
    try:
        name = f"{RECORD_NAME}.{mail_domain(domain)}"
    except NameRefused:
        return _NONE
    found: set[str] = set()
    for answer in texts_of(name):
        if answer.result in {TextResult.TIMEOUT, TextResult.FAILED}:
            return _UNSURE
        texts = answer.texts if answer.result is TextResult.TEXTS else ()
        named = {one.removeprefix(RECORD_PREFIX).strip() for one in texts if one.startswith(RECORD_PREFIX)}
        found |= named or {_NONE}
    issuers = {origin_or_none(one) or _NONE for one in found}
    # Two records, or two resolvers, that say different things are no answer.
    return issuers.pop() if len(issuers) == 1 else _NONE


def _key(domain: str) -> str:
    return f"home of {domain}"
