"""Whom a person has named in their own documents before."""

from typing import Final
from uuid import UUID

from django.db import connection

RECENT: Final = 500
"""Documents, newest first, that are looked through: what somebody did long ago helps nobody to type."""

_NAMED: Final = r"""
with recent as (
  select policy->'grants' as grants, registered_at from protection_content
  where issuer_id = %s and policy is not null order by registered_at desc limit %s
)
select substr(entry->>'who', 9) as address
from recent, jsonb_array_elements(grants) as entry
where entry->>'who' like 'address:%%' and strpos(entry->>'who', %s) > 0
group by address order by max(registered_at) desc, address limit %s
"""


def addresses_named_by(person: UUID, text: str, *, limit: int) -> tuple[str, ...]:
    """Return addresses that hold the text and that the person granted something lately, the last named first."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, [person, RECENT, text, limit])
        return tuple(address for (address,) in cursor.fetchall())
