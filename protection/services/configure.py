"""Change how the service behaves for an organization."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from chancery.crypto.suites import suite_named
from chancery.errors import Conflict, InvalidPolicy
from chancery.ledger.kinds import Kind
from chancery.policy.policy import MAX_OFFLINE_DAYS, Strength, parse_policy
from chancery.texts import message
from protection.actor import Actor
from protection.models import ServiceSettings, Tracking
from protection.selectors.protecting import APPLICATION
from protection.services.feed import invalidate_all_of, touch
from protection.services.recording import record_action

MIN_LEASE, MAX_LEASE = 60, 30 * 86_400
PLATFORMS: Final = ("browser", "darwin", "linux", "windows")
"""Kinds of device as clients name them when they enroll."""
CLIENTS: Final = (APPLICATION, *PLATFORMS)
"""Kinds of client that protect: an application counts as one on whatever device it runs."""
MOST_NETWORKS: Final = 200
MOST_GROUPS: Final = 50
TRACKING: Final = tuple(Tracking.values)
NO_GROUP: Final = UUID(int=0)
_NONE: Final[Mapping[str, object]] = {"lease_seconds": 0, "untracked_group": NO_GROUP}
"""Values that stand for none."""
_ADDRESSES: Final = ("contact", "alarm_address")
GROUPS: Final = ("untracked_group", "protectors")
"""Settings that are groups, kept by their ids."""
BINDING: Final[Mapping[str, object]] = {"strength": "", "networks": [], "times": []}
"""Conditions that bind every opening, with what stands for none; they are kept in the form of policies."""
PROTECTING: Final[Mapping[str, object]] = {"protectors": [], "protectors_on": [], "protecting_off": []}
"""What limits who protects, with what stands for no limit (decision 46)."""
_TOGETHER: Final[Mapping[str, str]] = {
    **dict.fromkeys(BINDING, "conditions"),
    **dict.fromkeys(PROTECTING, "protecting"),
}
"""Settings that share a column, and which one."""


class NeedsAnAuditor(Conflict):
    """People who open documents are hidden, and shown only when another person with the role of an auditor approves."""

    code = "needs_an_auditor"
    remedy = message(
        "Ask for it under “Requests for names” or with chancery names; an auditor who is independent of you answers."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Every member is optional; what is None stays as it is.

    ``lease_seconds`` 0 means no lease, ``untracked_group`` the nil UUID no group.  ``strength`` ("" for any way to sign
    in), ``networks``, ``times`` and ``platforms_off`` bind every opening, whoever it is by (docs/protocol.md P19, step
    1).  ``protectors`` are the ids of the groups of which one protects, none for everybody, on the kinds of client in
    ``protectors_on``, none for all; those in ``protecting_off`` protect nothing.
    """

    suite: str | None = None
    max_license_days: int | None = None
    lease_seconds: int | None = None
    registration_days: int | None = None
    keep_titles: bool | None = None
    account_required: bool | None = None
    tracking: str | None = None
    untracked_group: UUID | None = None
    owners_restore: bool | None = None
    contact: str | None = None
    alarm_address: str | None = None
    strength: str | None = None
    networks: Sequence[str] | None = None
    times: Sequence[str] | None = None
    platforms_off: Sequence[str] | None = None
    protectors: Sequence[str] | None = None
    protectors_on: Sequence[str] | None = None
    protecting_off: Sequence[str] | None = None


def hides_fewer(before: UUID, after: UUID) -> bool:
    """Take any other group for one that hides fewer people, where nobody says whom groups hold."""
    return before != after


@transaction.atomic
def configure(
    *,
    actor: Actor,
    configuration: Configuration,
    names_approved: bool = False,
    fewer: Callable[[UUID, UUID], bool] = hides_fewer,
    named: Callable[[object], object] | None = None,
) -> dict[str, tuple[object, object]]:
    """Apply a configuration; return what each changed setting was and is.

    ``names_approved`` says that an auditor approved to show people who are hidden (``unmask.answer_names``);
    ``fewer`` tells of two groups whether the first one holds people whom the second one does not.  ``named`` names a
    setting's groups by their addresses for the event, which says only that they changed where nobody does.  Raises
    InvalidPolicy for a value out of range, UnknownSuite for a suite, and NeedsAnAuditor.
    """
    configuration = _checked(configuration)
    changes = {name: value for name, value in asdict(configuration).items() if value is not None}
    row = ServiceSettings.objects.select_for_update().get(id=1)
    if not names_approved:
        _refuse_to_show(configuration, row, fewer)
    shortened = _shortens(configuration, row)
    wanted = {name: None if name in _NONE and value == _NONE[name] else value for name, value in changes.items()}
    differing = {name: (_present(row, name), value) for name, value in wanted.items() if _present(row, name) != value}
    if not differing:
        return {}
    for name, (_, value) in differing.items():
        _set(row, name, value)
    row.longest_license_days = max(row.longest_license_days, row.max_license_days)
    columns = {_TOGETHER.get(name, name) for name in differing}
    row.save(update_fields=[*columns, "longest_license_days"])
    if shortened:
        invalidate_all_of(row.organization_id)
    else:
        touch()
    stated = {
        name: {"before": named(before), "after": named(after)}
        if named and name in GROUPS
        else {"before": before, "after": after}
        for name, (before, after) in differing.items()
    }
    unstated = {*_ADDRESSES, *(() if named else GROUPS)}
    # An address may be a person's, so its values are in the part that can be erased; groups are nobody's.
    personal = [{"member": name, **stated[name]} for name in _ADDRESSES if name in stated]
    record_action(
        Kind.SETTINGS_CHANGED,
        actor,
        changes=personal,
        details={"settings": {name: {} if name in unstated else pair for name, pair in stated.items()}},
    )
    return differing


