"""Who loses access when one policy takes the place of another, and whether these are many.

A change that takes access from many is asked about before it is made, in every interface by this one rule.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from chancery.policy.narrowing import at_least_as_strict
from chancery.policy.policy import Conditions, Enforcement, Policy, Principal, PrincipalKind
from chancery.policy.rights import Right, may_remove_protection

MANY: Final = 5
"""So many entries at once are many, however many are left."""


def are_many(lost: int, left: int) -> bool:
    """Tell whether so many entries or members that go are asked about: the last, more than half, or ``MANY``."""
    return bool(lost) and (left == 0 or lost >= MANY or lost > max(left, 1))


@dataclass(frozen=True, slots=True)
class Losses:
    """The entries that let nobody in any more, and how many entries still do.

    ``stricter`` says that what these ask of an opening became more: they let nobody in who cannot meet it.  ``drawn``
    are those who still read but do not get the file any more, since the policy became viewer only: with it they lose
    editing, copying and every other program.
    """

    lost: tuple[Principal, ...]
    left: int
    stricter: bool = False
    drawn: tuple[Principal, ...] = ()

    def are_many(self, groups: Collection[str] = ()) -> bool:
        """Tell whether the change is asked about; ``groups`` are the addresses of groups among the entries.

        A single person may lose access unasked; a group, a domain or an organization never.  Nobody knows who can meet
        a condition, so a stricter one counts as lost for everybody.  The file itself is never taken unasked either.
        """
        if self.stricter or self.drawn:
            return True
        wide = any(who.kind is not PrincipalKind.ADDRESS or who.value in groups for who in self.lost)
        return wide or are_many(len(self.lost), self.left)


def losses(before: Policy, after: Policy, now: int, *, unaffected: Collection[str] = ()) -> Losses:
    """Return who loses access by a change of policy; ``unaffected`` are addresses whose access it does not decide."""
    had, has = admitted(before, now), admitted(after, now)
    # A denied domain or organization shuts people out whom wider entries go on naming.
    shut = {who for who in set(after.deny) - set(before.deny) if who.kind is not PrincipalKind.ADDRESS}
    lost = (had - has) | (shut if had else frozenset())

    def decided(found: Iterable[Principal]) -> tuple[Principal, ...]:
        return tuple(
            sorted(who for who in found if who.kind is not PrincipalKind.ADDRESS or who.value not in unaffected)
        )

    return Losses(
        decided(lost),
        len(has),
        stricter=not had.isdisjoint(has) and is_stricter(before.conditions, after.conditions, now),
        drawn=decided(who for who in had & has if _gets_file(before, who) and not _gets_file(after, who)),
    )


def _gets_file(policy: Policy, who: Principal) -> bool:
    """Tell whether an entry gives the file itself, not only pages that the service draws."""
    given = frozenset[Right]().union(*(one.rights for one in policy.index[who]))
    return policy.enforcement is not Enforcement.VIEWER or may_remove_protection(given)


def admitted(policy: Policy, now: int) -> frozenset[Principal]:
    """Return the entries by which somebody gets in at this moment or later."""
    ends = (policy.expires, policy.conditions.not_after)
    opens = max(now, policy.conditions.not_before or now)
    if any(end is not None and end <= opens for end in ends):
        return frozenset()
    denied = set(policy.deny)
    return frozenset(
        who
        for who, grants in policy.index.items()
        if any(one.rights and one.lasts(opens) for one in grants) and not _denied(who, denied)
    )


def _denied(who: Principal, denied: Collection[Principal]) -> bool:
    if who in denied or any(one.kind is PrincipalKind.AUTHENTICATED for one in denied):
        return True
    return who.kind is PrincipalKind.ADDRESS and Principal(PrincipalKind.DOMAIN, who.value.partition("@")[2]) in denied


def is_stricter(before: Conditions, after: Conditions, now: int) -> bool:
    """Tell whether an opening has to meet more than before; that access ends some day is no such condition."""
    had, has = (replace(one, not_after=None, not_before=max(one.not_before or now, now)) for one in (before, after))
    return not at_least_as_strict(had, has)
