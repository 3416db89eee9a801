"""What would satisfy a condition that is not met: a code and its values, which become words when it is read."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

from chancery.policy.policy import Conditions
from chancery.policy.subject import Subject
from chancery.policy.times import Times, is_open, next_change
from chancery.policy.words import rights_in_words, strength_in_words
from chancery.texts import Text, message


class Condition(StrEnum):
    """The conditions of a policy and of an organization, as the ledger names them; none is ever renamed."""

    STRENGTH = "strength"
    NETWORKS = "networks"
    TIMES = "times"
    PLATFORMS = "platforms"
    POST_QUANTUM = "post_quantum"
    NOT_BEFORE = "not_before"
    NOT_AFTER = "not_after"
    ACCOUNT_REQUIRED = "account_required"
    ENFORCED = "enforced"


@dataclass(frozen=True, slots=True)
class Unmet:
    """A condition that is not met, with the values that would satisfy it."""

    condition: Condition
    values: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what the ledger keeps."""
        return {"condition": self.condition.value, "values": list(self.values)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Return what the ledger kept.  Raises ValueError and KeyError for what it cannot have written."""
        return cls(Condition(kept["condition"]), tuple(map(str, kept["values"])))

    @property
    def text(self) -> Text:
        """What the person can do about it."""
        listed = ", ".join(self.values)
        match self.condition:
            case Condition.STRENGTH:
                return message("Sign in with {strength}.", strength=strength_in_words(listed))
            case Condition.NETWORKS:
                return message("Connect from an allowed network ({networks}).", networks=listed)
            case Condition.TIMES:
                return _when(self.values)
            case Condition.PLATFORMS:
                return message("Use a device of kind {kinds}.", kinds=listed)
            case Condition.POST_QUANTUM:
                return message("Use a device enrolled with post-quantum keys.")
            case Condition.NOT_BEFORE:
                return message("Wait until the document's time window opens.")
            case Condition.NOT_AFTER:
                return message("The document's time window has closed; ask its owner to extend it.")
            case Condition.ACCOUNT_REQUIRED:
                return message("Sign in with an account, or make one; a mailed code is not enough here.")
            case Condition.ENFORCED:
                return message("It would have to withhold: {rights}.", rights=rights_in_words(self.values))


def unmet_condition(conditions: Conditions, subject: Subject, now: int) -> Unmet | None:
    """Return the first condition that is not met, None when all hold."""
    if conditions.account_required and subject.outsider:
        return Unmet(Condition.ACCOUNT_REQUIRED)
    if conditions.strength is not None and subject.strength.rank < conditions.strength.rank:
        return Unmet(Condition.STRENGTH, (conditions.strength.value,))
    if conditions.networks and not in_networks(subject.network, conditions.networks):
        return Unmet(Condition.NETWORKS, tuple(conditions.networks))
    if not is_open(conditions.times, now):
        return Unmet(Condition.TIMES, _next_times(conditions.times, now))
    device = subject.device
    if conditions.platforms and (device is None or device.platform not in conditions.platforms):
        return Unmet(Condition.PLATFORMS, tuple(sorted(conditions.platforms)))
    if conditions.post_quantum and (device is None or not device.post_quantum):
        return Unmet(Condition.POST_QUANTUM)
    if conditions.not_before is not None and now < conditions.not_before:
        return Unmet(Condition.NOT_BEFORE)
    if conditions.not_after is not None and now >= conditions.not_after:
        return Unmet(Condition.NOT_AFTER)
    return None


def condition_ends(conditions: Conditions, now: int) -> Iterator[int | None]:
    """Yield when conditions that are met now are met no longer: no license may outlast its time of the week."""
    yield conditions.not_after
    yield next_change(conditions.times, now)


def _next_times(times: Sequence[Times], now: int) -> tuple[str, ...]:
    """Return all times, and before them when the next one begins on the clocks of its zone."""
    begins = next_change(times, now)
    shown = "" if begins is None else f"{datetime.fromtimestamp(begins, ZoneInfo(times[0].zone)):%Y-%m-%d %H:%M}"
    return (f"{shown} {times[0].zone}".strip() if shown else "", *map(str, times))


def _when(values: Sequence[str]) -> Text:
    begins, *times = values
    if begins:
        return message("Open it again from {when}; it opens {times}.", when=begins, times=", ".join(times))
    return _within(times)


def at_these_times(times: Iterable[Times]) -> Text:
    """Return what somebody can do about times of the week, whatever time it is."""
    return _within(map(str, times))


def _within(times: Iterable[str]) -> Text:
    return message("Open it at one of these times: {times}.", times=", ".join(times))


def in_networks(address: str, networks: Iterable[str]) -> bool:
    """Tell whether an address lies in one of the networks; what is no address lies in none."""
    try:
        caller = ipaddress.ip_address(address)
        return any(caller in ipaddress.ip_network(network) for network in networks)
    except ValueError:
        return False
