"""What differs between two policies, entry by entry: for the history of a template and before a change is made.

Codes and values only; each screen has its own words for them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chancery.policy.policy import Conditions, Grant, Policy
from chancery.policy.rights import in_order


@dataclass(frozen=True, slots=True)
class Difference:
    """One member that differs: its name as in the policy's JSON form, whom it is about, and both values.

    ``who`` is a principal for ``grants`` and ``deny`` and "" for all others.  A value of None stands for "not there":
    an entry that was added has no ``before``, one that was removed has no ``after``.  A grant's value is its rights,
    and for one that ends ``{"rights": …, "until": …}``; several grants to one principal are a list of these.
    """

    member: str
    before: object = None
    after: object = None
    who: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the form that the API shows."""
        return {"member": self.member, "who": self.who, "before": self.before, "after": self.after}


def differences(before: Policy, after: Policy) -> tuple[Difference, ...]:
    """Return every difference, grants first; equal policies have none, in whatever order their entries are."""
    return (*_grants(before, after), *_deny(before, after), *_members(before, after))


def _grants(before: Policy, after: Policy) -> Iterator[Difference]:
    for who in sorted({*before.index, *after.index}):
        old, new = before.index.get(who), after.index.get(who)
        if old != new:
            yield Difference("grants", _given(old), _given(new), str(who))


def _given(grants: tuple[Grant, ...] | None) -> object:
    if grants is None:
        return None
    if len(grants) > 1:
        return [_ending(one) for one in grants]
    return in_order(grants[0].rights) if grants[0].until is None else _ending(grants[0])


def _ending(grant: Grant) -> dict[str, object]:
    return {"rights": in_order(grant.rights), "until": grant.until}


def _deny(before: Policy, after: Policy) -> Iterator[Difference]:
    old, new = set(before.deny), set(after.deny)
    for who in sorted(old ^ new):
        yield Difference("deny", who in old or None, who in new or None, str(who))


def _members(before: Policy, after: Policy) -> Iterable[Difference]:
    old, new = _plain(before), _plain(after)
    return (Difference(name, old.get(name), new.get(name)) for name in new | old if old.get(name) != new.get(name))


def _plain(policy: Policy) -> dict[str, object]:
    """Return what has one value only, conditions by their own names."""
    conditions: Conditions = policy.conditions
    return {
        "expires": policy.expires,
        "expires_after_opening_days": policy.expires_after_opening_days,
        "offline_days": policy.offline_days,
        "lease": policy.lease,
        "enforcement": policy.enforcement.value,
        "watermark": policy.watermark,
        **{f"conditions.{name}": value for name, value in conditions.as_json().items()},
    }
