"""The decision, case by case: who asks, what blocks access, and what comes out (docs/protocol.md P19)."""

from dataclasses import replace
from itertools import combinations
from uuid import UUID

import pytest

from chancery.policy.case import (
    Allow,
    Basis,
    Decision,
    Deny,
    PersonalGrant,
    Registration,
    Request,
)
from chancery.policy.named import SHORT_SECONDS
from chancery.policy.policy import Conditions, Policy, Strength
from chancery.policy.reasons import WORDS, Reason
from chancery.policy.rights import ALL_RIGHTS, LEVELS, Right
from chancery.policy.subject import Group, Subject
from tests.chancery.policy.deciding import (
    BINDING_ENDS,
    GRANT,
    GUEST,
    IN_ARCHIVED,
    IN_TEAM,
    ISSUER,
    NAMED,
    ON_BOARD,
    OUTSIDER,
    OWNER,
    PHONE,
    STRICT,
    TO_PRINT,
    TO_RITA,
    TWO_NAMES,
    Asked,
    case,
    decide,
    rita,
)
from tests.chancery.policy.world import (
    ADA,
    BOARD,
    CONTOSO,
    DAY,
    FABRIKAM,
    LAPTOP,
    MAX,
    NOW,
    OLGA,
    OWEN,
    RITA,
    RITA_ADDRESS,
    RITA_AT_WORK,
    TEAM,
    granting,
    who,
)

WITHHOLDING_PRINT = replace(TO_RITA, conditions=Conditions(enforced=frozenset({Right.PRINT})))

GRANTED: dict[str, tuple[Asked, str]] = {
    "address": (case(), "VIEW"),
    "second address": (case(granting(("rita@private.example", "PRINT")), TWO_NAMES), "PRINT"),
    "two addresses unite": (
        case(granting(("rita@private.example", "PRINT"), (RITA_ADDRESS, "VIEW")), TWO_NAMES),
        "VIEW PRINT",
    ),
    "two grants to one address unite": (
        case(granting((RITA_ADDRESS, "PRINT"), (RITA_ADDRESS, "VIEW"))),
        "VIEW PRINT",
    ),
    "address in other case": (case(granting(("RITA@Fabrikam.Example", "VIEW"))), "VIEW"),
    "group of the organization": (case(granting((TEAM.address, "EDIT")), IN_TEAM), "EDIT"),
    "group of a partner": (case(granting((BOARD.address, "EDIT")), ON_BOARD), "EDIT"),
    "address and group unite": (
        case(granting((TEAM.address, "EDIT"), (RITA_ADDRESS, "VIEW")), IN_TEAM),
        "VIEW EDIT",
    ),
    "domain": (case(granting(("domain:fabrikam.example", "VIEW"))), "VIEW"),
    "organization": (case(granting((f"organization:{FABRIKAM}", "VIEW"))), "VIEW"),
    "organization of somebody who is guest elsewhere": (
        case(granting((f"organization:{FABRIKAM}", "VIEW")), GUEST),
        "VIEW",
    ),
    "authenticated": (case(granting(("authenticated", "VIEW"))), "VIEW"),
    "authenticated, somebody without any organization": (
        case(granting(("authenticated", "VIEW")), rita(memberships=frozenset(), domains=frozenset())),
        "VIEW",
    ),
    "outsider by address": (case(TO_RITA, OUTSIDER), "VIEW"),
    "deny of another address": (case(replace(TO_RITA, deny=(who("max@contoso.example"),))), "VIEW"),
    "deny of another domain": (case(replace(TO_RITA, deny=(who("domain:other.example"),))), "VIEW"),
    "revoked for somebody else": (case(document={"revoked_ids": frozenset({MAX})}), "VIEW"),
    "strong enough": (case(replace(TO_RITA, conditions=STRICT), rita(strength=Strength.PASSKEY)), "VIEW"),
    "in the network": (case(replace(TO_RITA, conditions=Conditions(networks=("192.0.2.0/24",)))), "VIEW"),
    "in the second network": (
        case(replace(TO_RITA, conditions=Conditions(networks=("10.0.0.0/8", "192.0.2.0/24")))),
        "VIEW",
    ),
    "on the platform": (case(replace(TO_RITA, conditions=Conditions(platforms=frozenset({"linux"})))), "VIEW"),
    "in the window": (case(replace(TO_RITA, conditions=Conditions(not_before=NOW, not_after=NOW + 1))), "VIEW"),
    "with a post-quantum device": (case(replace(TO_RITA, conditions=Conditions(post_quantum=True))), "VIEW"),
    "with an account where one is required": (
        case(replace(TO_RITA, conditions=Conditions(account_required=True))),
        "VIEW",
    ),
    "one second before the end": (case(replace(TO_RITA, expires=NOW + 1)), "VIEW"),
    "never opened before": (case(replace(TO_RITA, expires_after_opening_days=1)), "VIEW"),
    "one second before the end of his own days": (
        case(replace(TO_RITA, expires_after_opening_days=7), document={"first_opened": NOW - 7 * DAY + 1}),
        "VIEW",
    ),
    "in a program that withholds what he is not given": (
        case(WITHHOLDING_PRINT, request=Request(enforces=frozenset({Right.PRINT}))),
        "VIEW",
    ),
    "given what the program would have to withhold": (
        case(replace(WITHHOLDING_PRINT, grants=granting((RITA_ADDRESS, "VIEW,PRINT")).grants)),
        "VIEW PRINT",
    ),
    "owner of all rights in any program": (
        case(
            granting((RITA_ADDRESS, "OWNER"), conditions=WITHHOLDING_PRINT.conditions),
        ),
        " ".join(Right),
    ),
    "bound to the same person": (case(document={"bindings": {RITA_ADDRESS: RITA}}), "VIEW"),
    "bound to the person under an address that is gone": (
        case(granting(("old@fabrikam.example", "VIEW")), document={"bindings": {"old@fabrikam.example": RITA}}),
        "VIEW",
    ),
    "bound to the group that was renamed": (
        case(
            granting(("old@contoso.example", "VIEW")), IN_TEAM, document={"bindings": {"old@contoso.example": TEAM.id}}
        ),
        "VIEW",
    ),
}

