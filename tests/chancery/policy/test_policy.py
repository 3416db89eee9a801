"""Policies are read strictly: what is not understood is refused, because ignoring it could widen access."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chancery.errors import InvalidPolicy
from chancery.policy.days import LAST_MOMENT
from chancery.policy.policy import MAX_ENTRIES, Policy, Principal, PrincipalKind, parse_policy
from chancery.policy.rights import ALL_RIGHTS, LEVELS, Right, expand, level_of, parse_rights
from tests.chancery.policy import world

GRANT = {"who": "rita@fabrikam.example", "rights": ["VIEW"]}


@settings(max_examples=60, deadline=None)
@given(world.policies)
def test_the_json_form_means_the_same_policy(policy: Policy):
    assert parse_policy(json.loads(json.dumps(policy.as_json()))) == policy


REFUSED: list[dict[str, Any]] = [
    {"v": 2},
    {"v": "1"},
    {"grant": []},
    {"grants": {}},
    {"grants": ["rita@fabrikam.example"]},
    {"grants": [{"who": "rita@fabrikam.example"}]},
    {"grants": [{"rights": ["VIEW"]}]},
    {"grants": [GRANT | {"ends": 1}]},
    {"grants": [GRANT | {"until": -1}]},
    {"grants": [GRANT | {"until": LAST_MOMENT + 1}]},
    {"grants": [GRANT | {"until": True}]},
    {"grants": [GRANT | {"until": "2027-01-01"}]},
    {"grants": [GRANT | {"rights": []}]},
    {"grants": [GRANT | {"rights": ["VIEW", "FLY"]}]},
    {"grants": [GRANT | {"rights": "VIEW"}]},
    {"grants": [GRANT | {"rights": [1]}]},
    {"grants": [GRANT | {"who": ""}]},
    {"grants": [GRANT | {"who": "everybody"}]},
    {"grants": [GRANT | {"who": "user:rita"}]},
    {"grants": [GRANT | {"who": "rita@"}]},
    {"grants": [GRANT | {"who": "@fabrikam.example"}]},
    {"grants": [GRANT | {"who": "a b@fabrikam.example"}]},
    {"grants": [GRANT | {"who": "domain:"}]},
    {"grants": [GRANT | {"who": "domain:a b"}]},
    {"grants": [GRANT | {"who": "organization:contoso"}]},
    {"grants": [GRANT | {"who": "authenticated:all"}]},
    {"grants": [GRANT | {"who": "x" * 321}]},
    {"deny": "rita@fabrikam.example"},
    {"deny": [None]},
    {"expires": -1},
    {"expires": 1.5},
    {"expires": True},
    {"expires": "2027-01-01"},
    {"offline_days": -2},
    {"offline_days": 65_536},
    {"lease": 59},
    {"lease": 0},
    {"lease": 31 * 86_400},
    {"enforcement": "strict"},
    {"enforcement": None},
    {"conditions": []},
    {"conditions": {"country": "DE"}},
    {"conditions": {"strength": "strong"}},
    {"conditions": {"networks": ["192.0.2.1/24"]}},
    {"conditions": {"networks": ["here"]}},
    {"conditions": {"platforms": [1]}},
    {"conditions": {"not_before": "soon"}},
    {"conditions": {"post_quantum": 1}},
    {"conditions": {"account_required": "yes"}},
    {"grants": [GRANT] * MAX_ENTRIES, "deny": ["authenticated"]},
]


@pytest.mark.parametrize("document", REFUSED, ids=lambda document: str(document)[:50])
def test_what_is_not_understood_is_refused(document: dict[str, Any]):
    with pytest.raises(InvalidPolicy) as error:
        parse_policy(document)
    assert error.value.next_step


def test_nothing_at_all_is_the_policy_that_only_the_owner_opens():
    assert parse_policy({}) == Policy()


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Rita@Fabrikam.Example", PrincipalKind.ADDRESS, "rita@fabrikam.example"),
        ("address:STRASSE@Bücher.example", PrincipalKind.ADDRESS, "strasse@xn--bcher-kva.example"),
        ("first.last+tag@x.example", PrincipalKind.ADDRESS, "first.last+tag@x.example"),
        ("domain:BÜCHER.example.", PrincipalKind.DOMAIN, "xn--bcher-kva.example"),
        (
            "organization:000000C0-0000-0000-0000-000000000000",
            PrincipalKind.ORGANIZATION,
            "000000c0-0000-0000-0000-000000000000",
        ),
        ("authenticated", PrincipalKind.AUTHENTICATED, ""),
    ],
)
def test_a_principal_has_one_spelling(text: str, kind: PrincipalKind, value: str):
    parsed = Principal.parse(text)
    assert parsed == Principal(kind, value)
    assert Principal.parse(str(parsed)) == parsed


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_principal_or_refused(text: str):
    try:
        parsed = Principal.parse(text)
    except InvalidPolicy:
        return
    assert Principal.parse(str(parsed)) == parsed


def test_rights_are_read_in_any_case_and_levels_are_their_sets():
    assert parse_rights(["view", "Print"]) == {Right.VIEW, Right.PRINT}
    assert parse_rights(["Viewer", "PRINT"]) == LEVELS["viewer"] | {Right.PRINT}
    assert expand({Right.OWNER}) == ALL_RIGHTS
    assert all(level_of(rights) == name for name, rights in LEVELS.items())
    assert level_of(frozenset({Right.OWNER})) == "co-owner"
    assert level_of(frozenset({Right.VIEW})) is None
