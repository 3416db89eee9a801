"""Asking the DNS whether a mail domain holds an organization's text: all resolvers have to see it."""

from collections.abc import Mapping
from typing import Final

from portal.resolvers import TextResult, texts_of
from tenants.directory.domain_checks import DomainCheck, LookupResult

MOST_SHOWN: Final = 5
MOST_LETTERS: Final = 120
"""How many other texts of a domain are kept for people to compare, and how much of each."""
_RESULTS: Final[Mapping[TextResult, LookupResult]] = {
    TextResult.TEXTS: LookupResult.OTHER,
    TextResult.EMPTY: LookupResult.EMPTY,
    TextResult.NO_DOMAIN: LookupResult.NO_DOMAIN,
    TextResult.ALIAS: LookupResult.ALIAS,
    TextResult.TIMEOUT: LookupResult.TIMEOUT,
    TextResult.FAILED: LookupResult.FAILED,
}


def look_up(domain: str, text: str) -> DomainCheck:
    """Ask every resolver for the domain's TXT records."""
    for answer in texts_of(domain):
        if answer.result is TextResult.TEXTS and text in answer.texts:
            continue
        texts = answer.texts if answer.result is TextResult.ALIAS else sorted(answer.texts)[:MOST_SHOWN]
        return DomainCheck(_RESULTS[answer.result], answer.resolver, tuple(_shown(one) for one in texts))
    return DomainCheck(LookupResult.FOUND)


def _shown(text: str) -> str:
    """Return a stranger's text as it can be shown: one line of what can be read, and not all of a long one."""
    readable = "".join(letter if letter.isprintable() else "�" for letter in text)
    return readable if len(readable) <= MOST_LETTERS else f"{readable[: MOST_LETTERS - 1]}…"
