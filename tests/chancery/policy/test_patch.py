"""Patches of policies: what is not named stays, null removes, and nonsense is refused."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from chancery.errors import InvalidPolicy
from chancery.policy.difference import differences
from chancery.policy.patch import patched
from chancery.policy.policy import Conditions, Policy, Strength
from tests.chancery.policy.world import RITA_ADDRESS, granting, policies, to, who

MAX_ADDRESS = "max@contoso.example"
TO_BOTH = granting((RITA_ADDRESS, "VIEW"), (MAX_ADDRESS, "VIEW,EDIT"))


def test_one_right_more_for_one_person():
    made = patched(TO_BOTH, {"grants": {RITA_ADDRESS: ["VIEW", "PRINT"]}})
    assert made.index == {**TO_BOTH.index, who(RITA_ADDRESS): (to(RITA_ADDRESS, "VIEW,PRINT"),)}


def test_an_end_for_one_person_which_goes_when_only_rights_are_named():
    ending = patched(TO_BOTH, {"grants": {RITA_ADDRESS: {"rights": ["VIEW"], "until": 9}}})
    assert set(ending.grants) == {to(RITA_ADDRESS, "VIEW", 9), to(MAX_ADDRESS, "VIEW,EDIT")}
    assert patched(ending, {"grants": {MAX_ADDRESS: ["VIEW"]}}).ends == {9}
    assert patched(ending, {"grants": {RITA_ADDRESS: ["VIEW"]}}).ends == frozenset()


def test_one_person_less():
    made = patched(TO_BOTH, {"grants": {RITA_ADDRESS.upper(): None}})
    assert set(made.index) == {who(MAX_ADDRESS)}


def test_everybody_less():
    assert patched(TO_BOTH, {"grants": None}) == Policy()


def test_deny_entries_come_and_go():
    made = patched(TO_BOTH, {"deny": {"domain:rival.example": True}})
    assert made == replace(TO_BOTH, deny=(who("domain:rival.example"),))
    assert patched(made, {"deny": {"domain:rival.example": None}}) == TO_BOTH


def test_other_members_one_by_one():
    strict = replace(TO_BOTH, conditions=Conditions(strength=Strength.MFA, platforms=frozenset({"linux"})), lease=60)
    made = patched(strict, {"offline_days": 0, "lease": None, "conditions": {"strength": None, "not_after": 9}})
    platforms = Conditions(platforms=frozenset({"linux"}), not_after=9)
    assert made == replace(TO_BOTH, offline_days=0, conditions=platforms)
    assert patched(strict, {"conditions": None}) == replace(strict, conditions=Conditions())


NONSENSE: list[dict[str, Any]] = [
    {"grant": {}},
    {"grants": []},
    {"grants": {"rita": ["VIEW"]}},
    {"grants": {RITA_ADDRESS: []}},
    {"grants": {RITA_ADDRESS: {"until": 9}}},
    {"grants": {RITA_ADDRESS: [{"rights": ["VIEW"]}, "PRINT"]}},
    {"grants": {RITA_ADDRESS: ["FLY"]}},
    {"grants": {RITA_ADDRESS: "VIEW"}},
    {"deny": {"domain:rival.example": False}},
    {"deny": ["domain:rival.example"]},
    {"conditions": {"weather": "dry"}},
    {"offline_days": "7"},
    {"v": 2},
]


@pytest.mark.parametrize("patch", NONSENSE)
def test_nonsense_is_refused(patch: dict[str, Any]):
    with pytest.raises(InvalidPolicy):
        patched(TO_BOTH, patch)


@given(policies)
def test_an_empty_patch_changes_nothing(policy: Policy):
    made = patched(policy, {})
    assert made == policy


@given(policies, policies)
def test_any_policy_can_be_reached_by_a_patch(one: Policy, other: Policy):
    wanted = {"expires_after_opening_days": None, **other.as_json()}
    grants = {found.who: found.after for found in differences(one, other) if found.member == "grants"}
    deny = {str(principal): True if principal in other.deny else None for principal in (*one.deny, *other.deny)}
    conditions = other.conditions.as_json()
    gone = {name: None for name in one.conditions.as_json() if name not in conditions}
    made = patched(
        one,
        {**wanted, "grants": grants, "deny": deny, "conditions": {**gone, **conditions}},
    )
    assert (made.index, set(made.deny)) == (other.index, set(other.deny))
    assert replace(made, grants=(), deny=()) == replace(other, grants=(), deny=())