REFUSED: dict[str, tuple[Asked, Reason]] = {
    "his own days are over": (
        case(replace(TO_RITA, expires_after_opening_days=7), document={"first_opened": NOW - 7 * DAY}),
        Reason.EXPIRED_AFTER_OPENING,
    ),
    "the date passes before his own days do": (
        case(replace(TO_RITA, expires=NOW, expires_after_opening_days=7), document={"first_opened": NOW}),
        Reason.EXPIRED,
    ),
    "in a program that says nothing of what it withholds": (case(WITHHOLDING_PRINT), Reason.PROGRAM_DOES_NOT_ENFORCE),
    "in a program that withholds something else": (
        case(WITHHOLDING_PRINT, request=Request(enforces=frozenset({Right.EXTRACT}))),
        Reason.PROGRAM_DOES_NOT_ENFORCE,
    ),
    "the organization wants it withheld": (
        case(organization={"conditions": Conditions(enforced=frozenset({Right.PRINT}))}),
        Reason.PROGRAM_DOES_NOT_ENFORCE,
    ),
    "what is not granted is not granted in any program": (
        case(replace(WITHHOLDING_PRINT, grants=())),
        Reason.NOT_GRANTED,
    ),
    "empty policy": (case(Policy()), Reason.NOT_GRANTED),
    "nobody named him": (case(granting(("max@contoso.example", "OWNER"))), Reason.NOT_GRANTED),
    "unknown template": (case(None), Reason.TEMPLATE_UNKNOWN),
    "address of somebody else with the same ending": (
        case(granting(("brita@fabrikam.example", "VIEW"))),
        Reason.NOT_GRANTED,
    ),
    "subdomain of the granted domain": (
        case(
            granting(("domain:fabrikam.example", "VIEW")),
            rita(addresses=frozenset({"rita@eu.fabrikam.example"}), domains=frozenset({"eu.fabrikam.example"})),
        ),
        Reason.NOT_GRANTED,
    ),
    "domain that his organization has not proven": (
        case(granting(("domain:fabrikam.example", "VIEW")), rita(domains=frozenset())),
        Reason.NOT_GRANTED,
    ),
    "guest of the granted organization": (
        case(granting((f"organization:{CONTOSO}", "VIEW")), GUEST),
        Reason.NOT_GRANTED,
    ),
    "member of another organization": (case(granting((f"organization:{CONTOSO}", "VIEW"))), Reason.NOT_GRANTED),
    "group of the same address in another organization": (
        case(
            granting((TEAM.address, "VIEW")),
            rita(groups=(Group(UUID(int=99), FABRIKAM, TEAM.address),)),
            document={"bindings": {TEAM.address: TEAM.id}},
        ),
        Reason.NOT_GRANTED,
    ),
    "re-used address": (case(document={"bindings": {RITA_ADDRESS: ADA}}), Reason.NOT_GRANTED),
    "bound under the address of an organization that they left": (
        case(
            granting(("max@contoso.example", "VIEW")),
            rita(addresses=frozenset({"max@home.example"}), domains=frozenset()),
            document={"bindings": {"max@contoso.example": RITA}},
        ),
        Reason.NOT_GRANTED,
    ),
    "given personally under the address of an organization that they left": (
        case(
            Policy(),
            rita(addresses=frozenset({"max@home.example"}), domains=frozenset()),
            document={"personal": (PersonalGrant(RITA, "max@contoso.example", TO_PRINT),)},
        ),
        Reason.NOT_GRANTED,
    ),
    "outsider by domain": (
        case(granting(("domain:fabrikam.example", "VIEW")), replace(OUTSIDER, domains=RITA_AT_WORK.domains)),
        Reason.NOT_GRANTED,
    ),
    "outsider by organization": (
        case(granting((f"organization:{FABRIKAM}", "VIEW")), replace(OUTSIDER, memberships=RITA_AT_WORK.memberships)),
        Reason.NOT_GRANTED,
    ),
    "outsider by authenticated": (case(granting(("authenticated", "VIEW")), OUTSIDER), Reason.NOT_GRANTED),
    "outsider by group": (
        case(granting((TEAM.address, "VIEW")), replace(OUTSIDER, groups=(TEAM,))),
        Reason.NOT_GRANTED,
    ),
    "denied address": (case(replace(TO_RITA, deny=(who(RITA_ADDRESS),))), Reason.DENIED_BY_ENTRY),
    "denied by the other address": (
        case(replace(TO_RITA, deny=(who("rita@private.example"),)), TWO_NAMES),
        Reason.DENIED_BY_ENTRY,
    ),
    "denied group": (case(replace(TO_RITA, deny=(who(TEAM.address),)), IN_TEAM), Reason.DENIED_BY_ENTRY),
    "denied partner's group": (case(replace(TO_RITA, deny=(who(BOARD.address),)), ON_BOARD), Reason.DENIED_BY_ENTRY),
    "denied domain, also of an address nobody asserts": (
        case(replace(TO_RITA, deny=(who("domain:private.example"),)), TWO_NAMES),
        Reason.DENIED_BY_ENTRY,
    ),
    "denied organization, guests included": (
        case(replace(TO_RITA, deny=(who(f"organization:{CONTOSO}"),)), GUEST),
        Reason.DENIED_BY_ENTRY,
    ),
    "denied authenticated, outsiders included": (
        case(replace(TO_RITA, deny=(who("authenticated"),)), OUTSIDER),
        Reason.DENIED_BY_ENTRY,
    ),
    "denied although bound to somebody else": (
        case(replace(TO_RITA, deny=(who(RITA_ADDRESS),)), document={"bindings": {RITA_ADDRESS: ADA}}),
        Reason.DENIED_BY_ENTRY,
    ),
    "denied under the address he had": (
        case(
            replace(TO_RITA, deny=(who("old@fabrikam.example"),)), document={"bindings": {"old@fabrikam.example": RITA}}
        ),
        Reason.DENIED_BY_ENTRY,
    ),
    "denied group that is archived": (
        case(replace(granting(("authenticated", "VIEW")), deny=(who(TEAM.address),)), IN_ARCHIVED),
        Reason.DENIED_BY_ENTRY,
    ),
    "denied under the address that the archived group had": (
        case(
            replace(granting(("authenticated", "VIEW")), deny=(who("old@contoso.example"),)),
            IN_ARCHIVED,
            document={"bindings": {"old@contoso.example": TEAM.id}},
        ),
        Reason.DENIED_BY_ENTRY,
    ),
    "revoked for his group that is archived": (
        case(granting(("authenticated", "VIEW")), IN_ARCHIVED, document={"revoked_ids": frozenset({TEAM.id})}),
        Reason.REVOKED_FOR_YOU,
    ),
    "granted to a group that is archived": (case(granting((TEAM.address, "VIEW")), IN_ARCHIVED), Reason.NOT_GRANTED),
    "granted under the address that the archived group had": (
        case(
            granting(("old@contoso.example", "VIEW")),
            IN_ARCHIVED,
            document={"bindings": {"old@contoso.example": TEAM.id}},
        ),
        Reason.NOT_GRANTED,
    ),
    "expired this second": (case(replace(TO_RITA, expires=NOW)), Reason.EXPIRED),
    "revoked": (case(document={"revoked": True}), Reason.REVOKED),
    "revoked for him": (case(document={"revoked_ids": frozenset({RITA})}), Reason.REVOKED_FOR_YOU),
    "revoked for his group": (
        case(subject=IN_TEAM, document={"revoked_ids": frozenset({TEAM.id})}),
        Reason.REVOKED_FOR_YOU,
    ),
    "revoked for his address": (
        case(document={"revoked_addresses": frozenset({RITA_ADDRESS})}),
        Reason.REVOKED_FOR_YOU,
    ),
    "revoked for his group's address": (
        case(subject=IN_TEAM, document={"revoked_addresses": frozenset({TEAM.address})}),
        Reason.REVOKED_FOR_YOU,
    ),
    "pending": (case(document={"registration": Registration.PENDING}), Reason.REGISTRATION_PENDING),
    "blocked registration": (case(document={"registration": Registration.BLOCKED}), Reason.REGISTRATION_PENDING),
    "too weak": (case(replace(TO_RITA, conditions=STRICT)), Reason.CONDITION_UNMET),
    "other network": (
        case(replace(TO_RITA, conditions=Conditions(networks=("10.0.0.0/8",)))),
        Reason.CONDITION_UNMET,
    ),
    "network unknown": (
        case(replace(TO_RITA, conditions=Conditions(networks=("192.0.2.0/24",))), rita(network="")),
        Reason.CONDITION_UNMET,
    ),
    "other kind of address": (
        case(replace(TO_RITA, conditions=Conditions(networks=("::/0",)))),
        Reason.CONDITION_UNMET,
    ),
    "other platform": (
        case(replace(TO_RITA, conditions=Conditions(platforms=frozenset({"windows"})))),
        Reason.CONDITION_UNMET,
    ),
    "platform unknown": (
        case(replace(TO_RITA, conditions=Conditions(platforms=frozenset({"linux"}))), rita(device=None)),
        Reason.CONDITION_UNMET,
    ),
    "before the window": (case(replace(TO_RITA, conditions=Conditions(not_before=NOW + 1))), Reason.CONDITION_UNMET),
    "after the window": (case(replace(TO_RITA, conditions=Conditions(not_after=NOW))), Reason.CONDITION_UNMET),
    "without a post-quantum device": (
        case(replace(TO_RITA, conditions=Conditions(post_quantum=True)), rita(device=PHONE)),
        Reason.CONDITION_UNMET,
    ),
    "outsider where an account is required": (
        case(replace(TO_RITA, conditions=Conditions(account_required=True)), OUTSIDER),
        Reason.CONDITION_UNMET,
    ),
    "super user, grant not found": (
        case(request=Request(names_super_user_grant=True)),
        Reason.SUPER_USER_GRANT_INVALID,
    ),
    "super user, not approved": (
        case(request=replace(NAMED, super_user_grant=replace(GRANT, approver=None))),
        Reason.SUPER_USER_GRANT_INVALID,
    ),
    "super user, approved by himself": (
        case(request=replace(NAMED, super_user_grant=replace(GRANT, approver=RITA))),
        Reason.SUPER_USER_GRANT_INVALID,
    ),
    "super user, somebody else's grant": (
        case(request=replace(NAMED, super_user_grant=replace(GRANT, holder=MAX))),
        Reason.SUPER_USER_GRANT_INVALID,
    ),
    "super user, no longer one": (
        case(request=replace(NAMED, super_user_grant=replace(GRANT, eligible=False))),
        Reason.SUPER_USER_GRANT_INVALID,
    ),
    "super user, other content": (
        case(request=replace(NAMED, super_user_grant=replace(GRANT, covers=False))),
        Reason.SUPER_USER_GRANT_INVALID,
    ),
    "super user, too early": (
        case(request=replace(NAMED, super_user_grant=replace(GRANT, starts=NOW + 1))),
        Reason.SUPER_USER_GRANT_INVALID,
    ),
    "super user, ended": (
        case(request=replace(NAMED, super_user_grant=replace(GRANT, ends=NOW))),
        Reason.SUPER_USER_GRANT_INVALID,
    ),
    "blocked issuer": (case(subject=ISSUER, document={"issuer_blocked": True}), Reason.ISSUER_BLOCKED),
    "owner of revoked content": (case(subject=OWNER, document={"revoked": True}), Reason.REVOKED),
    "owner of pending content": (
        case(subject=OWNER, document={"registration": Registration.PENDING}),
        Reason.REGISTRATION_PENDING,
    ),
    "owner for whom alone it is revoked": (
        case(subject=OWNER, document={"revoked_ids": frozenset({OWEN})}),
        Reason.REVOKED_FOR_YOU,
    ),
}


