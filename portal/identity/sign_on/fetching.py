"""Asking a provider, at addresses that administrators or providers wrote: within bounds, and nowhere inside.

A server that fetches what others name is a way into its own network.  So the name is resolved once, every address that
it has must be a public one, and the connection goes to that very address: a name that is resolved a second time may
lead elsewhere.  Redirects are not followed.
"""

import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import urllib3
from django.conf import settings

from chancery.texts import message
from portal.identity.sign_on.errors import ProviderFailed

SECONDS: Final = 10.0
"""How long one question may take in all."""
_WAIT: Final = urllib3.Timeout(connect=4.0, read=4.0)
BYTES: Final = 512 * 1024
_PART: Final = 16 * 1024
MOST_URL: Final = 1_000
AT_ONCE: Final = 8
"""How many questions one process asks at once: servers that answer slowly on purpose must not hold all its threads."""
TURN: Final = 2.0
"""For how many seconds a question waits for its turn."""
_turns: Final = threading.BoundedSemaphore(AT_ONCE)
_TRANSLATION: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Where a network translates to IPv4 (RFC 6052)."""
_LOCAL_TRANSLATION: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
"""Where a network translates by its own rules (RFC 8215), so nobody outside knows whereto."""
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")


@contextmanager
def in_turn() -> Iterator[None]:
    """Ask something outside when fewer than so many questions are waiting for an answer.  Raises ProviderFailed."""
    if not _turns.acquire(timeout=TURN):
        raise ProviderFailed(
            message("Too many questions to other services wait for an answer."),
            remedy=message("Try again in a minute."),
        )
    try:
        yield
    finally:
        _turns.release()


def fetched(
    url: str,
    *,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    """Return status and members of what an address answers; with ``fields`` they are posted.  Raises ProviderFailed."""
    status, read = fetched_bytes(url, fields=fields, headers={"Accept": "application/json", **(headers or {})})
    try:
        found = json.loads(read)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProviderFailed(
            message("{url} answers with status {status} and no JSON.", url=url, status=status),
            remedy=message("Check the address and try again."),
        )
    return status, found


def fetched_bytes(
    url: str,
    *,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Return status and body of what an address answers; with ``fields`` they are posted.  Raises ProviderFailed."""
    parts = urlsplit(checked_url(url))
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    address = _reachable(host, port)
    pool: urllib3.HTTPConnectionPool = (
        urllib3.HTTPSConnectionPool(
            address, port, server_hostname=host, assert_hostname=host, ssl_context=ssl.create_default_context()
        )
        if secure
        else urllib3.HTTPConnectionPool(address, port)
    )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"Host": parts.netloc.rpartition("@")[2], **(headers or {})}
    body = None
    if fields is not None:
        sent["Content-Type"], body = "application/x-www-form-urlencoded", urlencode(fields)
    with in_turn(), pool:
        try:
            answer = pool.request(
                "GET" if fields is None else "POST",
                path,
                body=body,
                headers=sent,
                timeout=_WAIT,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            return answer.status, _bounded(answer, url)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise ProviderFailed(
                message("{url} does not answer.", url=url), remedy=message("Check the address and try again.")
            ) from error


def checked_url(url: str) -> str:
    """Return an address that may be asked.  Raises ProviderFailed for another scheme, a user or a fragment in it."""
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_one = urlsplit(""), False
    schemes = {"https", "http"} if settings.CHANCERY_EMBEDDED else {"https"}
    wrong = parts.scheme not in schemes or not parts.hostname or not port_is_one
    if wrong or parts.username is not None or parts.fragment or len(url) > MOST_URL or not url.isprintable():
        raise ProviderFailed(
            message("{url} is no address of a provider.", url=url[:MOST_URL]),
            remedy=message("Give an address that begins with https://."),
        )
    return url


def _reachable(host: str, port: int) -> str:
    """Return the address of a name, if all that it has are public.  Raises ProviderFailed."""
    if host.endswith(".localhost"):
        # Names under it mean this machine, which many systems do not know (RFC 6761, 6.3).
        host = "127.0.0.1"
    try:
        found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise ProviderFailed(
            message("The name {host} is not known.", host=host), remedy=message("Check the address and try again.")
        )
    inside = settings.CHANCERY_EMBEDDED or settings.CHANCERY_SIGN_ON_PRIVATE_NETWORKS
    if not inside and not all(is_public(one) for one in found):
        raise ProviderFailed(
            message("{host} is in a private network.", host=host),
            remedy=message("Ask your operator to set CHANCERY_SIGN_ON_PRIVATE_NETWORKS."),
        )
    return found[0]


def is_public(address: str) -> bool:
    """Tell whether an address is a public one; one that leads to an address of IPv4 is what that is."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    led_to: Sequence[ipaddress.IPv4Address | ipaddress.IPv6Address] = _embedded(parsed) or [parsed]
    return all(one.is_global and not one.is_multicast and one not in _LOCAL_TRANSLATION for one in led_to)


def _embedded(parsed: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the addresses of IPv4 that one of IPv6 stands for: mapped, compatible, translated or tunneled."""
    if isinstance(parsed, ipaddress.IPv4Address):
        return []
    found = [one for one in (parsed.ipv4_mapped, parsed.sixtofour, *(parsed.teredo or ())) if one is not None]
    if parsed in _TRANSLATION or (parsed in _COMPATIBLE and int(parsed) > 1):
        found.append(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF))
    return found


def _bounded(answer: urllib3.BaseHTTPResponse, url: str) -> bytes:
    """Read no more than is allowed, and no longer than is allowed.  Raises ProviderFailed."""
    until, read = time.monotonic() + SECONDS, b""
    for part in answer.stream(_PART):
        read += part
        if len(read) > BYTES or time.monotonic() > until:
            raise ProviderFailed(
                message("{url} answers too much, or too slowly.", url=url),
                remedy=message("Check the address and try again."),
            )
    return read
