"""Whom an organization keeps out: the list, and whom a name reaches."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from tenants import naming
from tenants.backend.base import PUBLIC
from tenants.directory.models import Block
from tenants.directory.selectors.people import reader_of
from tenants.organizations.models import Organization

ADDRESS, DOMAIN, ORGANIZATION = (kind.value for kind in Block.Kind)


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """One block as the organization sees it; ``over`` says that its end has passed."""

    id: UUID
    kind: str
    value: str
    subdomains: bool
    reason: str
    until: datetime | None
    over: bool
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class BlockedName:
    """Whom a block means: a normal address, a mail domain or an organization's id, with who has the address now."""

    kind: str
    value: str
    subdomains: bool = False
    person_id: UUID | None = None


def blocked_name(kind: str, value: str, *, subdomains: bool = False) -> BlockedName:
    """Return what a block of this name means now.  Raises NameRefused for an address or domain that is none."""
    if kind == ADDRESS:
        normal = naming.address(value)
        return BlockedName(ADDRESS, normal, person_id=reader_of(normal))
    if kind == DOMAIN:
        return BlockedName(DOMAIN, naming.mail_domain(value), subdomains)
    return BlockedName(ORGANIZATION, str(UUID(value)))


def covers(value: str, address: str) -> bool:
    """Tell whether a block under which somebody is kept out is one by this address or its domain."""
    return address == value or address.endswith((f"@{value}", f".{value}"))


def blocks(organization_id: UUID, *, after: str = "", search: str = "", limit: int = 50) -> tuple[BlockFacts, ...]:
    """Return blocks in the order of their names; ``after`` is the name of the last one seen."""
    rows = Block.objects.within(organization_id).filter(value__gt=after).order_by("value")
    if search:
        rows = rows.filter(value__contains=search.lower())
    return tuple(_facts(row) for row in _with_end(rows)[:limit])


def block(organization_id: UUID, block_id: UUID) -> BlockFacts | None:
    """Return one block, None when there is none of this id."""
    row = _with_end(Block.objects.within(organization_id).filter(id=block_id)).first()
    return None if row is None else _facts(row)


def blocked_addresses(organization_id: UUID, addresses: Collection[str]) -> set[str]:
    """Return those of the normal addresses that the organization keeps out, by address, domain or reader.

    So mail is not written to them and no code is sent; one statement for all of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKED_ADDRESSES, {"organization": organization_id, "addresses": sorted(addresses)})
        return {address for (address,) in cursor.fetchall()}


def is_kept_out(schema: str, address: str) -> bool:
    """Tell whether the organization whose schema this is keeps an address out; nobody else keeps anybody out."""
    organization = Organization.objects.filter(schema_name=schema).exclude(schema_name=PUBLIC).values_list("id").first()
    return organization is not None and bool(blocked_addresses(organization[0], [address]))


def people_reached(organization_id: UUID, names: Sequence[BlockedName]) -> set[UUID]:
    """Return the people whom these names mean and who belong to the organization or were licensed something there."""
    wanted: dict[str, Any] = {
        "organization": organization_id,
        "people": [one.person_id for one in names if one.person_id],
        "domains": [one.value for one in names if one.kind == DOMAIN],
        "under": [f"%.{one.value}" for one in names if one.kind == DOMAIN and one.subdomains],
        "organizations": [one.value for one in names if one.kind == ORGANIZATION],
    }
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, wanted)
        return {person for (person,) in cursor.fetchall()}


def members_named(organization_id: UUID, names: Sequence[BlockedName]) -> int:
    """Return how many people of the organization are known there by an address that one of the names means."""
    wanted: dict[str, Any] = {
        "organization": organization_id,
        "people": [one.person_id for one in names if one.person_id],
        "domains": [one.value for one in names if one.kind == DOMAIN],
        "under": [f"%.{one.value}" for one in names if one.subdomains],
    }
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS_NAMED, wanted)
        return int(cursor.fetchone()[0])


def _with_end(rows: QuerySet[Block]) -> QuerySet[Block]:
    return rows.annotate(over=Q(until__isnull=False) & Q(until__lte=Now()))


def _facts(row: Block) -> BlockFacts:
    return BlockFacts(
        id=row.id,
        kind=row.kind,
        value=row.value,
        subdomains=row.subdomains,
        reason=row.reason,
        until=row.until,
        over=bool(row.over),  # type: ignore[attr-defined]  # annotated by _with_end
        made_at=row.made_at,
        made_by=row.made_by_address,
    )


_BLOCKED_ADDRESSES: Final = """
SELECT wanted.address FROM unnest(%(addresses)s::text[]) AS wanted (address)
WHERE EXISTS (SELECT FROM public.directory_block b
  WHERE b.organization_id = %(organization)s AND (b.until IS NULL OR b.until > statement_timestamp())
    AND (b.value IN (wanted.address, split_part(wanted.address, '@', 2))
      OR (b.subdomains AND wanted.address LIKE '%%.' || b.value)
      OR b.person_id IN (SELECT a.person_id FROM public.directory_address a
        WHERE a.address = wanted.address AND (a.proven_by <> '' OR a.coded_until IS NOT NULL))))
"""

_REACHED: Final = """
SELECT known.person_id FROM (
  SELECT m.person_id FROM public.directory_membership m WHERE m.organization_id = %(organization)s
  UNION SELECT l.person_id FROM public.directory_licensedat l WHERE l.organization_id = %(organization)s) AS known
WHERE known.person_id = ANY(%(people)s::uuid[])
   OR EXISTS (SELECT FROM public.directory_address a WHERE a.person_id = known.person_id
     AND (a.proven_by <> '' OR a.coded_until IS NOT NULL)
     AND (split_part(a.address, '@', 2) = ANY(%(domains)s::text[]) OR a.address LIKE ANY(%(under)s::text[])))
   OR EXISTS (SELECT FROM public.directory_membership m WHERE m.person_id = known.person_id
     AND NOT m.guest AND m.removed_at IS NULL AND m.organization_id = ANY(%(organizations)s::uuid[]))
"""

_MEMBERS_NAMED: Final = """
SELECT count(*) FROM public.directory_membership m JOIN public.directory_person p ON p.id = m.person_id,
  LATERAL (SELECT CASE WHEN m.guest THEN m.address ELSE p.email END) AS known (address)
WHERE m.organization_id = %(organization)s AND m.removed_at IS NULL AND (m.person_id = ANY(%(people)s::uuid[])
  OR split_part(known.address, '@', 2) = ANY(%(domains)s::text[]) OR known.address LIKE ANY(%(under)s::text[]))
"""