@pytest.mark.parametrize("name", GRANTED)
def test_it_is_granted(name: str):
    make, rights = GRANTED[name]
    decision = make()
    assert isinstance(decision, Allow)
    assert decision.basis is Basis.GRANT
    assert decision.rights == {Right(right) for right in rights.split()}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name: str):
    make, reason = REFUSED[name]
    decision = make()
    assert isinstance(decision, Deny)
    assert decision.reason is reason


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_gives_its_rights_and_no_other(level: str):
    decision = decide(granting((RITA_ADDRESS, ",".join(LEVELS[level]))))
    assert isinstance(decision, Allow)
    assert decision.rights == LEVELS[level]


@pytest.mark.parametrize(("subject", "basis"), [(ISSUER, Basis.ISSUER), (OWNER, Basis.OWNER)])
def test_issuer_and_owner_are_above_the_policy(subject: Subject, basis: Basis):
    closed = replace(
        TO_RITA, grants=(), deny=(who("authenticated"),), expires=NOW - 1, conditions=STRICT, offline_days=0
    )
    decision = decide(closed, subject)
    assert isinstance(decision, Allow)
    assert (decision.basis, decision.rights) == (basis, ALL_RIGHTS)
    assert decision.offline_until == NOW + 30 * DAY, "limits of the content do not bind them"
    assert isinstance(decide(None, subject), Allow), "nor does a lost template"


