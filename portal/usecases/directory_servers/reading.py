"""Asking a directory server: what it holds now, what has changed, and the first few people as they would come."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from chancery.crypto import labels
from chancery.texts import Text, message
from portal.identity.sign_on.secrets import unseal
from portal.ldap.connection import Connection, Search, Target, connected
from portal.ldap.entries import Entry
from portal.ldap.errors import NOT_ALLOWED, ServerFailed
from portal.ldap.networks import Network, networks_of
from portal.usecases.directory_servers.mapping import (
    ACTIVE_DIRECTORY,
    CHANGED,
    Read,
    attributes_of_groups,
    attributes_of_people,
    changed_at,
    group_of,
    person_of,
)
from portal.words.kept_texts import kept
from tenants.directory_servers.models import Found
from tenants.directory_servers.selectors import ServerFacts, sealed_password_of
from tenants.directory_servers.services.runs import keep_found

SECONDS: Final = 3600.0
"""How long one reading may take in all; a fresh attempt begins it anew."""
TEST_SECONDS: Final = 20.0
FIRST: Final = 5
"""How many people a test shows."""
PORTS: Final = frozenset({389, 636, 3268, 3269})
"""Ports of directory servers; others are asked in the embedded mode alone, or a test would be a scan of ports."""
_ANYWHERE: Final = "0.0.0.0/0 ::/0"
_OVERLAP: Final = timedelta(minutes=2)
"""How much of what was read before is read again: servers that copy from each other do so a little later."""
_TIME: Final = "%Y%m%d%H%M%SZ"
PROBLEMS: Final[Mapping[str, Text]] = {
    "no_id": message("The entry has no value in the attribute that says who it is."),
    "no_address": message("The entry has no mail address."),
    "bad_address": message("What the entry has as mail address is none."),
    "no_name": message("The group has no name."),
}


@dataclass(frozen=True, slots=True)
class Tested:
    """What a server answered: its first people as they would come, and what it calls itself."""

    people: tuple[Read, ...]
    groups: int | None
    bases: tuple[str, ...]
    vendor: str


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where a server was read: by which copy of it, and in its own way of counting."""

    copy: str
    value: str | int

    def as_json(self) -> dict[str, Any]:
        """Return what is kept."""
        return {"copy": self.copy, "value": self.value}


def password_of(server_id: UUID) -> str:
    """Return the bind account's password, "" while there is none."""
    sealed = sealed_password_of(server_id)
    return "" if sealed is None else unseal(server_id, sealed, purpose=labels.DIRECTORY_SERVER)


def allowed_networks() -> tuple[Network, ...]:
    """Return the networks whose servers may be asked.  Raises ServerFailed where the operator's list is none."""
    given = settings.CHANCERY_LDAP_NETWORKS
    try:
        return networks_of(given or (_ANYWHERE if settings.CHANCERY_EMBEDDED else ""))
    except ValueError:
        raise ServerFailed(
            NOT_ALLOWED,
            message("The networks that may be asked are not written correctly."),
            remedy=message("Ask your operator to correct CHANCERY_LDAP_NETWORKS."),
        ) from None


@contextmanager
def bound(server: ServerFacts, *, seconds: float) -> Iterator[Connection]:
    """Give a connection that is signed in.  Raises ServerFailed."""
    if server.port not in PORTS and not settings.CHANCERY_EMBEDDED:
        raise ServerFailed(
            NOT_ALLOWED,
            message("Port {port} is none of a directory server.", port=server.port),
            remedy=message("Directory servers are asked at the ports 389, 636, 3268 and 3269."),
        )
    target = Target(server.host, server.port, server.security, server.authority)
    with connected(target, allowed_networks(), seconds=seconds) as connection:
        connection.bind(server.bind_name, password_of(server.id))
        yield connection


def tested(server: ServerFacts) -> Tested:
    """Ask for the first people and groups; nothing is kept.  Raises ServerFailed."""
    with bound(server, seconds=TEST_SECONDS) as connection:
        root = connection.root()
        people = _first(connection, _people_search(server, server.people_filter))
        groups = None
        if server.groups_base:
            groups = len(_first(connection, _groups_search(server, server.groups_filter)))
        read = tuple(person_of(one, server.attributes) for one in people)
        return Tested(read, groups, root.texts("namingContexts"), root.text("vendorName"))


