"""One entry replaced, added or removed in a policy: what the others have stays (one person everywhere)."""

from hypothesis import given

from chancery.policy.everywhere import replaced, with_grant, without
from chancery.policy.narrowing import narrows
from chancery.policy.policy import Grant, Policy, Principal
from chancery.policy.rights import Right
from tests.chancery.policy.world import policies

RITA, MAX = Principal.of_address("rita@fabrikam.example"), Principal.of_address("max@contoso.example")
VIEW, PRINT = frozenset({Right.VIEW}), frozenset({Right.VIEW, Right.PRINT})


def test_who_comes_in_has_what_the_other_had_with_its_ends() -> None:
    policy = Policy(grants=(Grant(RITA, VIEW, 100), Grant(RITA, PRINT), Grant(MAX, VIEW)), deny=(RITA,), expires=900)
    after = replaced(policy, RITA, MAX)
    assert after.grants == (Grant(MAX, VIEW, 100), Grant(MAX, PRINT), Grant(MAX, VIEW))
    assert (after.deny, after.expires) == (policy.deny, policy.expires), "a deny entry stays"
    assert without(policy, RITA).grants == (Grant(MAX, VIEW),)
    assert with_grant(policy, Grant(MAX, VIEW)) is policy
    assert with_grant(policy, Grant(MAX, PRINT)).grants[-1] == Grant(MAX, PRINT)


@given(policies)
def test_removing_only_narrows_and_keeps_everybody_else(policy: Policy) -> None:
    for who in policy.index:
        after = without(policy, who)
        assert narrows(after, policy)
        assert dict(after.index) == {one: grants for one, grants in policy.index.items() if one != who}
