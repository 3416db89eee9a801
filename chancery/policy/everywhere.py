"""One entry replaced, added or removed in a policy, as it is done in many policies at once."""

from dataclasses import replace

from chancery.policy.policy import Grant, Policy, Principal


def without(policy: Policy, who: Principal) -> Policy:
    """Return the policy without what it grants to an entry; what it denies to it stays."""
    return replace(policy, grants=tuple(grant for grant in policy.grants if grant.who != who))


def with_grant(policy: Policy, grant: Grant) -> Policy:
    """Return the policy with a grant added to what it has; what an entry had already unites with it."""
    return policy if grant in policy.grants else replace(policy, grants=(*policy.grants, grant))


def replaced(policy: Policy, who: Principal, to: Principal) -> Policy:
    """Return the policy in which another entry has what one had, each grant with its end, at the same place."""
    grants = tuple(replace(grant, who=to) if grant.who == who else grant for grant in policy.grants)
    return replace(policy, grants=tuple(dict.fromkeys(grants)))
