"""The parser of license requests, for the fast path and for registering ahead of the first opening."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from rest_framework.exceptions import ParseError

from chancery.errors import InvalidObject
from chancery.objects import jws
from chancery.policy.rights import Right
from chancery.texts import message
from portal.wellformed import check_json
from protection.services.license import MAX_BATCH
from protection.services.license_request import NamedAccess
from protection.services.register_on_first_use import LicenseRequestItem

MAX_PROGRAM: Final = 80
NOBODY: Final = UUID(int=0)


def members_of(body: bytes) -> dict[str, Any]:
    """Return the members of a request's body."""
    try:
        members = json.loads(body)
        check_json(members)
    except (ValueError, RecursionError, ParseError):
        raise InvalidObject(message("The body is not JSON."), remedy=message("Send a JSON object.")) from None
    if not isinstance(members, dict):
        raise InvalidObject(message("The body is not a JSON object."), remedy=message("Send a JSON object."))
    return members


def program_of(members: Mapping[str, Any]) -> str:
    """Return the name that the program gives itself, "" for none."""
    return (_text(members, "program") or "")[:MAX_PROGRAM]


def enforced_by(members: Mapping[str, Any]) -> frozenset[Right]:
    """Return the rights that the program says it withholds; it can withhold no right that is not known here."""
    stated = members.get("enforces", [])
    if not isinstance(stated, list):
        raise InvalidObject(message("'enforces' is a list of rights."))
    return frozenset(right for right in Right if right in stated)


def named_access_of(members: Mapping[str, Any], find: Callable[[str], UUID | None]) -> NamedAccess:
    """Return what the openings are to rest on; by default nothing but the caller's own access.

    ``find`` returns the person whom the organization knows under an address.  Raises InvalidObject.
    """
    grant, permission = _id(members, "super_user_grant"), _id(members, "read_permission")
    if grant is not None and permission is not None:
        raise InvalidObject(
            message("A request names a super-user grant or a read permission, not both."),
            remedy=message("Leave one of them out."),
        )
    person = _text(members, "for_person")
    if person is None:
        return NamedAccess(grant, permission)
    if permission is None:
        raise InvalidObject(
            message("'for_person' is for requests that name a read permission."),
            remedy=message("Send read_permission, too."),
        )
    return NamedAccess(None, permission, person_named(person, find))


def person_named(name: str, find: Callable[[str], UUID | None]) -> UUID:
    """Return whom an id or an address means; nobody's id where the organization knows none under the address.

    It is not said who is known: a permission that does not include a person reads the same.
    """
    if "@" in name:
        return find(name.strip().casefold()) or NOBODY
    try:
        return UUID(name)
    except ValueError:
        raise InvalidObject(message("'for_person' is the id or the address of a person.")) from None


def _id(members: Mapping[str, Any], name: str) -> UUID | None:
    named = _text(members, name)
    if named is None:
        return None
    try:
        return UUID(named)
    except ValueError:
        raise InvalidObject(message("{name!r} is an id.", name=name)) from None


def size_to_draw(members: Mapping[str, Any]) -> int | None:
    """Return how large the file is whose drawn pages the program would show, None where it shows none."""
    size = members.get("rendering")
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise InvalidObject(message("'rendering' is the size of the sealed file in bytes."))
    return size


def items_of(members: Mapping[str, Any]) -> list[LicenseRequestItem]:
    """Return the documents of a batch."""
    items = members.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_BATCH:
        raise InvalidObject(
            message("A batch asks for 1 to {number} documents.", number=MAX_BATCH),
            remedy=message("Send them in parts."),
        )
    return [item_of(item) for item in items]


def item_of(item: object) -> LicenseRequestItem:
    """Return one document.  Digests are computed where the objects came along, so that the two cannot disagree."""
    if not isinstance(item, Mapping):
        raise InvalidObject(message("Each document is an object with 'pl' and 'seal'."))
    license_, seal = _text(item, "publishing_license"), _text(item, "body_seal")
    pl = jws.digest(license_) if license_ else _digest(item, "pl")
    sealed = jws.digest(seal) if seal else _digest(item, "seal")
    return LicenseRequestItem(pl=pl, seal=sealed, publishing_license=license_, body_seal=seal)


def whole_item_of(members: Mapping[str, Any]) -> LicenseRequestItem:
    """Return one document whose objects must come along, since digests alone register nothing."""
    if not isinstance(members.get("publishing_license"), str) or not isinstance(members.get("body_seal"), str):
        raise InvalidObject(message("Send publishing_license and body_seal as texts."))
    return item_of({name: members[name] for name in ("publishing_license", "body_seal")})


def _text(item: Mapping[str, Any], name: str) -> str | None:
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidObject(message("{name!r} is a text.", name=name))
    return value


def _digest(item: Mapping[str, Any], name: str) -> bytes:
    value = jws.unb64(_text(item, name) or "")
    if len(value) != 32:
        raise InvalidObject(message("{name!r} is a digest of 32 bytes in base64url.", name=name))
    return value
