"""What holds for every decision, whatever the policy, the person and the moment."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from chancery.policy.case import (
    Allow,
    Basis,
    Case,
    ContentFacts,
    Decision,
    Deny,
    OrganizationFacts,
    PersonalGrant,
    ReadPermission,
    Request,
)
from chancery.policy.evaluate import NOBODY, as_disclosed, evaluate
from chancery.policy.named import SHORT_SECONDS
from chancery.policy.narrowing import narrows
from chancery.policy.policy import Conditions, Enforcement, Grant, Policy, Principal, PrincipalKind
from chancery.policy.reasons import Reason
from chancery.policy.rights import ALL_RIGHTS, READING, Right, expand
from chancery.policy.subject import Subject
from tests.chancery.policy import world
from tests.chancery.policy.world import DAY, NOW, ORGANIZATION, content

often = settings(max_examples=40, deadline=None)


def decide(policy: Policy, subject: Subject, **more: object) -> Decision:
    """Decide for somebody whom nothing but the policy concerns."""
    return evaluate(
        Case(organization=ORGANIZATION, content=content(policy, **more), subject=subject, request=Request(), now=NOW)
    )


def rights_at(
    moment: int, organization: OrganizationFacts, document: ContentFacts, subject: Subject, request: Request
) -> frozenset[Right]:
    """Return the rights that the same case gives at another moment, for somebody who has opened it now."""
    if document.first_opened is None:
        document = replace(document, first_opened=NOW)
    decision = evaluate(Case(organization, document, subject, request, max(moment, NOW)))
    return decision.rights if isinstance(decision, Allow) else frozenset()


@often
@given(world.organizations, world.contents, world.subjects, world.requests)
def test_every_input_is_decided_and_no_license_outlives_its_limits(
    organization: OrganizationFacts, document: ContentFacts, subject: Subject, request: Request
):
    decision = evaluate(Case(organization=organization, content=document, subject=subject, request=request, now=NOW))
    if isinstance(decision, Deny):
        assert decision.reason in Reason
        return
    assert decision.rights
    assert NOW <= decision.offline_until <= NOW + organization.max_license_days * DAY
    assert decision.offline_until <= decision.expires
    bound = organization.conditions.not_after
    if bound is not None and decision.basis not in {Basis.SUPER_USER, Basis.READ_PERMISSION}:
        assert decision.expires <= max(bound, NOW)
    if decision.basis is Basis.GRANT:
        assert document.policy is not None
        for end in (document.policy.expires, document.policy.conditions.not_after):
            assert end is None or decision.expires <= end
        days = document.policy.expires_after_opening_days
        begun = NOW if document.first_opened is None else document.first_opened
        assert days is None or decision.expires <= begun + days * DAY
        assert all(one.person == subject.person and one.lasts(NOW) for one in decision.personal)
        assert rights_at(decision.expires - 1, organization, document, subject, request) >= decision.rights
    elif decision.basis is Basis.READ_PERMISSION:
        assert decision.rights <= READING
    else:
        assert decision.rights == ALL_RIGHTS
    if subject.outsider or decision.basis in {Basis.SUPER_USER, Basis.READ_PERMISSION}:
        assert decision.offline_until == NOW
        assert decision.expires <= NOW + SHORT_SECONDS


@often
@given(world.organizations, world.contents, world.subjects, world.requests)
def test_without_a_grant_nobody_but_issuer_owner_and_super_user_opens(
    organization: OrganizationFacts, document: ContentFacts, subject: Subject, request: Request
):
    policy = None if document.policy is None else replace(document.policy, grants=())
    bare = replace(document, policy=policy, personal=())
    decision = evaluate(Case(organization=organization, content=bare, subject=subject, request=request, now=NOW))
    if isinstance(decision, Allow):
        assert decision.basis is not Basis.GRANT


@often
@given(world.contents, world.subjects, world.requests)
def test_a_super_user_opens_only_by_a_grant_that_the_request_names(
    document: ContentFacts, subject: Subject, request: Request
):
    decision = evaluate(Case(organization=ORGANIZATION, content=document, subject=subject, request=request, now=NOW))
    by_grant = isinstance(decision, Allow) and decision.basis is Basis.SUPER_USER
    assert not by_grant or request.names_super_user_grant
    if by_grant:
        grant = request.super_user_grant
        assert grant is not None
        assert grant.covers
        assert grant.eligible
        assert grant.approver not in {None, grant.holder}
        assert grant.holder == subject.person


@often
@given(world.contents, world.subjects, world.requests)
def test_an_application_reads_only_by_a_permission_that_two_people_gave_and_the_request_names(
    document: ContentFacts, subject: Subject, request: Request
):
    decision = evaluate(Case(organization=ORGANIZATION, content=document, subject=subject, request=request, now=NOW))
    by_permission = isinstance(decision, Allow) and decision.basis is Basis.READ_PERMISSION
    assert not by_permission or request.names_read_permission
    if by_permission:
        named = request.read_permission
        assert named is not None
        assert named.covers
        assert named.holder == subject.person
        assert named.approver not in {None, named.holder, named.asked_by}
        assert named.starts <= NOW < named.ends
        assert named.for_person == (named.person is not None) or not named.for_person


@often
@given(world.contents, world.subjects, world.read_permissions, world.subjects)
def test_reading_for_a_person_never_gives_what_the_person_does_not_have(
    document: ContentFacts, subject: Subject, permission: ReadPermission, person: Subject
):
    """All of their refusals hold, and what is left of their rights is reading."""
    theirs = evaluate(Case(ORGANIZATION, document, person, Request(), NOW))
    named = Request(names_read_permission=True, read_permission=replace(permission, for_person=True, person=person))
    decision = evaluate(Case(ORGANIZATION, document, subject, named, NOW))
    if isinstance(decision, Allow):
        assert isinstance(theirs, Allow)
        assert decision.rights == theirs.rights & READING


@often
@given(st.lists(world.grants, min_size=1, max_size=5), world.readers)
def test_a_deny_entry_beats_every_grant_beside_it(grants: list[Grant], subject: Subject):
    policy = Policy(grants=tuple(grants))
    decision = decide(policy, subject)
    for entry in decision.matched if isinstance(decision, Allow) else ():
        denied = decide(replace(policy, deny=(*policy.deny, entry)), subject)
        assert isinstance(denied, Deny)
        assert denied.reason is Reason.DENIED_BY_ENTRY


@often
@given(world.policies, world.readers, world.principals)
def test_one_more_deny_entry_never_gives_anything(policy: Policy, subject: Subject, entry: Principal):
    before, after = decide(policy, subject), decide(replace(policy, deny=(*policy.deny, entry)), subject)
    assert isinstance(after, Deny) or after == before


@often
@given(world.policies, world.readers, world.personal_grants)
def test_a_personal_grant_unites_with_the_policy_until_it_ends(policy: Policy, subject: Subject, one: PersonalGrant):
    before, after = decide(policy, subject), decide(policy, subject, personal=(one,))
    left = one.address.rpartition("@")[2] not in subject.own_domains
    if one.person != subject.person or left:
        assert after == before
    elif one.until is not None and one.until <= NOW:
        # Who was given nothing else reads that it has ended.
        assert after == (Deny(Reason.GRANT_ENDED) if before == Deny(Reason.NOT_GRANTED) else before)
    elif isinstance(before, Allow):
        assert isinstance(after, Allow)
        assert after.rights >= before.rights | one.rights
    else:
        assert after == before or before.reason in {
            Reason.NOT_GRANTED,
            Reason.GRANT_ENDED,
            Reason.PROGRAM_DOES_NOT_ENFORCE,
        }


@often
@given(world.policies, world.readers, world.grants)
def test_one_more_grant_never_takes_anything_away(policy: Policy, subject: Subject, grant: Grant):
    before = decide(policy, subject)
    after = decide(replace(policy, grants=(*policy.grants, grant)), subject)
    if isinstance(before, Allow):
        assert isinstance(after, Allow)
        assert before.rights <= after.rights
        assert before.offline_until <= after.offline_until or before.rights < after.rights


@often
@given(world.policies, world.readers, st.randoms(use_true_random=False))
def test_the_order_of_entries_means_nothing(policy: Policy, subject: Subject, dice: random.Random):
    grants, deny = list(policy.grants), list(policy.deny)
    dice.shuffle(grants)
    dice.shuffle(deny)
    one, other = decide(policy, subject), decide(replace(policy, grants=tuple(grants), deny=tuple(deny)), subject)
    if isinstance(one, Deny):
        assert isinstance(other, Deny)
        assert other.reason is one.reason
    else:
        assert other == one


@often
@given(world.readers, world.principals)
def test_owner_implies_every_right(subject: Subject, entry: Principal):
    decision = decide(Policy(grants=(Grant(entry, frozenset({Right.OWNER})),)), subject)
    assert isinstance(decision, Deny) or decision.rights == ALL_RIGHTS


@often
@given(world.policies, world.readers)
def test_a_reused_address_inherits_nothing(policy: Policy, subject: Subject):
    others = dict.fromkeys(world.ADDRESSES, world.ADA)
    decision = decide(policy, subject, bindings=others)
    if isinstance(decision, Allow):
        assert all(entry.kind is not PrincipalKind.ADDRESS for entry in decision.matched)
        assert decision.bindings == ()


@often
@given(world.policies, world.readers)
def test_what_was_bound_once_decides_the_same_ever_after(policy: Policy, subject: Subject):
    first = decide(policy, subject)
    if isinstance(first, Allow):
        again = decide(policy, subject, bindings=dict(first.bindings))
        assert again == replace(first, bindings=())


@often
@given(world.policies, world.readers)
def test_outsiders_are_reached_by_their_own_address_alone(policy: Policy, subject: Subject):
    decision = decide(policy, replace(subject, outsider=True))
    if isinstance(decision, Allow):
        assert {entry.value for entry in decision.matched} <= subject.addresses


@often
@given(world.policies, world.readers)
def test_guests_get_nothing_from_a_grant_to_the_whole_organization(policy: Policy, subject: Subject):
    guest = replace(subject, memberships=frozenset(replace(place, guest=True) for place in subject.memberships))
    decision = decide(policy, guest)
    if isinstance(decision, Allow):
        assert all(entry.kind is not PrincipalKind.ORGANIZATION for entry in decision.matched)


# --- narrowing -----------------------------------------------------------------------------------------------------


@st.composite
def narrowed(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """Return a policy and one made of it by taking away; sometimes something is given, which ``narrows`` must see."""
    old = draw(world.policies)
    kept = [grant for grant in old.grants if draw(st.booleans())]
    if draw(st.sampled_from([False, False, False, True])):
        kept.append(draw(world.grants))
    new = replace(
        old,
        grants=tuple(kept),
        deny=(*old.deny, *draw(st.lists(world.principals, max_size=1))),
        expires=draw(st.sampled_from([old.expires, NOW + 1, NOW + 100, None])),
        offline_days=draw(st.sampled_from([old.offline_days, 0, 1, -1])),
        expires_after_opening_days=draw(st.sampled_from([old.expires_after_opening_days, 1, None])),
        lease=draw(st.sampled_from([old.lease, 60, None])),
        enforcement=draw(st.sampled_from([old.enforcement, Enforcement.VIEWER])),
        conditions=draw(st.just(old.conditions) | st.just(Conditions()) | world.conditions),
    )
    return new, old


@settings(max_examples=100, deadline=None)
@given(narrowed(), world.readers)
def test_what_narrows_gives_nobody_anything_the_old_policy_did_not(pair: tuple[Policy, Policy], subject: Subject):
    new, old = pair
    if not narrows(new, old):
        return

    def decided(policy: Policy) -> Decision:
        return evaluate(
            Case(organization=ORGANIZATION, content=content(policy), subject=subject, request=Request(), now=NOW)
        )

    after, before = decided(new), decided(old)
    if isinstance(after, Allow):
        assert isinstance(before, Allow)
        assert after.rights <= before.rights
        # A right that is not given any more may have ended sooner than these: compared is how long the old policy gave
        # these.
        same = tuple(replace(one, rights=expand(one.rights) & after.rights) for one in old.grants)
        before = decided(replace(old, grants=same))
        assert isinstance(before, Allow)
        assert after.expires <= before.expires
        assert after.offline_until <= before.offline_until
        assert before.lease is None or (after.lease is not None and after.lease <= before.lease)


@often
@given(world.policies)
def test_every_policy_narrows_itself_and_an_empty_one_narrows_all(policy: Policy):
    assert narrows(policy, policy)
    assert narrows(replace(policy, grants=()), policy)


@often
@given(narrowed(), world.policies)
def test_narrowing_twice_is_narrowing(pair: tuple[Policy, Policy], third: Policy):
    new, old = pair
    if narrows(new, old) and narrows(third, new):
        assert narrows(third, old)


@often
@given(world.organizations, world.contents, world.subjects, world.requests)
def test_a_denied_person_gets_the_same_answer_as_a_stranger_to_the_policy(
    organization: OrganizationFacts, document: ContentFacts, subject: Subject, request: Request
):
    case = Case(organization=organization, content=document, subject=subject, request=request, now=NOW)
    decision = evaluate(case)
    if not isinstance(decision, Deny):
        return
    told = as_disclosed(decision, case)
    assert told.reason is not Reason.DENIED_BY_ENTRY
    assert told.entry is None
    if decision.reason is Reason.DENIED_BY_ENTRY and document.policy is not None:
        empty = replace(document, policy=replace(document.policy, grants=(), deny=()), personal=())
        assert told == evaluate(replace(case, content=empty))
    else:
        assert told == decision


@often
@given(world.organizations, world.contents, world.subjects, world.requests)
def test_a_blocked_person_gets_nothing_and_the_answer_of_a_stranger(
    organization: OrganizationFacts, document: ContentFacts, subject: Subject, request: Request
):
    blocked = Case(organization, document, replace(subject, blocked=True), request, NOW)
    decision = evaluate(blocked)
    assert isinstance(decision, Deny), "whatever is granted, owned, protected or approved"
    told = as_disclosed(decision, blocked)
    assert told.reason is not Reason.BLOCKED
    if decision.reason is not Reason.BLOCKED:
        return
    policy = None if document.policy is None else replace(document.policy, grants=(), deny=())
    nobody = replace(document, policy=policy, personal=(), issuer=None, owner=NOBODY)
    stranger = evaluate(replace(blocked, content=nobody, subject=replace(subject, blocked=False)))
    assert told == (stranger if isinstance(stranger, Deny) else Deny(Reason.NOT_GRANTED))
