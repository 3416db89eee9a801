"""The settings of an organization in one view, and as a file that another one can take (promise C54).

The file is for people to read and to keep: one JSON object with a version.  Taking one shows every difference first,
and does all of it or nothing, under the guards of a single change.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from audit.selectors.events import EventRow, Filter, events
from chancery.errors import InvalidObject
from chancery.ledger.kinds import Kind
from chancery.texts import message
from portal.subjects.named_groups import group_addresses
from portal.subjects.untracked import untracked_address
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.settings import change_settings
from portal.words.actors import shown_actor
from portal.words.settings import NAMES, value_in_words
from protection.selectors.organization import setting_defaults, settings
from protection.services.configure import Configuration
from tenants.directory.session_limits import UNITS, limits_of
from tenants.events import DirectoryKind
from tenants.naming import address
from tenants.organizations.selectors import OrganizationFacts

VERSION: Final = 1
LONGEST: Final = 100_000
"""Characters of a file; all settings are a few thousand."""
_MEMBERS: Final = ("chancery_configuration", "organization", "exported_at", "settings")
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    **dict.fromkeys(("suite", "tracking", "untracked_group", "contact", "alarm_address", "strength"), (str,)),
    **dict.fromkeys(("max_license_days", "lease_seconds", "registration_days", *UNITS), (int,)),
    **dict.fromkeys(("keep_titles", "account_required", "owners_restore"), (bool,)),
    **dict.fromkeys(("networks", "times", "platforms_off"), (list,)),
    **dict.fromkeys(("protectors", "protectors_on", "protecting_off"), (list,)),
}
_ADDRESSES: Final = ("untracked_group", "contact", "alarm_address")
_KINDS: Final = (Kind.SETTINGS_CHANGED, DirectoryKind.SESSION_LIMITS_CHANGED)
_PAGE: Final = 200
_PAGES: Final = 10
"""So many changes are looked at for who made the last one of each setting; what is older has no name here."""


@dataclass(frozen=True, slots=True)
class ConfiguredSetting:
    """One setting: its value, what it is where nobody changed it, and who changed it last, "" where nobody did.

    ``called``, ``shown`` and ``shown_default`` are words for people; the others are as the API has them.
    """

    name: str
    called: str
    value: object
    shown: str
    default: object
    shown_default: str
    is_default: bool
    changed_at: datetime | None
    changed_by: str


@dataclass(frozen=True, slots=True)
class OrganizationSettings:
    """Every setting, in the order of the settings' page."""

    rows: tuple[ConfiguredSetting, ...]


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file with all settings; it holds no secret."""

    name: str
    text: str


def configuration_of(*, caller: Caller) -> OrganizationSettings:
    """Return every setting with its default, and since when it is so."""
    present, defaults = _present(caller), _as_answered({**setting_defaults(), **dict.fromkeys(UNITS, 0)})
    changed = dict(_last_changes())
    return OrganizationSettings(
        tuple(
            ConfiguredSetting(
                name=name,
                called=str(called),
                value=present[name],
                shown=value_in_words(present[name], name),
                default=defaults[name],
                shown_default=value_in_words(defaults[name], name),
                is_default=present[name] == defaults[name],
                changed_at=changed[name].received_at if name in changed else None,
                changed_by=shown_actor(changed[name]).words if name in changed else "",
            )
            for name, called in NAMES.items()
        )
    )


def exported_configuration(*, caller: Caller, organization: OrganizationFacts) -> SettingsFile:
    """Return all settings as a file."""
    body = {
        "chancery_configuration": VERSION,
        "organization": organization.name,
        "exported_at": timezone.now().isoformat(timespec="seconds"),
        "settings": _present(caller),
    }
    return SettingsFile(f"{organization.slug}-settings.json", json.dumps(body, indent=2, ensure_ascii=False) + "\n")


def import_configuration(*, caller: Caller, text: str, stated: Stated) -> Effect:
    """Set what a file names, asked first with every difference; what it does not name stays.

    Raises InvalidObject for what is no such file, NameRefused for an address that is none, and what
    ``change_settings`` raises.
    """
    wanted = _read(text)
    protectors = wanted.pop("protectors", None)
    group, limits = wanted.pop("untracked_group", None), {name: wanted.pop(name) for name in UNITS if name in wanted}
    return change_settings(
        caller=caller,
        configuration=Configuration(**wanted),
        limits=limits,
        untracked_group=group,
        protectors=protectors,
        stated=stated,
        shows_changes=True,
    )


def _present(caller: Caller) -> dict[str, Any]:
    found = {**asdict(settings()), **limits_of(caller.organization)}
    groups = {
        "untracked_group": untracked_address(caller.organization, found["untracked_group"]),
        "protectors": group_addresses(caller.organization, found["protectors"]),
    }
    return _as_answered({**found, **groups})


def _as_answered(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in the one form of the API and of files: lists, and 0 or "" for none."""
    none = {"lease_seconds": 0, "untracked_group": ""}
    values = {name: none.get(name) if found[name] is None else found[name] for name in NAMES}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _last_changes() -> Iterator[tuple[str, EventRow]]:
    """Yield who changed each setting, the newest change last."""
    rows: list[EventRow] = []
    cursor = ""
    for _turn in range(_PAGES):
        found = events(
            filter=Filter(kinds=_KINDS),
            limit=_PAGE,
            cursor=cursor,
        )
        rows += found.events
        cursor = found.next_cursor
        if not cursor:
            break
    for row in reversed(rows):
        named = row.details.get("settings")
        yield from ((name, row) for name in (named if isinstance(named, dict) else ()))


def _read(text: str) -> dict[str, Any]:
    """Return the settings of a file, each of the right kind.  Raises InvalidObject."""
    try:
        found = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("settings"), dict):
        raise _refused(message("This is no file with the settings of an organization."))
    if found.get("chancery_configuration") != VERSION:
        raise _refused(message("This file is of another version than {version}.", version=VERSION))
    wanted = {**found["settings"]}
    _refuse_unknown([*(set(found) - set(_MEMBERS)), *(set(wanted) - set(_TYPES))])
    for name, value in wanted.items():
        if type(value) not in _TYPES[name] or (isinstance(value, list) and not all(type(one) is str for one in value)):
            raise _refused(message("The value of {name} is of another kind than settings have.", name=name))
    return wanted | {name: address(wanted[name]) for name in _ADDRESSES if wanted.get(name)}


def _refuse_unknown(names: Sequence[str]) -> None:
    if names:
        raise _refused(message("There is no setting “{name}”.", name=min(names)[:60]))


def _refused(what: Any) -> InvalidObject:
    return InvalidObject(what, remedy=message("Take a file that chancery configuration export wrote."))
