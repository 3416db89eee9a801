"""Asking the DNS whether a mail domain holds an organization's text, of every configured resolver.

All resolvers have to see the text: one that is lied to proves nothing.  An alias (CNAME) proves nothing either, since
the owner of its target writes the records.  A truncated answer is asked for again over TCP.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import dns.exception
import dns.rdatatype
import dns.resolver
from django.conf import settings

from portal.locations import Resolver
from tenants.directory.domain_checks import DomainCheck, LookupResult

SECONDS: Final = 5.0
"""How long one resolver is waited for."""
MOST_SHOWN: Final = 5
MOST_LETTERS: Final = 120
"""How many other texts of a domain are kept for people to compare, and how much of each."""


def look_up(domain: str, text: str) -> DomainCheck:
    """Ask every resolver for the domain's TXT records."""
    for name, resolver in _asked(settings.CHANCERY_DNS_RESOLVERS):
        answer = _ask(resolver, name, domain, text)
        if answer.result is not LookupResult.FOUND:
            return answer
    return DomainCheck(LookupResult.FOUND)


def _asked(configured: Sequence[Resolver]) -> Iterator[tuple[str, dns.resolver.Resolver]]:
    if not configured:
        yield "", _careful(dns.resolver.Resolver())
        return
    for one in configured:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [one.address], one.port
        yield one.name, _careful(resolver)


def _careful(resolver: dns.resolver.Resolver) -> dns.resolver.Resolver:
    """Ask for answers that fit into one packet of any network (RFC 9715); longer ones come over TCP."""
    resolver.use_edns(0, 0, 1232)
    resolver.cache = None
    return resolver


def _ask(resolver: dns.resolver.Resolver, name: str, domain: str, text: str) -> DomainCheck:
    try:
        answer = resolver.resolve(
            f"{domain}.", dns.rdatatype.TXT, lifetime=SECONDS, search=False, raise_on_no_answer=False
        )
    except dns.resolver.NXDOMAIN:
        return DomainCheck(LookupResult.NO_DOMAIN, name)
    except dns.exception.Timeout:
        return DomainCheck(LookupResult.TIMEOUT, name)
    except (dns.exception.DNSException, OSError):
        return DomainCheck(LookupResult.FAILED, name)
    if answer.canonical_name != answer.qname:
        return DomainCheck(LookupResult.ALIAS, name, (answer.canonical_name.to_text(omit_final_dot=True),))
    texts = [b"".join(record.strings).decode("utf-8", "replace").strip() for record in answer.rrset or ()]
    if text in texts:
        return DomainCheck(LookupResult.FOUND, name)
    seen = tuple(_shown(one) for one in sorted(texts)[:MOST_SHOWN])
    return DomainCheck(LookupResult.OTHER if texts else LookupResult.EMPTY, name, seen)


def _shown(text: str) -> str:
    """Return a stranger's text as it can be shown: one line of what can be read, and not all of a long one."""
    readable = "".join(letter if letter.isprintable() else "�" for letter in text)
    return readable if len(readable) <= MOST_LETTERS else f"{readable[: MOST_LETTERS - 1]}…"
