"""Where things are: the database, Redis and the installation's own origins, read from their addresses.

Pure functions, so that settings stay a list of values and every odd spelling of an address has a table test.
"""

import base64
import binascii
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

from chancery.names import NameRefused, mail_domain

ROOT_KEY_BYTES = 32
DNS_PORT = 53


class LocationRefused(Exception):
    """An address or key in the environment cannot be understood; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Base:
    """The base URL taken apart; organizations live on hosts under ``host`` with the same scheme and port."""

    scheme: str
    host: str
    port: int | None

    @property
    def netloc(self) -> str:
        """The host, with the port when the scheme's own is not used."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """The base URL without a trailing slash, which is also the name of the issuer."""
        return f"{self.scheme}://{self.netloc}"

    def origin_of(self, host: str) -> str:
        """Return the origin of an organization's host name."""
        return f"{self.scheme}://{host}" if self.port is None else f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Resolver:
    """A DNS resolver: how it is written in the environment, and where it is."""

    name: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Database:
    """The parts of a database address that Django wants one by one."""

    name: str
    user: str
    password: str
    host: str
    port: str


_OWN_PORT = {"http": 80, "https": 443}


def base(url: str) -> Base:
    """Take the base URL apart; a path, a query or a scheme other than http and https is refused."""
    parts = urlsplit(url)
    if parts.scheme not in _OWN_PORT or not parts.hostname:
        raise LocationRefused(f"CHANCERY_BASE_URL must be http://host or https://host, not {url!r}.")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
        raise LocationRefused(f"CHANCERY_BASE_URL names an origin and nothing more, not {url!r}.")
    port = None if parts.port == _OWN_PORT[parts.scheme] else parts.port
    return Base(scheme=parts.scheme, host=parts.hostname.lower(), port=port)


def database(url: str) -> Database:
    """Take a PostgreSQL address apart; ``?host=`` names a socket folder."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise LocationRefused("DATABASE_URL must begin with postgresql://.")
    query = parse_qs(parts.query)
    return Database(
        name=unquote(parts.path.lstrip("/")) or "chancery",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=query.get("host", [parts.hostname or ""])[0],
        port=query.get("port", [str(parts.port or "")])[0],
    )


def cache_url(url: str, number: int) -> str:
    """Return the address of one numbered database in the Redis that ``url`` names, for redis-py."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        credentials = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        return f"unix://{credentials}{parts.path}?db={number}"
    if parts.scheme in {"redis", "rediss"}:
        return f"{parts.scheme}://{parts.netloc}/{number}"
    raise LocationRefused("REDIS_URL must begin with redis://, rediss:// or unix://.")


def broker_url(url: str, number: int) -> str:
    """Return the address of one numbered database in the same Redis in Celery's spelling of sockets."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={number}"
    return cache_url(url, number)


def root_key(encoded: str) -> bytes:
    """Decode the root key; an empty text stays empty, so that the system check can name what is missing."""
    if not encoded:
        return b""
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise LocationRefused("CHANCERY_ROOT_KEY must be base64url.") from error


def mail_domains(text: str) -> frozenset[str]:
    """Return mail domains, separated by spaces or commas, in their normal form."""
    try:
        return frozenset(mail_domain(one) for one in text.replace(",", " ").split())
    except NameRefused as error:
        raise LocationRefused(f"CHANCERY_PUBLIC_MAIL_DOMAINS names mail domains like gmx.de: {error}") from error


def resolvers(text: str) -> tuple[Resolver, ...]:
    """Return the resolvers, written as IP addresses with or without a port and separated by spaces or commas."""
    return tuple(_resolver(one) for one in text.replace(",", " ").split())


def _resolver(text: str) -> Resolver:
    try:
        return Resolver(text, str(ip_address(text)), DNS_PORT)
    except ValueError:
        pass
    try:
        parts = urlsplit(f"//{text}")
        return Resolver(text, str(ip_address(parts.hostname or "")), parts.port or DNS_PORT)
    except ValueError as error:
        raise LocationRefused(
            f"CHANCERY_DNS_RESOLVERS names IP addresses like 192.0.2.53 or [2001:db8::53]:5353, not {text!r}."
        ) from error
