"""By which way a request leaves: straight, or through the proxy that the environment or the system names.

``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` count, in either case, and where they are not set the
settings of macOS and Windows.  This machine itself is never asked through a proxy.
"""

import ipaddress
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

from chancery.sdk.errors import Misused
from chancery.texts import message

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 60.0
_TIMEOUT: Final = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)


class Routes:
    """Connections for the life of the process, one pool for each way."""

    def __init__(self) -> None:
        """Begin without any connection."""
        self._pools: dict[str, urllib3.PoolManager] = {}

    def to(self, url: str) -> urllib3.PoolManager:
        """Return the pool for an address.  Raises Misused for a proxy that cannot be used."""
        proxy = proxy_for(url)
        if proxy not in self._pools:
            self._pools[proxy] = _pool(proxy)
        return self._pools[proxy]

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.clear()


def proxy_for(url: str) -> str:
    """Return the address of the proxy for a URL, "" for none."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if is_this_machine(host) or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return ""
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all", "")


def is_this_machine(host: str) -> bool:
    """Tell whether a host is this machine by its name or number."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def base_of(host: str) -> str:
    """Return the address that is meant by the name of a host.  Raises Misused for what is none."""
    wanted = host.strip()
    try:
        named = urlsplit(wanted if "://" in wanted else f"//{wanted}")
        name, _ = (named.hostname or "").lower(), named.port
    except ValueError:
        name, named = "", urlsplit("")
    if not name or named.scheme not in {"", "http", "https"} or named.path.strip("/") or named.query or named.fragment:
        raise Misused(
            message("{host!r} is not the address of an installation.", host=host),
            remedy=message("Write it like https://id.example.com."),
        )
    scheme = named.scheme or ("http" if is_this_machine(name) else "https")
    return f"{scheme}://{named.netloc.lower()}"


def _pool(proxy: str) -> urllib3.PoolManager:
    if not proxy:
        return urllib3.PoolManager(timeout=_TIMEOUT, retries=False, maxsize=8)
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Misused(
            message("The proxy {proxy} cannot be used.", proxy=parts._replace(netloc=parts.hostname or "").geturl()),
            remedy=message("Name one as HTTPS_PROXY=http://proxy.example.com:3128."),
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    at = parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host).geturl()
    headers = None
    if parts.username is not None:
        who = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=who)
    return urllib3.ProxyManager(at, proxy_headers=headers, timeout=_TIMEOUT, retries=False, maxsize=8)
