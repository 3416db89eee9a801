"""When a license and access end: the earliest limit of each right, the last grant of it (docs/protocol.md P19)."""

from dataclasses import replace
from functools import partial

import pytest

from chancery.policy.case import (
    Allow,
    Deny,
    PersonalGrant,
)
from chancery.policy.evaluate import access_ends
from chancery.policy.named import ONLINE_SECONDS, SHORT_SECONDS
from chancery.policy.policy import Conditions
from chancery.policy.reasons import Reason
from chancery.policy.rights import Right
from tests.chancery.policy.deciding import IN_TEAM, OUTSIDER, TO_PRINT, TO_RITA, Asked, case, decide
from tests.chancery.policy.world import (
    DAY,
    MAX,
    NOW,
    ORGANIZATION,
    RITA,
    RITA_ADDRESS,
    RITA_AT_WORK,
    TEAM,
    content,
    granting,
)

TO_TEAM = granting((TEAM.address, "VIEW"))
ENDS: dict[str, tuple[Asked, int, int]] = {
    "the organization's days": (case(), 30 * DAY, 30 * DAY),
    "shorter days of the policy": (case(replace(TO_RITA, offline_days=7)), 7 * DAY, 7 * DAY),
    "longer days of the policy": (case(replace(TO_RITA, offline_days=365)), 30 * DAY, 30 * DAY),
    "the content's end": (case(replace(TO_RITA, expires=NOW + 90)), 90, 90),
    "the end of the window": (
        case(replace(TO_RITA, conditions=Conditions(not_after=NOW + 80))),
        80,
        80,
    ),
    "the organization's window": (
        case(organization={"conditions": Conditions(not_after=NOW + 70)}),
        70,
        70,
    ),
    "a personal grant": (case(document={"personal": (PersonalGrant(RITA, RITA_ADDRESS, TO_PRINT, NOW + 50),)}), 50, 50),
    "a personal grant of what does not end": (
        case(
            granting((RITA_ADDRESS, "VIEW,PRINT")),
            document={"personal": (PersonalGrant(RITA, "", TO_PRINT, NOW + 50),)},
        ),
        30 * DAY,
        30 * DAY,
    ),
    "the word of a home that they are in a group": (
        case(TO_TEAM, replace(RITA_AT_WORK, groups=(replace(TEAM, until=NOW + 45),))),
        45,
        45,
    ),
    "the earlier end of a grant to a group of a home": (
        case(
            granting((TEAM.address, "VIEW", NOW + 20)),
            replace(RITA_AT_WORK, groups=(replace(TEAM, until=NOW + 45),)),
        ),
        20,
        20,
    ),
    "the grant's end": (case(granting((RITA_ADDRESS, "VIEW", NOW + 40))), 40, 40),
    "the grant's end, of a license per opening": (
        case(granting((RITA_ADDRESS, "VIEW", NOW + 6), offline_days=0)),
        0,
        6,
    ),
    "the grant's end, for an outsider": (case(granting((RITA_ADDRESS, "VIEW", NOW + 6)), OUTSIDER), 0, 6),
    "the first right that ends": (
        case(granting((RITA_ADDRESS, "VIEW"), (TEAM.address, "PRINT", NOW + 40), ("authenticated", "PRINT", NOW + 30))),
        30,
        30,
    ),
    "the last end of a right that is given twice": (
        case(granting(("domain:fabrikam.example", "VIEW", NOW + 40), (RITA_ADDRESS, "VIEW", NOW + 30))),
        40,
        40,
    ),
    "an end of what does not end elsewhere": (
        case(granting((RITA_ADDRESS, "VIEW", NOW + 40), ("authenticated", "OWNER"))),
        30 * DAY,
        30 * DAY,
    ),
    "somebody else's personal grant": (
        case(document={"personal": (PersonalGrant(MAX, RITA_ADDRESS, TO_PRINT, NOW + 50),)}),
        30 * DAY,
        30 * DAY,
    ),
    "a license per opening": (case(replace(TO_RITA, offline_days=0)), 0, ONLINE_SECONDS),
    "a license per opening, near the end": (
        case(replace(TO_RITA, offline_days=0, expires=NOW + 9)),
        0,
        9,
    ),
    "a license per opening, near the window's end": (
        case(replace(TO_RITA, offline_days=0, conditions=Conditions(not_after=NOW + 7))),
        0,
        7,
    ),
    "an outsider": (case(TO_RITA, OUTSIDER), 0, SHORT_SECONDS),
    "an outsider near the end of their hour": (case(TO_RITA, replace(OUTSIDER, session_ends=NOW + 9)), 0, 9),
    "the organization allows nothing offline": (
        case(organization={"max_license_days": 0}),
        0,
        ONLINE_SECONDS,
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_earliest_of_all_limits_counts(name: str):
    make, offline, expires = ENDS[name]
    decision = make()
    assert isinstance(decision, Allow)
    assert (decision.offline_until - NOW, decision.expires - NOW) == (offline, expires)


@pytest.mark.parametrize(
    ("until", "given"),
    [(None, {Right.VIEW, Right.PRINT}), (NOW + 1, {Right.VIEW, Right.PRINT}), (NOW, {Right.VIEW}), (0, {Right.VIEW})],
)
def test_a_personal_grant_adds_to_the_policy_until_its_end(until: int | None, given: set[Right]):
    decision = decide(document={"personal": (PersonalGrant(RITA, RITA_ADDRESS, TO_PRINT, until),)})
    assert isinstance(decision, Allow)
    assert decision.rights == given


@pytest.mark.parametrize("entry", [RITA_ADDRESS, TEAM.address, "domain:fabrikam.example", "authenticated"])
def test_a_grant_gives_something_until_the_second_before_its_end(entry: str):
    for until, expected in ((NOW + 1, {Right.VIEW}), (NOW, None), (0, None)):
        decision = decide(granting((entry, "VIEW", until)), IN_TEAM)
        if expected is None:
            assert decision == Deny(Reason.GRANT_ENDED)
        else:
            assert isinstance(decision, Allow)
            assert decision.rights == expected
            assert decision.expires == until


def test_access_ends_with_the_last_grant_and_the_policy_s_end():
    ends = partial(access_ends, organization=ORGANIZATION, subject=RITA_AT_WORK, now=NOW)
    given = granting((RITA_ADDRESS, "VIEW", NOW + 10), ("authenticated", "PRINT", NOW + 20), (TEAM.address, "VIEW"))
    mine = PersonalGrant(RITA, RITA_ADDRESS, TO_PRINT, NOW + 30)
    assert ends(content=content(given)) == NOW + 20
    assert ends(content=content(given, personal=(mine,))) == NOW + 30
    assert ends(content=content(replace(given, expires=NOW + 25), personal=(mine,))) == NOW + 25
    assert ends(content=content(TO_RITA, personal=(mine,))) is None
