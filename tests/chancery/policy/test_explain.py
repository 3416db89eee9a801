"""An explanation says what the decision says, names every blocker, and says what would give access."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from chancery.policy.case import Allow, Basis, Case, ContentFacts, Deny, OrganizationFacts, PersonalGrant, Request
from chancery.policy.evaluate import evaluate
from chancery.policy.explain import Blocker, Contribution, Explanation, Facts, explain
from chancery.policy.policy import Conditions, Policy, Strength
from chancery.policy.reasons import Reason
from chancery.policy.rights import ALL_RIGHTS, Right, expand
from chancery.policy.subject import Subject
from tests.chancery.policy import world
from tests.chancery.policy.world import (
    NOW,
    OLGA,
    ORGANIZATION,
    RITA,
    RITA_ADDRESS,
    RITA_AT_WORK,
    TEAM,
    content,
    granting,
    to,
    who,
)

often = settings(max_examples=100, deadline=None)
TO_RITA = granting((RITA_ADDRESS, "VIEW"))


def why(policy: Policy | None, right: Right, subject: Subject = RITA_AT_WORK, **document: object) -> Explanation:
    return explain(Facts(ORGANIZATION, content(policy, **document), subject), right, now=NOW)


def test_what_gives_it_is_named() -> None:
    in_team = replace(RITA_AT_WORK, groups=(TEAM,))
    found = why(granting((RITA_ADDRESS, "VIEW"), (TEAM.address, "VIEW,EDIT")), Right.EDIT, in_team)
    assert (found.allowed, found.basis) == (True, Basis.GRANT)
    assert found.contributions == (
        Contribution(who(RITA_ADDRESS), frozenset({Right.VIEW})),
        Contribution(who(TEAM.address), frozenset({Right.VIEW, Right.EDIT}), TEAM.id),
    )


def test_a_right_that_no_entry_gives() -> None:
    found = why(TO_RITA, Right.PRINT)
    assert isinstance(found.decision, Allow)
    assert found.blockers == (Blocker(Reason.NOT_GRANTED),)
    assert found.contributions == (Contribution(who(RITA_ADDRESS), frozenset({Right.VIEW})),)


def test_every_obstacle_is_named_in_the_order_of_the_steps() -> None:
    closed = replace(
        TO_RITA,
        expires=NOW - 1,
        deny=(who("domain:fabrikam.example"), who(RITA_ADDRESS)),
        conditions=Conditions(strength=Strength.PASSKEY),
    )
    found = why(closed, Right.VIEW, revoked=True)
    assert [blocker.reason for blocker in found.blockers] == [
        Reason.REVOKED,
        Reason.EXPIRED,
        Reason.DENIED_BY_ENTRY,
        Reason.DENIED_BY_ENTRY,
        Reason.CONDITION_UNMET,
    ]
    assert [blocker.entry for blocker in found.blockers[2:4]] == list(closed.deny)
    assert found.blockers[4].detail == "Sign in with passkey."
    assert [one.who for one in found.contributions] == [who(RITA_ADDRESS)]


def test_access_granted_beside_the_policy_is_shown_as_such() -> None:
    mine = PersonalGrant(RITA, RITA_ADDRESS, frozenset({Right.VIEW, Right.PRINT}), NOW + 60)
    found = why(TO_RITA, Right.PRINT, personal=(mine,))
    assert found.allowed
    assert found.contributions == (
        Contribution(who(RITA_ADDRESS), frozenset({Right.VIEW})),
        Contribution(who(RITA_ADDRESS), mine.rights, personal=True, until=NOW + 60),
    )


def test_what_has_ended_is_named_with_its_end() -> None:
    ended = Contribution(who(RITA_ADDRESS), frozenset({Right.PRINT}), until=NOW)
    found = why(replace(TO_RITA, grants=(*TO_RITA.grants, to(RITA_ADDRESS, "VIEW,PRINT", NOW))), Right.PRINT)
    assert (found.blockers, found.ended) == ((Blocker(Reason.GRANT_ENDED),), (ended,))
    mine = PersonalGrant(RITA, RITA_ADDRESS, frozenset({Right.VIEW}), NOW - 60)
    found = why(granting((RITA_ADDRESS, "PRINT", NOW)), Right.VIEW, personal=(mine,))
    assert found.blockers == (Blocker(Reason.GRANT_ENDED),)
    assert found.ended == (ended, Contribution(who(RITA_ADDRESS), mine.rights, personal=True, until=NOW - 60))


def test_the_issuer_s_rights_rest_on_being_the_issuer() -> None:
    found = why(Policy(), Right.PRINT, replace(RITA_AT_WORK, person=OLGA))
    assert (found.allowed, found.basis, found.contributions) == (True, Basis.ISSUER, ())


@often
@given(world.organizations, world.contents, world.subjects, world.requests, st.sampled_from(Right))
def test_an_explanation_never_says_something_else_than_the_decision(
    organization: OrganizationFacts, document: ContentFacts, subject: Subject, request: Request, right: Right
) -> None:
    decision = evaluate(Case(organization=organization, content=document, subject=subject, request=request, now=NOW))
    found = explain(Facts(organization, document, subject, request), right, now=NOW)
    assert found.decision == decision
    assert found.allowed == (isinstance(decision, Allow) and right in decision.rights)
    if isinstance(decision, Deny):
        assert found.blockers[0] == Blocker(decision.reason, decision.detail, decision.entry)
    by_entries = frozenset(given for one in found.contributions for given in one.rights)
    if found.basis is Basis.GRANT:
        hopeless = found.blockers[-1:] in {(Blocker(Reason.NOT_GRANTED),), (Blocker(Reason.GRANT_ENDED),)}
        assert (right in expand(by_entries)) is not hopeless
    elif found.basis is not None:
        assert found.contributions == ()
        assert right in ALL_RIGHTS