def position(server: ServerFacts, connection: Connection) -> Position:
    """Return where the server stands before it is read.

    Active Directory counts its changes, each copy of it by itself; others say when an entry was changed.
    """
    if server.kind != ACTIVE_DIRECTORY:
        return Position("", "")
    root = connection.root()
    service = root.text("dsServiceName")
    copy = service
    if service:
        try:
            copy = connection.one(service, ["invocationId"]).attributes.get("invocationid", (b"",))[0].hex() or service
        except ServerFailed:
            copy = service
    return Position(copy, root.number("highestCommittedUSN"))


def can_go_on(server: ServerFacts, now: Position) -> bool:
    """Tell whether changes can be read from where the last run ended: the same copy, which has not been set back."""
    before = server.cursor
    if before is None or before.get("copy") != now.copy:
        return False
    return server.kind != ACTIVE_DIRECTORY or int(before["value"]) <= int(now.value)


def read_into(
    run_id: UUID,
    server: ServerFacts,
    connection: Connection,
    start: Position,
    *,
    changes: bool,
    each: Callable[[], None],
) -> Position:
    """Keep everything, or what has changed, as rows of a run; return up to where that is.

    ``each`` is called with every page, in the transaction that keeps it.  Raises ServerFailed.
    """
    latest = start.value
    parts = [(Found.Kind.PERSON, _people_search(server, _since(server, server.people_filter, changes=changes)))]
    if server.groups_base and "groups" in server.connection.may:
        parts.append((Found.Kind.GROUP, _groups_search(server, _since(server, server.groups_filter, changes=changes))))
    if changes and server.kind != ACTIVE_DIRECTORY and server.cursor is not None:
        latest = max(str(latest), str(server.cursor["value"]))
    for kind, search in parts:
        for entries in connection.pages(search):
            each()
            _keep(run_id, server, kind, entries)
            if server.kind != ACTIVE_DIRECTORY:
                latest = changed_at(server.kind, entries, latest)
    return Position(start.copy, latest)


def _keep(run_id: UUID, server: ServerFacts, kind: str, entries: list[Entry]) -> None:
    of = person_of if kind == Found.Kind.PERSON else group_of
    rows: dict[str, Found] = {}
    for one in (of(entry, server.attributes) for entry in entries):
        problem = PROBLEMS.get(one.problem)
        rows[one.external_id] = Found(
            run_id=run_id,
            kind=kind,
            external_id=one.external_id,
            key=one.key,
            address=one.address,
            label=one.label,
            wanted=dict(one.wanted),
            outcome=Found.Outcome.UNKNOWN if problem is None else Found.Outcome.SET_ASIDE,
            reason={} if problem is None else kept(problem),
        )
    if rows:
        keep_found(rows.values())


def _first(connection: Connection, search: Search) -> list[Entry]:
    return next(iter(connection.pages(search, size=FIRST)), [])[:FIRST]


def _people_search(server: ServerFacts, text: str) -> Search:
    return Search(server.people_base, text, [*attributes_of_people(server.attributes), CHANGED[server.kind]])


def _groups_search(server: ServerFacts, text: str) -> Search:
    return Search(server.groups_base, text, [*attributes_of_groups(server.attributes), CHANGED[server.kind]])


def _since(server: ServerFacts, text: str, *, changes: bool) -> str:
    if not changes or server.cursor is None:
        return text
    value = server.cursor["value"]
    if server.kind == ACTIVE_DIRECTORY:
        return f"(&{text}({CHANGED[server.kind]}>={int(value) + 1}))"
    return f"(&{text}({CHANGED[server.kind]}>={_earlier(str(value))}))" if value else text


def _earlier(value: str) -> str:
    """Return a generalized time (RFC 4517) a little earlier; what cannot be read is left as it is."""
    try:
        moment = datetime.strptime(value[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return value
    return (moment - _OVERLAP).strftime(_TIME)
