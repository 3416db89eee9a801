"""Asking the DNS for the texts of a name, of every configured resolver.

Several resolvers are asked because one that is lied to proves nothing.  An alias (CNAME) is no answer, since the owner
of its target writes the records.  A truncated answer is asked for again over TCP.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import dns.exception
import dns.rdatatype
import dns.resolver
from django.conf import settings

from portal.locations import Resolver

SECONDS: Final = 5.0
"""How long one resolver is waited for."""


class TextResult(StrEnum):
    """What one resolver said; ``EMPTY`` where the name exists and holds no text."""

    TEXTS = "texts"
    EMPTY = "empty"
    NO_DOMAIN = "no_domain"
    ALIAS = "alias"
    TIMEOUT = "timeout"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Texts:
    """The answer of one resolver, which is "" for the machine's own ones; of an alias its target is the only text."""

    result: TextResult
    resolver: str
    texts: tuple[str, ...] = ()


def texts_of(name: str) -> Iterator[Texts]:
    """Yield what each resolver says that the name holds; who has seen enough asks no further one."""
    for written, resolver in _asked(settings.CHANCERY_DNS_RESOLVERS):
        yield _ask(resolver, written, name)


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


def _ask(resolver: dns.resolver.Resolver, written: str, name: str) -> Texts:
    try:
        answer = resolver.resolve(
            f"{name}.", dns.rdatatype.TXT, lifetime=SECONDS, search=False, raise_on_no_answer=False
        )
    except dns.resolver.NXDOMAIN:
        return Texts(TextResult.NO_DOMAIN, written)
    except dns.exception.Timeout:
        return Texts(TextResult.TIMEOUT, written)
    except (dns.exception.DNSException, OSError):
        return Texts(TextResult.FAILED, written)
    if answer.canonical_name != answer.qname:
        return Texts(TextResult.ALIAS, written, (answer.canonical_name.to_text(omit_final_dot=True),))
    texts = tuple(b"".join(record.strings).decode("utf-8", "replace").strip() for record in answer.rrset or ())
    return Texts(TextResult.TEXTS if texts else TextResult.EMPTY, written, texts)
