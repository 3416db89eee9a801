"""Groups that a setting names: people write their addresses, what is kept are their ids."""

from collections.abc import Iterable
from uuid import UUID

from chancery.errors import NotFound
from chancery.texts import message
from tenants.directory.selectors.groups import addresses_of, groups_at
from tenants.naming import address


def group_addresses(organization: UUID, groups: Iterable[object]) -> tuple[str, ...]:
    """Return the addresses of groups in their order of the alphabet; of one that was deleted its id."""
    ids = [UUID(str(one)) for one in groups]
    found = addresses_of(organization, ids) if ids else {}
    return tuple(sorted(found.get(one, str(one)) for one in ids))


def groups_meant(organization: UUID, named: Iterable[str]) -> list[UUID]:
    """Return the groups at addresses; the id of one that was deleted stays as it is.

    Raises NotFound, and NameRefused for what is no address.
    """
    given = list(named)
    addresses = {one: address(one) for one in given if not _is_id(one)}
    found = groups_at(organization, addresses.values()) if addresses else {}
    missing = sorted(set(addresses.values()) - found.keys())
    if missing:
        raise NotFound(message("There is no group {address} in this organization.", address=missing[0]))
    return [UUID(one) if _is_id(one) else found[addresses[one]][0].id for one in given]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
