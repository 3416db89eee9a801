"""From where a document was opened: by network, and by the organization of the address under which people came."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, Final
from uuid import UUID

from django.db import connection

from protection.selectors.attempts import OPENINGS
from protection.selectors.sight import Sight

_PREFIXES: Final = {4: 24, 6: 48}
"""How much of an address names the network that it is of; the rest changes from day to day."""

_PLACES: Final = """
select p.record::jsonb ->> 'ip', p.record::jsonb -> 'addresses' ->> 0, p.person_id,
       count(*) filter (where e.outcome = 'allowed'), count(*) filter (where e.outcome = 'refused'), max(e.received_at)
from audit_event e join audit_eventpersonal p on p.event_id = e.id
where e.content_id = %s
  and (e.kind = 'content.opened' or e.kind = 'content.reported' and e.reason = any(%s)) {counting}
group by 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A network or a mail domain, with how many people came from it and how often; "" where none is known."""

    name: str
    people: int
    opened: int
    refused: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Places:
    """From where a document was opened or tried, the most frequent first; ``shown`` is false where it is not shown."""

    networks: tuple[Place, ...]
    organizations: tuple[Place, ...]
    shown: bool = True


def places_of(cid: UUID, sight: Sight) -> Places:
    """Return from where a document was opened, as far as the reader may know; a network can name who is there."""
    if not sight.names_on(cid):
        return Places((), (), shown=False)
    counting, of = sight.counting()
    with connection.cursor() as cursor:
        cursor.execute(_PLACES.format(counting=counting), [cid, list(OPENINGS), *of])
        rows = cursor.fetchall()
    return Places(_by(rows, lambda row: _network(row[0] or "")), _by(rows, lambda row: _domain(row[1] or "")))


def _network(ip: str) -> str:
    try:
        version = ip_address(ip).version
    except ValueError:
        return ip
    return str(ip_network(f"{ip}/{_PREFIXES[version]}", strict=False))


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _by(rows: Iterable[tuple[Any, ...]], named: Callable[[tuple[Any, ...]], str]) -> tuple[Place, ...]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(named(row), []).append(row)
    places = (
        Place(
            name,
            len({row[2] for row in of}),
            sum(row[3] for row in of),
            sum(row[4] for row in of),
            max(row[5] for row in of),
        )
        for name, of in found.items()
    )
    return tuple(sorted(places, key=lambda one: (-one.opened, -one.refused, one.name)))
