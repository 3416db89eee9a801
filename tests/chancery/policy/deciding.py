"""Cases to decide: who asks for what, named once for the tests of the decision."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from uuid import UUID

from chancery.policy.case import (
    Case,
    Decision,
    ReadPermission,
    Request,
    SuperUserGrant,
)
from chancery.policy.evaluate import evaluate
from chancery.policy.policy import Conditions, Policy, Strength
from chancery.policy.rights import Right
from chancery.policy.subject import DeviceFacts, Membership, Subject
from chancery.policy.times import parse_times
from tests.chancery.policy.world import (
    ADA,
    BOARD,
    CONTOSO,
    FABRIKAM,
    LAPTOP,
    NOW,
    OLGA,
    ORGANIZATION,
    OWEN,
    RITA,
    RITA_ADDRESS,
    RITA_AT_WORK,
    TEAM,
    content,
    granting,
)

Asked = Callable[[], Decision]

TO_RITA = granting((RITA_ADDRESS, "VIEW"))
GRANT = SuperUserGrant(
    UUID(int=7), holder=RITA, approver=ADA, starts=NOW - 60, ends=NOW + 600, eligible=True, covers=True
)
NAMED = Request(names_super_user_grant=True, super_user_grant=GRANT)
READS_ALL = ReadPermission(
    UUID(int=8),
    holder=RITA,
    asked_by=OWEN,
    approver=ADA,
    starts=NOW - 60,
    ends=NOW + 86_400,
    covers=True,
    for_person=False,
)
TO_PRINT = frozenset({Right.VIEW, Right.PRINT})
STRICT = Conditions(strength=Strength.MFA)
# NOW is 08:00 on a Friday by the clocks of UTC.
BINDING_ENDS = (
    (Conditions(not_after=NOW + 90), NOW + 90),
    (Conditions(times=parse_times(["fri 07:00-08:02 UTC"])), NOW + 120),
)
"""Conditions of an organization, and when they end an opening that began now."""


def decide(
    policy: Policy | None = TO_RITA,
    subject: Subject = RITA_AT_WORK,
    request: Request | None = None,
    *,
    organization: dict[str, object] | None = None,
    document: dict[str, object] | None = None,
) -> Decision:
    return evaluate(
        Case(
            organization=replace(ORGANIZATION, **(organization or {})),  # type: ignore[arg-type]  # members by name
            content=content(policy, **(document or {})),
            subject=subject,
            request=request or Request(),
            now=NOW,
        )
    )


def case(*values: object, **members: object) -> Asked:
    return partial(decide, *values, **members)  # type: ignore[arg-type]  # checked when the case is decided


def rita(**more: object) -> Subject:
    return replace(RITA_AT_WORK, **more)  # type: ignore[arg-type]  # members by name, checked at once


ISSUER, OWNER = rita(person=OLGA), rita(person=OWEN)
GUEST = rita(memberships=frozenset({Membership(CONTOSO, guest=True), Membership(FABRIKAM)}))
IN_TEAM, ON_BOARD = rita(groups=(TEAM,)), rita(groups=(BOARD,))
IN_ARCHIVED = rita(groups=(replace(TEAM, live=False),))
TWO_NAMES = rita(addresses=frozenset({RITA_ADDRESS, "rita@private.example"}))
OUTSIDER = rita(outsider=True, memberships=frozenset(), domains=frozenset(), strength=Strength.CODE)
PHONE = DeviceFacts(LAPTOP.id, platform="phone", post_quantum=False)
