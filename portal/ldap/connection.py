"""One connection to a directory server: encrypted, bound, and read page by page.

It knows nothing of organizations.  The codec is sansldap (decision 41); sockets, bounds and time limits are
here.  Nothing is ever written to the server, and referrals are not followed: they would lead where nobody has allowed.
"""

import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

from sansldap import (
    BindResponse,
    ExtendedOperations,
    ExtendedResponse,
    FilterPresent,
    LDAPClient,
    LDAPControl,
    LDAPError,
    LDAPFilter,
    LDAPMessage,
    LDAPResultCode,
    PagedResultControl,
    SearchResultDone,
    SearchResultEntry,
    SearchScope,
)

from chancery.texts import message
from portal.ldap.answers import bind_refused, not_trusted, refused
from portal.ldap.entries import Entry
from portal.ldap.errors import CREDENTIALS, PROTOCOL, SETTINGS, UNREACHABLE, ServerFailed
from portal.ldap.framing import Stream
from portal.ldap.networks import Network, address_of

LDAPS: Final = "ldaps"
STARTTLS: Final = "starttls"
SECURITIES: Final = (LDAPS, STARTTLS)
"""Nothing else is offered: a bind sends the password, and answers say who works here."""
PAGE: Final = 500
"""Entries in each page; Active Directory gives 1000 at most."""
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 30.0
"""How long one part of an answer may take."""
_SUCCESS: Final = LDAPResultCode.SUCCESS
_RANGE: Final = ";range="


@dataclass(frozen=True, slots=True)
class Target:
    """Where a server is, how the connection is encrypted, and whose signature its certificate must bear.

    ``authority`` is PEM; "" means the authorities that this machine trusts.
    """

    host: str
    port: int
    security: str
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """What is read: everything below ``base`` that the filter matches, with these attributes."""

    base: str
    filter: str
    attributes: Sequence[str]
    scope: SearchScope = SearchScope.SUBTREE


def filter_of(text: str) -> LDAPFilter:
    """Return a filter as it is sent (RFC 4515).  Raises ServerFailed, which names the place of the mistake."""
    try:
        return LDAPFilter.from_string(text)
    except (ValueError, RecursionError) as error:
        place = text[max(0, getattr(error, "offset", 0)) :][:40] or text[-40:]
        raise ServerFailed(
            SETTINGS,
            message("The filter is not written correctly, at: {place}", place=place),
            remedy=message("Write it as in RFC 4515, for example (&(objectClass=user)(mail=*))."),
        ) from None


def authority_of(text: str) -> ssl.SSLContext:
    """Return how a server's certificate is checked.  Raises ServerFailed where ``text`` is no certificate."""
    try:
        return ssl.create_default_context(cadata=text or None)
    except (ssl.SSLError, ValueError):
        raise ServerFailed(
            SETTINGS,
            message("This is no certificate in PEM."),
            remedy=message("It begins with -----BEGIN CERTIFICATE-----."),
        ) from None


@contextmanager
def connected(target: Target, allowed: Sequence[Network], *, seconds: float) -> Iterator["Connection"]:
    """Give an encrypted connection for at most so many seconds in all.  Raises ServerFailed."""
    until = time.monotonic() + seconds
    context = authority_of(target.authority)
    address = address_of(target.host, target.port, allowed)
    try:
        plain = socket.create_connection((address, target.port), timeout=CONNECT_SECONDS)
    except OSError:
        raise ServerFailed(
            UNREACHABLE, message("{host} does not answer at port {port}.", host=target.host, port=target.port)
        ) from None
    with closing(plain):
        plain.settimeout(ANSWER_SECONDS)
        client = LDAPClient()
        if target.security == STARTTLS:
            _ask_for_tls(Connection(client, Stream(plain, target.host, until)), target)
        try:
            secure = context.wrap_socket(plain, server_hostname=target.host)
        except ssl.SSLError as error:
            raise not_trusted(target.host, error) from None
        except (OSError, ValueError):
            raise ServerFailed(
                UNREACHABLE, message("The connection to {host} was interrupted.", host=target.host)
            ) from None
        with closing(secure):
            yield Connection(client, Stream(secure, target.host, until))


