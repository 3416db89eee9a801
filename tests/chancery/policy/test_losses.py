"""Who loses access by another policy, and when that is asked about: one person never, the last one and many always."""

from typing import Any

import pytest

from chancery.policy.losses import MANY, losses
from chancery.policy.policy import Enforcement, Grant, Policy, Principal, parse_policy
from chancery.policy.rights import Right

NOW = 1_800_000_000
RITA, MAX = "address:rita@fabrikam.example", "address:max@contoso.example"
PEOPLE = [f"address:p{number}@contoso.example" for number in range(MANY + 6)]
FABRIKAM = "domain:fabrikam.example"


def policy(*who: str, deny: tuple[str, ...] = (), until: int | None = None, **more: Any) -> Policy:
    grants = [{"who": one, "rights": ["VIEW"], "until": until} for one in who]
    return parse_policy({"grants": grants, "deny": list(deny), **more})


@pytest.mark.parametrize(
    ("before", "after", "lost", "asked"),
    [
        (policy(RITA, MAX), policy(RITA, MAX), 0, False),
        (policy(RITA, MAX), policy(RITA), 1, False),
        (policy(RITA), policy(MAX), 1, False),
        (policy(RITA), policy(), 1, True),
        (policy(), policy(), 0, False),
        (policy(*PEOPLE[:3]), policy(PEOPLE[0]), 2, True),
        (policy(*PEOPLE[:5]), policy(*PEOPLE[:3]), 2, False),
        (policy(*PEOPLE), policy(*PEOPLE[MANY:]), MANY, True),
        (policy(*PEOPLE), policy(*PEOPLE[MANY - 1 :]), MANY - 1, False),
        (policy(RITA, MAX, FABRIKAM), policy(RITA, MAX), 1, True),
        (policy(RITA, MAX, expires=NOW + 10), policy(RITA, MAX, expires=NOW - 10), 2, True),
        (policy(RITA, MAX, expires=NOW + 10), policy(RITA, MAX, expires=NOW + 5), 0, False),
        (policy(RITA, MAX, expires=NOW - 10), policy(), 0, False),
        (policy(RITA, MAX, until=NOW + 10), policy(RITA, MAX, until=NOW), 2, True),
        (policy(RITA, MAX), policy(RITA, MAX, until=NOW + 1), 0, False),
        (policy(RITA, until=NOW), policy(), 0, False),
        (policy(RITA), policy(RITA, conditions={"not_after": NOW - 1}), 1, True),
        (policy(RITA, MAX), policy(RITA, MAX, deny=(RITA,)), 1, False),
        (policy(RITA, MAX), policy(RITA, MAX, deny=(FABRIKAM,)), 2, True),
        (policy(RITA, MAX), policy(RITA, MAX, deny=("authenticated",)), 3, True),
    ],
)
def test_losses(before: Policy, after: Policy, lost: int, asked: bool) -> None:
    found = losses(before, after, NOW)
    assert (len(found.lost), found.are_many()) == (lost, asked)


def test_a_group_is_never_taken_out_unasked_and_what_the_policy_does_not_decide_is_not_counted() -> None:
    found = losses(policy(RITA, MAX, *PEOPLE), policy(MAX, *PEOPLE), NOW)
    assert not found.are_many()
    assert found.are_many(groups={"rita@fabrikam.example"})
    assert losses(policy(RITA), policy(), NOW, unaffected={"rita@fabrikam.example"}).lost == ()


@pytest.mark.parametrize(
    ("before", "after", "asked"),
    [
        ({}, {"networks": ["192.0.2.1/32"]}, True),
        ({"networks": ["192.0.2.0/24"]}, {"networks": ["192.0.2.0/24", "10.0.0.0/8"]}, False),
        ({"networks": ["192.0.2.0/24", "2001:db8::/32"]}, {"networks": ["192.0.2.0/24"]}, True),
        ({"networks": ["192.0.2.0/24"]}, {}, False),
        ({}, {"strength": "passkey"}, True),
        ({"strength": "passkey"}, {"strength": "mfa"}, False),
        ({}, {"platforms": ["windows"]}, True),
        ({"platforms": ["windows"]}, {"platforms": ["windows", "linux"]}, False),
        ({"platforms": ["windows", "linux"]}, {"platforms": ["windows"]}, True),
        ({}, {"post_quantum": True}, True),
        ({"post_quantum": True}, {"post_quantum": True}, False),
        ({}, {"account_required": True}, True),
        ({"account_required": True}, {}, False),
        ({}, {"enforced": ["PRINT"]}, True),
        ({"enforced": ["PRINT"]}, {}, False),
        ({}, {"not_before": NOW + 10}, True),
        ({}, {"not_before": NOW - 10}, False),
        ({"not_before": NOW + 10}, {"not_before": NOW + 10}, False),
        ({}, {"not_after": NOW + 10}, False),
        ({}, {"not_before": NOW + 20, "not_after": NOW + 10}, True),
    ],
)
def test_a_condition_that_became_stricter_is_asked_about(
    before: dict[str, Any], after: dict[str, Any], *, asked: bool
) -> None:
    """Nobody knows who can meet it, so a condition that nobody meets would shut out everybody unasked."""
    found = losses(policy(RITA, MAX, conditions=before), policy(RITA, MAX, conditions=after), NOW)
    assert found.are_many() == asked
    assert not losses(policy(), policy(conditions=after), NOW).are_many(), "nobody is there to lose anything"


@pytest.mark.parametrize(
    ("before", "after", "rights", "drawn"),
    [
        (Enforcement.CLIENT, Enforcement.VIEWER, {Right.VIEW, Right.EDIT}, True),
        (Enforcement.CLIENT, Enforcement.VIEWER, {Right.VIEW, Right.EXPORT}, False),
        (Enforcement.VIEWER, Enforcement.VIEWER, {Right.VIEW}, False),
        (Enforcement.VIEWER, Enforcement.CLIENT, {Right.VIEW}, False),
    ],
)
def test_the_file_itself_is_taken_by_viewer_only_from_everybody_who_may_not_export(
    before: Enforcement, after: Enforcement, rights: set[Right], *, drawn: bool
) -> None:
    grants = (Grant(Principal.parse("rita@fabrikam.example"), frozenset(rights)),)
    found = losses(Policy(grants=grants, enforcement=before), Policy(grants=grants, enforcement=after), NOW)
    assert (bool(found.drawn), found.are_many()) == (drawn, drawn)