def test_the_issuer_is_above_revocation_too():
    revoked = {"revoked": True, "registration": Registration.PENDING, "revoked_ids": frozenset({OLGA})}
    assert isinstance(decide(subject=ISSUER, document=revoked), Allow)


def test_a_super_user_opens_without_a_grant_and_keeps_nothing():
    decision = decide(Policy(), request=NAMED, document={"revoked": True})
    assert isinstance(decision, Allow)
    assert (decision.basis, decision.rights) == (Basis.SUPER_USER, ALL_RIGHTS)
    assert (decision.offline_until, decision.expires) == (NOW, NOW + 600)
    longer = decide(Policy(), request=replace(NAMED, super_user_grant=replace(GRANT, ends=NOW + DAY)))
    assert isinstance(longer, Allow)
    assert longer.expires == NOW + SHORT_SECONDS


def test_a_super_user_grant_outlasts_no_condition_of_the_organization():
    for conditions, ends in BINDING_ENDS:
        found = decide(Policy(), request=NAMED, organization={"conditions": conditions})
        assert isinstance(found, Allow)
        assert (found.offline_until, found.expires) == (NOW, ends)


# --- step 1 binds everybody, and the steps come in their order ------------------------------------------------------

EVERYBODY: dict[Reason, dict[str, object]] = {
    Reason.ORGANIZATION_SUSPENDED: {"organization": {"active": False}},
    Reason.SERVICE_INACTIVE: {"organization": {"service_active": False}},
    Reason.KEY_UNAVAILABLE: {"organization": {"key_available": False}},
    Reason.PERSON_DISABLED: {"subject": {"active": False}},
    Reason.BLOCKED: {"subject": {"blocked": True}},
    Reason.DEVICE_REVOKED: {"subject": {"device": replace(LAPTOP, revoked=True)}},
    Reason.PLATFORM_OFF: {"organization": {"platforms_off": frozenset({"linux"})}},
    Reason.ORGANIZATION_CONDITION: {"organization": {"conditions": STRICT}},
}
LATER: dict[Reason, dict[str, object]] = {
    Reason.REGISTRATION_PENDING: {"document": {"registration": Registration.PENDING}},
    Reason.REVOKED: {"document": {"revoked": True}},
    Reason.REVOKED_FOR_YOU: {"document": {"revoked_ids": frozenset({RITA})}},
    Reason.EXPIRED: {"policy": {"expires": NOW - 1}},
    Reason.EXPIRED_AFTER_OPENING: {
        "policy": {"expires_after_opening_days": 1},
        "document": {"first_opened": NOW - DAY},
    },
    Reason.DENIED_BY_ENTRY: {"policy": {"deny": (who(RITA_ADDRESS),)}},
    Reason.CONDITION_UNMET: {"policy": {"conditions": STRICT}},
    Reason.NOT_GRANTED: {"policy": {"grants": ()}},
    Reason.PROGRAM_DOES_NOT_ENFORCE: {"policy": {"conditions": WITHHOLDING_PRINT.conditions}},
}
STEPS = {**EVERYBODY, **LATER}
"""What prevents access, by the reason it gives, in the order in which it must be found."""