class Connection:
    """A connection that is open."""

    def __init__(self, client: LDAPClient, stream: Stream) -> None:
        self._client = client
        self._stream = stream

    def bind(self, name: str, password: str) -> None:
        """Sign in.  Raises ServerFailed.

        With an empty password most servers let everybody in as nobody (RFC 4513, section 5.1.2); none is sent.
        """
        if not name or not password:
            raise ServerFailed(
                CREDENTIALS,
                message("The bind account has no password yet."),
                remedy=message("Give name and password of an account that may read people and groups."),
            )
        self._client.bind_simple(name, password)
        answer = self.answer()
        if not isinstance(answer, BindResponse):
            raise self.unexpected()
        if answer.result.result_code != _SUCCESS:
            raise bind_refused(answer.result)

    def root(self) -> Entry:
        """Return what the server says of itself (RFC 4512, section 5.1)."""
        names = (
            *("namingContexts", "supportedControl", "supportedCapabilities", "vendorName"),
            *("highestCommittedUSN", "dsServiceName"),
        )
        return self.one("", names)

    def one(self, name: str, attributes: Sequence[str]) -> Entry:
        """Return the entry with this name.  Raises ServerFailed."""
        search = Search(name, "(objectClass=*)", attributes, SearchScope.BASE)
        found = next((entries for entries, _cookie in [self._page(search, b"", paged=False)] if entries), None)
        if found is None:
            raise ServerFailed(
                SETTINGS, message("{what} is not there, or the bind account may not see it.", what=name or "rootDSE")
            )
        return found[0]

    def pages(self, search: Search, *, size: int = PAGE) -> Iterator[list[Entry]]:
        """Give what is found page by page (RFC 2696), with all values of each attribute.  Raises ServerFailed."""
        cookie, first = b"", True
        while first or cookie:
            entries, cookie = self._page(search, cookie, size=size)
            first = False
            yield [self._whole(one) for one in entries]

    def _page(
        self, search: Search, cookie: bytes, *, size: int = PAGE, paged: bool = True
    ) -> tuple[list[Entry], bytes]:
        controls: list[LDAPControl] | None = (
            [PagedResultControl(critical=True, size=size, cookie=cookie)] if paged else None
        )
        wanted = FilterPresent("objectClass") if not paged else filter_of(search.filter)
        self._client.search_request(
            search.base, search.scope, filter=wanted, attributes=list(search.attributes), controls=controls
        )
        found: list[Entry] = []
        while not isinstance(answer := self.answer(), SearchResultDone):
            if isinstance(answer, SearchResultEntry):
                found.append(_entry(answer))
        if answer.result.result_code != _SUCCESS:
            raise refused(answer.result, search.base or "rootDSE")
        back = next((one for one in answer.controls if isinstance(one, PagedResultControl)), None)
        return found, b"" if back is None else bytes(back.cookie)

    def _whole(self, entry: Entry) -> Entry:
        """Return an entry with the values that Active Directory gives in parts: ``member;range=0-1499``."""
        parts = {name for name in entry.attributes if _RANGE in name}
        if not parts:
            return entry
        whole = {name: values for name, values in entry.attributes.items() if name not in parts}
        for part in parts:
            name, _sign, bounds = part.partition(_RANGE)
            values = list(entry.attributes[part])
            while not bounds.endswith("*"):
                more = self.one(entry.name, [f"{name}{_RANGE}{len(values)}-*"])
                key = next((one for one in more.attributes if one.startswith(name + _RANGE)), "")
                if not more.attributes.get(key):
                    raise self.unexpected()
                bounds = key.partition(_RANGE)[2]
                values += more.attributes[key]
            whole[name] = tuple(values)
        return Entry(entry.name, whole)

    def answer(self) -> LDAPMessage:
        """Send what waits and return the next message.  Raises ServerFailed, whatever the server sends."""
        waiting = self._client.data_to_send()
        if waiting:
            self._stream.send(waiting)
        data = self._stream.message()
        try:
            (found,) = self._client.receive(data)
        except (LDAPError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError):
            raise self.unexpected() from None
        return found

    def start_tls(self) -> ExtendedResponse:
        """Ask the server to encrypt from here on (RFC 4511, section 4.14)."""
        self._client.extended_request(ExtendedOperations.LDAP_START_TLS.value)
        answer = self.answer()
        if not isinstance(answer, ExtendedResponse):
            raise self.unexpected()
        return answer

    def unexpected(self) -> ServerFailed:
        """Return the failure of a server whose answer cannot be read."""
        return ServerFailed(PROTOCOL, message("The server sends what is no answer of a directory server."))


def _ask_for_tls(connection: Connection, target: Target) -> None:
    result = connection.start_tls().result
    if result.result_code != _SUCCESS:
        raise refused(result, "StartTLS")


def _entry(answer: SearchResultEntry) -> Entry:
    values = {one.name.lower(): tuple(bytes(value) for value in one.values) for one in answer.attributes}
    return Entry(answer.object_name, values)
