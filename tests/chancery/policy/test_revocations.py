"""Whom a revocation reaches: domains, organizations, and what was set to end at a moment (promises C88, C91)."""

import pytest

from chancery.policy.case import Allow, Decision, Deny
from chancery.policy.explain import Facts, explain
from chancery.policy.policy import Policy
from chancery.policy.reasons import Reason
from chancery.policy.revocations import EVERYBODY, ScheduledRevocation
from chancery.policy.rights import Right
from chancery.policy.subject import Subject
from tests.chancery.policy.deciding import GUEST, IN_TEAM, ISSUER, OUTSIDER, OWNER, decide, rita
from tests.chancery.policy.world import (
    CONTOSO,
    FABRIKAM,
    NOW,
    ORGANIZATION,
    RITA,
    RITA_ADDRESS,
    RITA_AT_WORK,
    TEAM,
    content,
    granting,
)

DOMAIN = RITA_ADDRESS.rpartition("@")[2]
ANYBODY = granting(("authenticated", "VIEW"), (RITA_ADDRESS, "VIEW"))
LATER = NOW + 600


def reason(decision: Decision) -> Reason | None:
    return decision.reason if isinstance(decision, Deny) else None


@pytest.mark.parametrize(
    ("name", "subject", "expected"),
    [
        (f"domain:{DOMAIN}", RITA_AT_WORK, Reason.REVOKED_FOR_YOU),
        (f"domain:{DOMAIN}", OUTSIDER, Reason.REVOKED_FOR_YOU),
        ("domain:elsewhere.example", RITA_AT_WORK, None),
        (f"domain:sub.{DOMAIN}", RITA_AT_WORK, None),
        (f"organization:{FABRIKAM}", RITA_AT_WORK, Reason.REVOKED_FOR_YOU),
        (f"organization:{CONTOSO}", GUEST, Reason.REVOKED_FOR_YOU),
        (f"organization:{CONTOSO}", RITA_AT_WORK, None),
        (TEAM.address, IN_TEAM, Reason.REVOKED_FOR_YOU),
        (f"domain:{DOMAIN}", ISSUER, None),
    ],
)
def test_a_domain_and_an_organization_are_revoked_like_a_person(
    name: str, subject: Subject, expected: Reason | None
) -> None:
    assert reason(decide(ANYBODY, subject, document={"revoked_addresses": frozenset({name})})) is expected
    scheduled = (ScheduledRevocation(NOW, name),)
    assert reason(decide(ANYBODY, subject, document={"scheduled": scheduled})) is expected
    ending = decide(ANYBODY, subject, document={"scheduled": (ScheduledRevocation(LATER, name),)})
    assert isinstance(ending, Allow)
    assert (ending.offline_until <= LATER) == (expected is not None or ending.offline_until == NOW)


@pytest.mark.parametrize(
    ("subject", "one", "ends", "then"),
    [
        (RITA_AT_WORK, ScheduledRevocation(LATER), LATER, Reason.REVOKED),
        (OWNER, ScheduledRevocation(LATER), LATER, Reason.REVOKED),
        (ISSUER, ScheduledRevocation(LATER), None, None),
        (ISSUER, ScheduledRevocation(LATER, issuer_too=True), LATER, Reason.ISSUER_BLOCKED),
        (RITA_AT_WORK, ScheduledRevocation(LATER, "former@fabrikam.example", RITA), LATER, Reason.REVOKED_FOR_YOU),
        (rita(), ScheduledRevocation(LATER, "max@contoso.example"), None, None),
    ],
)
def test_no_license_outlives_the_moment_that_was_set(
    subject: Subject, one: ScheduledRevocation, ends: int | None, then: Reason | None
) -> None:
    now = decide(ANYBODY, subject, document={"scheduled": (one,)})
    assert isinstance(now, Allow)
    free = decide(ANYBODY, subject)
    assert isinstance(free, Allow)
    expected = free.offline_until if ends is None else min(free.offline_until, ends)
    assert (now.offline_until, now.expires) == (expected, expected)
    due = ScheduledRevocation(NOW, one.name, one.identity, one.issuer_too)
    assert reason(decide(ANYBODY, subject, document={"scheduled": (due,)})) is then


def test_an_online_license_ends_with_the_moment_too() -> None:
    policy = Policy(grants=ANYBODY.grants, offline_days=0)
    soon = decide(policy, document={"scheduled": (ScheduledRevocation(NOW + 10),)})
    assert isinstance(soon, Allow)
    assert (soon.expires, soon.offline_until) == (NOW + 10, NOW)


def test_the_explanation_takes_due_revocations_away_one_after_another() -> None:
    due = (ScheduledRevocation(NOW, EVERYBODY), ScheduledRevocation(NOW, RITA_ADDRESS))
    facts = Facts(ORGANIZATION, content(ANYBODY, scheduled=due), RITA_AT_WORK)
    found = explain(facts, Right.VIEW, now=NOW)
    assert [one.reason for one in found.blockers] == [Reason.REVOKED, Reason.REVOKED_FOR_YOU]
    assert [one.rights for one in found.contributions], "what would give access is named beside"
    shut = explain(Facts(ORGANIZATION, content(ANYBODY, issuer_blocked=True), ISSUER), Right.VIEW, now=NOW)
    assert [one.reason for one in shut.blockers] == [Reason.ISSUER_BLOCKED]
