"""Differences between policies: complete, empty for equal ones, and each the mirror of the way back."""

from dataclasses import replace

from hypothesis import given

from chancery.policy.difference import Difference, differences
from chancery.policy.policy import Conditions, Enforcement, Policy, Strength
from tests.chancery.policy.world import RITA_ADDRESS, granting, policies, to, who

TO_RITA = granting((RITA_ADDRESS, "VIEW"))


def test_one_right_more_is_one_difference():
    more = granting((RITA_ADDRESS, "PRINT"), (RITA_ADDRESS, "VIEW"))
    assert differences(TO_RITA, more) == (Difference("grants", ["VIEW"], ["VIEW", "PRINT"], f"address:{RITA_ADDRESS}"),)


def test_an_end_is_named_and_several_ends_are_a_list():
    ending = replace(TO_RITA, grants=(to(RITA_ADDRESS, "VIEW", 9),))
    both = replace(TO_RITA, grants=(to(RITA_ADDRESS, "VIEW,PRINT", 9), *TO_RITA.grants))
    entry = f"address:{RITA_ADDRESS}"
    value = {"rights": ["VIEW"], "until": 9}
    assert differences(TO_RITA, ending) == (Difference("grants", ["VIEW"], value, entry),)
    values = [{"rights": ["VIEW"], "until": None}, {"rights": ["PRINT"], "until": 9}]
    assert differences(ending, both) == (Difference("grants", value, values, entry),)
    repeated = replace(both, grants=(*both.grants, to(RITA_ADDRESS, "VIEW", 5)))
    assert differences(both, repeated) == (), "what lasts longer anyway says nothing new"


def test_entries_come_and_go():
    other = replace(granting(("max@contoso.example", "EDIT")), deny=(who("domain:rival.example"),))
    assert differences(TO_RITA, other) == (
        Difference("grants", None, ["EDIT"], "address:max@contoso.example"),
        Difference("grants", ["VIEW"], None, f"address:{RITA_ADDRESS}"),
        Difference("deny", None, True, "domain:rival.example"),
    )


def test_every_other_member_is_compared():
    changed = replace(
        TO_RITA,
        expires=7,
        offline_days=0,
        lease=60,
        enforcement=Enforcement.VIEWER,
        conditions=Conditions(
            strength=Strength.MFA,
            networks=("192.0.2.0/24",),
            platforms=frozenset({"linux"}),
            not_before=1,
            not_after=2,
            post_quantum=True,
            account_required=True,
        ),
    )
    assert {one.member for one in differences(TO_RITA, changed)} == {
        "expires",
        "offline_days",
        "lease",
        "enforcement",
        "conditions.strength",
        "conditions.networks",
        "conditions.platforms",
        "conditions.not_before",
        "conditions.not_after",
        "conditions.post_quantum",
        "conditions.account_required",
    }


@given(policies, policies)
def test_two_policies_differ_exactly_when_something_is_said_to(one: Policy, other: Policy):
    same = (one.index, set(one.deny), replace(one, grants=(), deny=())) == (
        other.index,
        set(other.deny),
        replace(other, grants=(), deny=()),
    )
    assert (differences(one, other) == ()) is same


@given(policies, policies)
def test_the_way_back_is_the_mirror(one: Policy, other: Policy):
    there = {(found.member, found.who, repr(found.before), repr(found.after)) for found in differences(one, other)}
    back = {(found.member, found.who, repr(found.after), repr(found.before)) for found in differences(other, one)}
    assert there == back
