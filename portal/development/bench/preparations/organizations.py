"""Creating organizations, while there are none and while there are many."""

import time
from typing import Any

from audit.selectors.pending_ledgers import unsealed
from portal.development.bench.preparations.people import BENCH
from portal.usecases.organizations import create_organization
from tenants.organizations.selectors import organizations


def create(*, existing: int, measured: int) -> dict[str, Any]:
    """Create organizations until there are so many; return the seconds that the first and the last ones took."""
    first = [_create(f"first-{number}") for number in range(measured)]
    for number in range(len(organizations()), existing):
        _create(f"filler-{number}")
    last = [_create(f"last-{number}") for number in range(measured)]
    schemas = [organization.schema_name for organization in organizations()]
    unsealed(schemas)
    began = time.perf_counter()
    unsealed(schemas)
    return {"first": first, "last": last, "sweep": time.perf_counter() - began, "count": len(schemas)}


def _create(slug: str) -> float:
    began = time.perf_counter()
    create_organization(name=slug, slug=slug, administrator=f"admin@{slug}.example", actor=BENCH)
    return time.perf_counter() - began
