"""Which addresses and mail domains had other holders and owners before their present ones (decision 20)."""

from collections.abc import Collection, Mapping

from django.db import connection

from tenants import naming
from tenants.directory.statements import HANDOVERS_SQL


def changed_hands(addresses: Collection[str], domains: Collection[str] = ()) -> dict[str, float]:
    """Return which of the addresses, their domains and these domains changed hands, with the moment of the last time.

    An owner of before who owns the domain again, and a holder of before who holds the address again, do not count.
    """
    asked = {*domains, *(naming.domain_of(address) for address in addresses)}
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(HANDOVERS_SQL, {"domains": sorted(asked), "addresses": list(addresses)})
        return dict(cursor.fetchall())


def last_handover(address: str, handovers: Mapping[str, float]) -> float:
    """Return when an address or its domain changed hands last; 0 for never."""
    return max(handovers.get(name, 0) for name in (address, naming.domain_of(address)))