def obstructed(subject: Subject, *reasons: Reason, request: Request | None = None) -> Decision:
    """Decide with all of these blockers at once."""
    parts: dict[str, dict[str, object]] = {"organization": {}, "subject": {}, "document": {}, "policy": {}}
    for reason in reasons:
        for part, members in STEPS[reason].items():
            parts[part] |= dict(members)  # type: ignore[call-overload]  # a table of tables
    return decide(
        replace(TO_RITA, **parts["policy"]),  # type: ignore[arg-type]  # members by name
        replace(subject, **parts["subject"]),  # type: ignore[arg-type]  # members by name
        request,
        organization=parts["organization"],
        document=parts["document"],
    )


@pytest.mark.parametrize("reason", EVERYBODY)
@pytest.mark.parametrize("who_asks", ["reader", "issuer", "owner", "super user"])
def test_what_binds_everybody_binds_everybody(reason: Reason, who_asks: str):
    subject = {"issuer": ISSUER, "owner": OWNER}.get(who_asks, RITA_AT_WORK)
    decision = obstructed(subject, reason, request=NAMED if who_asks == "super user" else None)
    assert isinstance(decision, Deny)
    assert decision.reason is reason


@pytest.mark.parametrize(("first", "second"), list(combinations(STEPS, 2)))
def test_of_two_obstacles_the_earlier_step_is_named(first: Reason, second: Reason):
    decision = obstructed(RITA_AT_WORK, second, first)
    assert isinstance(decision, Deny)
    assert decision.reason is first