def _present(row: ServiceSettings, name: str) -> object:
    if name not in _TOGETHER:
        return getattr(row, name)
    return getattr(row, _TOGETHER[name]).get(name, {**BINDING, **PROTECTING}[name])


def _set(row: ServiceSettings, name: str, value: object) -> None:
    if name not in _TOGETHER:
        setattr(row, name, value)
        return
    others = {one: kept for one, kept in getattr(row, _TOGETHER[name]).items() if one != name}
    setattr(row, _TOGETHER[name], {**others, name: value} if value else others)


def _refuse_to_show(configuration: Configuration, row: ServiceSettings, fewer: Callable[[UUID, UUID], bool]) -> None:
    """Raise NeedsAnAuditor where owners would see of somebody what was hidden from them."""
    if configuration.tracking == Tracking.NAMED != row.tracking:
        raise NeedsAnAuditor(message("Names that were hidden are shown again only when an auditor approves it."))
    before, after = row.untracked_group, configuration.untracked_group
    if before is not None and after is not None and fewer(before, after):
        raise NeedsAnAuditor(
            message("People who are hidden by their group are shown to owners only when an auditor approves it."),
            remedy=message(
                "Ask for it under “Requests for names” or with chancery names ask-group; an auditor who is independent"
                " of you answers. A group that holds all of them too needs nobody's approval."
            ),
        )


def _shortens(configuration: Configuration, row: ServiceSettings) -> bool:
    """Tell whether cached licenses give more than the new settings allow, so that they must be asked for anew."""
    if configuration.account_required and not row.account_required:
        return True
    if stricter(configuration, row.conditions, row.platforms_off):
        return True
    days, lease = configuration.max_license_days, configuration.lease_seconds
    if days is not None and days < row.max_license_days:
        return True
    return bool(lease) and (row.lease_seconds is None or (lease or 0) < row.lease_seconds)


def stricter(configuration: Configuration, conditions: Mapping[str, Any], platforms_off: Sequence[str]) -> bool:
    """Tell whether somebody who met all that binds every opening may not meet it any more."""
    off, strength = configuration.platforms_off, configuration.strength
    if off is not None and not set(off) <= set(platforms_off):
        return True
    if strength and Strength(strength).rank > Strength(conditions.get("strength", Strength.CODE)).rank:
        return True
    return any(_takes_away(conditions.get(name, ()), getattr(configuration, name)) for name in ("networks", "times"))


def _takes_away(before: Sequence[str], after: Sequence[str] | None) -> bool:
    """Tell whether a list of what lets in, where an empty one lets in everything, lets in less than before."""
    return bool(after) and (not before or not {*before} <= {*(after or ())})


def _checked(configuration: Configuration) -> Configuration:
    """Return the configuration with its lists in their normal form.  Raises as ``configure`` says."""
    _check(configuration)
    wanted = {name: getattr(configuration, name) for name in BINDING}
    stated = {name: value if isinstance(value, str) else list(value) for name, value in wanted.items() if value}
    conditions = parse_policy({"conditions": stated}).conditions
    return replace(
        configuration,
        networks=None if configuration.networks is None else list(dict.fromkeys(conditions.networks)),
        times=None if configuration.times is None else list(map(str, conditions.times)),
        platforms_off=_sorted(configuration.platforms_off),
        protectors=_sorted(configuration.protectors),
        protectors_on=_sorted(configuration.protectors_on),
        protecting_off=_sorted(configuration.protecting_off),
    )


def _sorted(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else sorted(set(names))


def _check(configuration: Configuration) -> None:
    _check_kinds(configuration.platforms_off, PLATFORMS)
    _check_kinds(configuration.protectors_on, PLATFORMS)
    _check_kinds(configuration.protecting_off, CLIENTS)
    if len(configuration.protectors or ()) > MOST_GROUPS:
        raise InvalidPolicy(
            message("At most {most} groups can be named.", most=MOST_GROUPS),
            remedy=message("Make a group that holds them."),
        )
    if len(configuration.networks or ()) > MOST_NETWORKS:
        raise InvalidPolicy(message("At most {most} networks can be named.", most=MOST_NETWORKS))
    if configuration.suite is not None:
        suite_named(configuration.suite)
    if configuration.tracking is not None and configuration.tracking not in Tracking.values:
        raise InvalidPolicy(message("Tracking is one of: {names}.", names=", ".join(Tracking.values)))
    days = configuration.max_license_days
    if days is not None and not 0 <= days <= MAX_OFFLINE_DAYS:
        raise InvalidPolicy(message("Licenses live 0 to {most} days.", most=MAX_OFFLINE_DAYS))
    lease = configuration.lease_seconds
    if lease is not None and lease != 0 and not MIN_LEASE <= lease <= MAX_LEASE:
        raise InvalidPolicy(
            message("A lease is 0 (none) or {least} to {most} seconds.", least=MIN_LEASE, most=MAX_LEASE)
        )
    registration = configuration.registration_days
    if registration is not None and not 0 <= registration <= 3650:
        raise InvalidPolicy(message("Documents are believed for 0 to 3650 days after a certificate's end."))


def _check_kinds(named: Sequence[str] | None, known: Sequence[str]) -> None:
    unknown = sorted({*(named or ())} - {*known})
    if unknown:
        raise InvalidPolicy(
            message("There is no platform {name}.", name=unknown[0]),
            remedy=message("Platforms are {names}.", names=", ".join(known)),
        )
