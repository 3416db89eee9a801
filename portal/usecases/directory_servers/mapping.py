"""What an entry of a directory server means here: a person or a group, read by the attributes that are set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portal.ldap.entries import Entry
from portal.ldap.names import name_key
from tenants import naming
from tenants.naming import NameRefused

ACTIVE_DIRECTORY: Final = "active_directory"
OPENLDAP: Final = "openldap"
PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    ACTIVE_DIRECTORY: {
        "people_filter": "(&(objectCategory=person)(objectClass=user)(mail=*))",
        "groups_filter": "(objectClass=group)",
        "attributes": {
            "id": "objectGUID",
            "address": "mail",
            "aliases": "proxyAddresses",
            "name": "displayName cn",
            "given_name": "givenName",
            "family_name": "sn",
            "title": "title",
            "department": "department",
            "disabled": "userAccountControl",
            "group_name": "displayName cn",
            "group_address": "mail",
            "members": "member",
        },
    },
    OPENLDAP: {
        "people_filter": "(&(objectClass=inetOrgPerson)(mail=*))",
        "groups_filter": "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))",
        "attributes": {
            "id": "entryUUID",
            "address": "mail",
            "aliases": "mail",
            "name": "displayName cn",
            "given_name": "givenName",
            "family_name": "sn",
            "title": "title",
            "department": "departmentNumber",
            "disabled": "pwdAccountLockedTime",
            "group_name": "cn",
            "group_address": "mail",
            "members": "member uniqueMember",
        },
    },
}
"""How the two usual kinds of server call things."""
KINDS: Final = tuple(PRESETS)
ATTRIBUTES: Final = tuple(PRESETS[OPENLDAP]["attributes"])
CHANGED: Final = {ACTIVE_DIRECTORY: "uSNChanged", OPENLDAP: "modifyTimestamp"}
"""By which attribute each kind says when an entry was changed."""
MOST_ALIASES: Final = 50
MOST_TEXT: Final = 200
_CONTROL: Final = "useraccountcontrol"
_DISABLED: Final = 2
_NOT: Final = frozenset({"", "0", "false", "no"})


@dataclass(frozen=True, slots=True)
class Read:
    """One entry as it is kept for the comparison; ``problem`` says why it cannot be taken, as a key of words."""

    external_id: str
    key: str
    label: str
    address: str
    wanted: Mapping[str, Any] = field(hash=False)
    problem: str = ""


def attributes_of_people(attributes: Mapping[str, str]) -> list[str]:
    """Return the attributes to ask for of people."""
    wanted = [name for name in ATTRIBUTES if name not in {"members", "group_name", "group_address"}]
    return sorted({one for name in wanted for one in attributes.get(name, "").split()})


def attributes_of_groups(attributes: Mapping[str, str]) -> list[str]:
    """Return the attributes to ask for of groups."""
    wanted = ("id", "group_name", "group_address", "members")
    return sorted({one for name in wanted for one in attributes.get(name, "").split()})


def person_of(entry: Entry, attributes: Mapping[str, str]) -> Read:
    """Read a person; the attributes have the form in which SCIM keeps them, so that both interfaces show the same."""
    external = _identity(entry, attributes)
    given = _text(entry, attributes, "address")
    address, problem = _address(given)
    name = _text(entry, attributes, "name")
    parts = {
        "givenName": _text(entry, attributes, "given_name"),
        "familyName": _text(entry, attributes, "family_name"),
    }
    aliases = _aliases(entry, attributes, address)
    kept: dict[str, Any] = {
        "displayName": name,
        "name": {part: value for part, value in parts.items() if value},
        "title": _text(entry, attributes, "title"),
        "department": _text(entry, attributes, "department"),
        "emails": [
            {"value": address, "type": "work", "primary": True},
            *({"value": one, "type": "other"} for one in aliases),
        ],
    }
    wanted = {
        "user_name": address,
        "active": not _is_disabled(entry, attributes),
        "external_id": external,
        "name": name or " ".join(filter(None, parts.values())),
        "aliases": aliases,
        "attributes": {name: value for name, value in kept.items() if value},
    }
    problem = "" if external else "no_id"
    problem = problem or ("" if address else "bad_address" if given else "no_address")
    label = given or name or entry.name
    return Read(external or name_key(entry.name)[:255], name_key(entry.name), label[:300], address, wanted, problem)


def group_of(entry: Entry, attributes: Mapping[str, str]) -> Read:
    """Read a group; its members are names of entries, in the form in which two spellings are the same."""
    external = _identity(entry, attributes)
    name = naming.one_line(_text(entry, attributes, "group_name"))
    members = [value for one in attributes.get("members", "").split() for value in entry.texts(one)]
    address, _problem = _address(_text(entry, attributes, "group_address"))
    wanted = {"name": name, "address": address, "members": sorted({name_key(one) for one in members})}
    problem = "" if external else "no_id"
    problem = problem or ("" if name else "no_name")
    label = (name or entry.name)[:300]
    return Read(external or name_key(entry.name)[:255], name_key(entry.name), label, "", wanted, problem)


def _identity(entry: Entry, attributes: Mapping[str, str]) -> str:
    found = entry.identity(attributes["id"])
    return found if len(found) <= 255 else ""  # what the column of ids holds


def _text(entry: Entry, attributes: Mapping[str, str], name: str) -> str:
    """Return the first of the attributes that has a value, without line ends and not longer than fits."""
    found = (entry.text(one).strip() for one in attributes.get(name, "").split())
    return naming.one_line(next(filter(None, found), ""))[:MOST_TEXT]


def _address(text: str) -> tuple[str, str]:
    try:
        return naming.address(text), ""
    except NameRefused as error:
        return "", str(error)


def _aliases(entry: Entry, attributes: Mapping[str, str], address: str) -> list[str]:
    """Return the further addresses; Active Directory puts ``smtp:`` before those, and other things before others."""
    values = [value for one in attributes.get("aliases", "").split() for value in entry.texts(one)]
    found: list[str] = []
    for value in values:
        kind, sign, rest = value.partition(":")
        if sign and kind.lower() != "smtp":
            continue
        normal, _problem = _address(rest if sign else value)
        if normal and normal != address and normal not in found:
            found.append(normal)
    return sorted(found)[:MOST_ALIASES]


def _is_disabled(entry: Entry, attributes: Mapping[str, str]) -> bool:
    for name in attributes.get("disabled", "").split():
        if name.lower() == _CONTROL:
            if entry.number(name) & _DISABLED:
                return True
        elif entry.text(name).strip().lower() not in _NOT:
            return True
    return False


def changed_at(kind: str, entries: Sequence[Entry], before: str | int) -> str | int:
    """Return the latest moment of change among entries, in the server's own way of counting."""
    name = CHANGED[kind]
    if kind == ACTIVE_DIRECTORY:
        return max([int(before), *(one.number(name) for one in entries)])
    # Generalized time in UTC is in the order of its text, as long as servers write it in one way.
    return max([str(before), *(one.text(name) for one in entries)])
