"""Whether one policy gives nobody more than another (docs/protocol.md P18): what an administrator by role may set.

The comparison is syntactic and errs on the safe side: a policy that in truth gives less may be judged as giving more,
never the other way round.
"""

from chancery.policy.policy import Conditions, Enforcement, Grant, Policy
from chancery.policy.rights import expand


def narrows(new: Policy, old: Policy) -> bool:
    """Tell whether ``new`` gives nobody a right, a later end or a weaker condition than ``old`` gives."""
    return (
        all(_gave(old, grant) for grants in new.index.values() for grant in grants)
        and set(new.deny) >= set(old.deny)
        and _earlier(new.expires, old.expires)
        and _earlier(new.expires_after_opening_days, old.expires_after_opening_days)
        and _shorter(new.offline_days, old.offline_days)
        and _earlier(new.lease, old.lease)
        and (new.enforcement is old.enforcement or new.enforcement is Enforcement.VIEWER)
        and (new.watermark or not old.watermark)
        and at_least_as_strict(new.conditions, old.conditions)
    )


def _gave(old: Policy, grant: Grant) -> bool:
    """Tell whether the same principal had the rights of a grant until its end at least."""
    known = (one for one in old.index.get(grant.who, ()) if _earlier(grant.until, one.until))
    return expand(grant.rights) <= expand(right for one in known for right in one.rights)


def _earlier(new: int | None, old: int | None) -> bool:
    """Compare two ends where None means never."""
    return old is None or (new is not None and new <= old)


def _shorter(new: int, old: int) -> bool:
    """Compare two offline rules where -1 means no limit of its own."""
    return old == -1 or (new != -1 and new <= old)


def at_least_as_strict(new: Conditions, old: Conditions) -> bool:
    """Tell whether nobody meets the new conditions who did not meet the old ones."""
    strength = old.strength is None or (new.strength is not None and new.strength.rank >= old.strength.rank)
    networks = not old.networks or (bool(new.networks) and set(new.networks) <= set(old.networks))
    times = not old.times or (bool(new.times) and set(new.times) <= set(old.times))
    platforms = not old.platforms or (bool(new.platforms) and new.platforms <= old.platforms)
    starts = old.not_before is None or (new.not_before is not None and new.not_before >= old.not_before)
    return (
        strength
        and networks
        and times
        and platforms
        and starts
        and _earlier(new.not_after, old.not_after)
        and (new.post_quantum or not old.post_quantum)
        and (new.account_required or not old.account_required)
        and new.enforced >= old.enforced
    )
