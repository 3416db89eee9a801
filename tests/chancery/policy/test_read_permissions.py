"""Step 2 for applications: a named read permission, which gives reading and nothing more (docs/protocol.md P31)."""

from dataclasses import replace
from typing import Any

import pytest

from chancery.policy.case import Allow, Basis, Case, Deny, ReadPermission, Registration, Request
from chancery.policy.evaluate import as_disclosed, evaluate, is_viewer_only
from chancery.policy.named import ONLINE_SECONDS
from chancery.policy.policy import Conditions, Enforcement, Policy, Strength
from chancery.policy.reasons import Reason
from chancery.policy.rights import READING, Right
from tests.chancery.policy.deciding import BINDING_ENDS, ISSUER, OWNER, READS_ALL, TO_RITA, Asked, case, decide, rita
from tests.chancery.policy.world import BOARD, MAX, NOW, ORGANIZATION, RITA, RITA_ADDRESS, content, granting, who

INDEXER = rita(addresses=frozenset(), memberships=frozenset(), domains=frozenset())
"""An application: nobody whom a policy names."""
THE_PERSON = rita(person=MAX, addresses=frozenset({RITA_ADDRESS}))


def named(permission: ReadPermission | None = READS_ALL, **changed: Any) -> Request:
    found = None if permission is None else replace(permission, **changed)
    return Request(names_read_permission=True, read_permission=found)


def for_person(**changed: Any) -> Request:
    return named(**{"for_person": True, "person": THE_PERSON, **changed})


def test_read_all_gives_viewing_and_extracting_online_for_minutes_whatever_the_policy_grants():
    for policy in (Policy(), TO_RITA, granting((RITA_ADDRESS, "OWNER")), Policy(expires=NOW - 1)):
        found = decide(policy, INDEXER, named())
        assert isinstance(found, Allow)
        assert (found.rights, found.basis) == (READING, Basis.READ_PERMISSION)
        assert (found.offline_until, found.expires) == (NOW, NOW + ONLINE_SECONDS)
    assert {Right.VIEW, Right.EXTRACT} == READING


def test_a_read_permission_outlasts_no_condition_of_the_organization():
    for conditions, ends in BINDING_ENDS:
        found = decide(Policy(), INDEXER, named(), organization={"conditions": conditions})
        assert isinstance(found, Allow)
        assert found.expires == ends


def test_a_permission_is_never_implicit():
    request = Request(read_permission=READS_ALL)
    assert decide(Policy(), INDEXER, request) == Deny(Reason.NOT_GRANTED)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (named(None), Reason.READ_PERMISSION_INVALID),
        (named(approver=None), Reason.READ_PERMISSION_INVALID),
        (named(approver=READS_ALL.asked_by), Reason.READ_PERMISSION_INVALID),
        (named(approver=RITA), Reason.READ_PERMISSION_INVALID),
        (named(holder=MAX), Reason.READ_PERMISSION_INVALID),
        (named(starts=NOW + 1), Reason.READ_PERMISSION_INVALID),
        (named(ends=NOW), Reason.READ_PERMISSION_INVALID),
        (named(covers=False), Reason.OUTSIDE_READ_PERMISSION),
        (for_person(person=None), Reason.OUTSIDE_READ_PERMISSION),
    ],
)
def test_what_is_wrong_with_a_permission_is_said(request_: Request, reason: Reason):
    assert decide(granting((RITA_ADDRESS, "VIEW")), INDEXER, request_) == Deny(reason)


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (case(None, INDEXER, named()), Reason.TEMPLATE_UNKNOWN),
        (case(Policy(), INDEXER, named(), document={"revoked": True}), Reason.REVOKED),
        (
            case(Policy(), INDEXER, named(), document={"registration": Registration.PENDING}),
            Reason.REGISTRATION_PENDING,
        ),
        (case(Policy(), INDEXER, named(), organization={"active": False}), Reason.ORGANIZATION_SUSPENDED),
        (case(Policy(), INDEXER, named(), organization={"key_available": False}), Reason.KEY_UNAVAILABLE),
        (case(Policy(), replace(INDEXER, active=False), named()), Reason.PERSON_DISABLED),
    ],
)
def test_read_all_opens_nothing_that_is_refused_to_everybody_or_taken_back(refused: Asked, reason: Reason):
    assert refused() == Deny(reason)


def test_the_key_of_a_viewer_only_document_stays_with_the_service():
    asked = Case(ORGANIZATION, content(Policy(enforcement=Enforcement.VIEWER)), INDEXER, named(), NOW)
    found = evaluate(asked)
    assert isinstance(found, Allow)
    assert is_viewer_only(asked, found)


