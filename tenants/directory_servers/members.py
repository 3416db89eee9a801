"""Whom a group's members are: found by the names of entries, in the run that reads them or in one before."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

_FOUND: Final = """
select f.key, f.kind, f.label, k.resource_id from public.directory_servers_found f
left join public.directory_servers_known k
  on k.server_id = %(server)s and k.kind = f.kind and k.external_id = f.external_id
where f.run_id = %(run)s and md5(f.key) = any(%(digests)s) and f.key = any(%(keys)s) and f.outcome <> 'set_aside'
"""
_KNOWN: Final = """
select k.key, k.kind, '', k.resource_id from public.directory_servers_known k
where k.server_id = %(server)s and md5(k.key) = any(%(digests)s) and k.key = any(%(keys)s)
"""
_DIGESTS: Final = "select array_agg(md5(one)) from unnest(%s::text[]) one"


@dataclass(frozen=True, slots=True)
class MemberMeant:
    """One member: ``id`` is None while the person or group is not made yet."""

    kind: str
    label: str
    id: UUID | None


def members_meant(server_id: UUID, run_id: UUID, keys: Collection[str]) -> Mapping[str, MemberMeant]:
    """Return whom the names mean; one that lies outside of what is read is left out."""
    if not keys:
        return {}
    named = list(keys)
    values: dict[str, Any] = {"server": server_id, "run": run_id, "keys": named}
    found: dict[str, MemberMeant] = {}
    with connection.cursor() as cursor:
        cursor.execute(_DIGESTS, [named])
        values["digests"] = cursor.fetchone()[0]
        for statement in (_KNOWN, _FOUND):
            # What this run has read comes last: an entry's name may have changed hands since the one before.
            cursor.execute(statement, values)
            for key, kind, label, resource in cursor.fetchall():
                found[key] = MemberMeant(kind, label, resource)
    return found