def test_an_unknown_device_counts_as_the_platform_that_is_off():
    decision = decide(subject=rita(device=None), organization={"platforms_off": frozenset({"phone"})})
    assert isinstance(decision, Deny)
    assert decision.reason is Reason.PLATFORM_OFF


@pytest.mark.parametrize("reason", [Reason.CONDITION_UNMET, Reason.ORGANIZATION_CONDITION])
def test_an_unmet_condition_says_what_would_satisfy_it(reason: Reason):
    decision = obstructed(RITA_AT_WORK, reason)
    assert isinstance(decision, Deny)
    assert "mfa" in decision.detail


def test_which_entry_denied_is_said_for_the_owner():
    decision = obstructed(RITA_AT_WORK, Reason.DENIED_BY_ENTRY)
    assert isinstance(decision, Deny)
    assert decision.entry == who(RITA_ADDRESS)


# --- addresses and words --------------------------------------------------------------------------------------------


def test_a_personal_grant_stays_with_the_person_when_the_address_changes_hands():
    mine = PersonalGrant(RITA, "old@fabrikam.example", TO_PRINT)
    assert isinstance(decide(Policy(), document={"personal": (mine,)}), Allow)
    heir = replace(RITA_AT_WORK, person=MAX, addresses=frozenset({mine.address}))
    assert decide(Policy(), heir, document={"personal": (mine,)}) == Deny(Reason.NOT_GRANTED)


def test_the_first_resolution_of_an_address_is_handed_back_to_be_kept():
    decision = decide(granting((RITA_ADDRESS, "VIEW"), (TEAM.address, "VIEW"), ("authenticated", "VIEW")), IN_TEAM)
    assert isinstance(decision, Allow)
    assert dict(decision.bindings) == {RITA_ADDRESS: RITA, TEAM.address: TEAM.id}


def test_every_reason_has_words_and_a_denial_reads_like_nothing_granted():
    assert set(WORDS) == set(Reason)
    assert WORDS[Reason.NOT_GRANTED].person == WORDS[Reason.DENIED_BY_ENTRY].person
    assert WORDS[Reason.NOT_GRANTED].next_step == WORDS[Reason.DENIED_BY_ENTRY].next_step