def test_for_a_person_their_rights_are_cut_to_reading():
    for rights, left in (
        ("VIEW", {"VIEW"}),
        ("VIEW,EXTRACT,PRINT", {"VIEW", "EXTRACT"}),
        ("OWNER", {one.value for one in READING}),
    ):
        found = decide(granting((RITA_ADDRESS, rights)), INDEXER, for_person())
        assert isinstance(found, Allow)
        assert ({one.value for one in found.rights}, found.offline_until) == (left, NOW)
        assert (found.bindings, found.matched) == ((), ()), "nothing is learned or stored of the person by it"
    assert decide(granting((RITA_ADDRESS, "PRINT")), INDEXER, for_person()) == Deny(Reason.NOT_GRANTED)
    for one in (ISSUER, OWNER):
        found = decide(Policy(), INDEXER, for_person(person=one))
        assert isinstance(found, Allow)
        assert found.rights == READING


def test_all_refusals_of_the_person_hold():
    granted = granting((RITA_ADDRESS, "VIEW"))
    refused = {
        Reason.PERSON_DISABLED: case(granted, INDEXER, for_person(person=replace(THE_PERSON, active=False))),
        Reason.EXPIRED: case(replace(granted, expires=NOW), INDEXER, for_person()),
        Reason.REVOKED_FOR_YOU: case(granted, INDEXER, for_person(), document={"revoked_ids": frozenset({MAX})}),
        Reason.DENIED_BY_ENTRY: case(replace(granted, deny=(who(RITA_ADDRESS),)), INDEXER, for_person()),
        Reason.CONDITION_UNMET: case(
            replace(granted, conditions=Conditions(strength=Strength.MFA)),
            INDEXER,
            for_person(person=replace(THE_PERSON, strength=Strength.CODE)),
        ),
        Reason.PROGRAM_DOES_NOT_ENFORCE: case(
            replace(granted, conditions=Conditions(enforced=frozenset({Right.PRINT}))), INDEXER, for_person()
        ),
    }
    for reason, ask in refused.items():
        found = ask()
        assert isinstance(found, Deny)
        assert found.reason is reason


def test_nobody_learns_by_an_application_that_a_person_is_denied():
    policy = replace(granting((RITA_ADDRESS, "VIEW")), deny=(who(RITA_ADDRESS),))
    asked = Case(ORGANIZATION, content(policy), INDEXER, for_person(), NOW)
    assert as_disclosed(Deny(Reason.DENIED_BY_ENTRY), asked) == Deny(Reason.NOT_GRANTED)


def test_a_license_ends_with_the_permission_and_with_the_person_s_access():
    found = decide(granting((RITA_ADDRESS, "VIEW")), INDEXER, for_person(ends=NOW + 20))
    assert isinstance(found, Allow)
    assert found.expires == NOW + 20
    found = decide(granting((RITA_ADDRESS, "VIEW", NOW + 10)), INDEXER, for_person())
    assert isinstance(found, Allow)
    assert found.expires == NOW + 10


def test_what_a_person_is_elsewhere_gives_nothing_and_may_refuse_them():
    """An application must not find out who is in a group of another organization (P20)."""
    on_board = replace(THE_PERSON, groups=(BOARD,))
    by_group = granting((BOARD.address, "VIEW"))
    assert decide(by_group, INDEXER, for_person(whole=on_board)) == Deny(Reason.NOT_GRANTED)
    but_the_board = replace(granting((RITA_ADDRESS, "VIEW")), deny=(who(BOARD.address),))
    assert decide(but_the_board, INDEXER, for_person(whole=on_board)) == Deny(Reason.NOT_GRANTED)
    assert isinstance(decide(but_the_board, INDEXER, for_person()), Allow)


def test_what_counts_days_from_an_opening_is_not_read_for_a_person_who_has_not_opened_it():
    policy = replace(granting((RITA_ADDRESS, "VIEW")), expires_after_opening_days=7)
    unopened = Case(ORGANIZATION, content(policy), INDEXER, for_person(), NOW)
    assert evaluate(unopened) == Deny(Reason.NOT_GRANTED)
    opened = replace(unopened, content=replace(unopened.content, first_opened=NOW - 1))
    assert isinstance(evaluate(opened), Allow)
    over = replace(unopened, content=replace(unopened.content, first_opened=NOW - 8 * 86_400))
    assert evaluate(over) == Deny(Reason.EXPIRED_AFTER_OPENING)
    own = replace(unopened, request=for_person(person=ISSUER))
    assert isinstance(evaluate(own), Allow)
