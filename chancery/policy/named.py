"""Step 2 of the decision: what rests on a grant or permission that the request names (docs/protocol.md P21, P31).

It is never implicit: a request that names nothing is decided by the caller's own access, whatever they hold.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import UUID

from chancery.policy.case import Allow, Basis, Case, Decision, Deny, ReadPermission, Request
from chancery.policy.reasons import Reason
from chancery.policy.rights import ALL_RIGHTS, READING
from chancery.policy.subject import Subject
from chancery.policy.unmet import condition_ends

ONLINE_SECONDS: Final = 300
"""How long a license for one opening lives: long enough to decrypt a large file, too short to be kept."""

SHORT_SECONDS: Final = 3_600
"""Ceiling for super users and outsiders, who are licensed online only (P19, P22)."""


def by_super_user_grant(case: Case) -> Decision:
    """Decide by a super user's grant that is active, approved by another person, and covers this content."""
    grant, now = case.request.super_user_grant, case.now
    valid = (
        grant is not None
        and grant.eligible
        and grant.covers
        and grant.holder == case.subject.person
        and grant.approver not in (None, grant.holder)
        and grant.starts <= now < grant.ends
    )
    if grant is None or not valid:
        return Deny(Reason.SUPER_USER_GRANT_INVALID)
    ends = _first(case, grant.ends, now + SHORT_SECONDS)
    return Allow(ALL_RIGHTS, Basis.SUPER_USER, expires=ends, offline_until=now)


def by_read_permission(
    case: Case, *, withdrawn: Callable[[Case], Deny | None], evaluate: Callable[[Case], Decision]
) -> Decision:
    """Decide by an application's read permission: reading and nothing more, online only.

    ``withdrawn`` is the decision's step 4 and ``evaluate`` the whole of it, for the person for whom is read.
    """
    permission, now = case.request.read_permission, case.now
    if permission is None or not is_valid(permission, case.subject.person, now):
        return Deny(Reason.READ_PERMISSION_INVALID)
    if not permission.covers or (permission.for_person and permission.person is None):
        return Deny(Reason.OUTSIDE_READ_PERMISSION)
    ends = _first(case, permission.ends, now + ONLINE_SECONDS)
    if permission.person is not None:
        return _as_the_person(case, permission.person, permission.whole or permission.person, ends, evaluate)
    denied = withdrawn(case)
    if denied is not None:
        return denied
    if case.content.policy is None:
        # Nobody knows what the policy asks of programs; it may have kept the key from all of them.
        return Deny(Reason.TEMPLATE_UNKNOWN)
    return Allow(READING, Basis.READ_PERMISSION, expires=ends, offline_until=now)


def is_valid(permission: ReadPermission, application: UUID, now: int) -> bool:
    """Tell whether a permission is the application's, approved by another person than who asked, and not over."""
    return (
        permission.holder == application
        and permission.approver not in (None, permission.holder, permission.asked_by)
        and permission.starts <= now < permission.ends
    )


def _first(case: Case, *ends: int) -> int:
    """Return the first of these ends and of those of what binds every opening: a grant is no way around them."""
    binding = condition_ends(case.organization.conditions, case.now)
    return min(*ends, *(end for end in binding if end is not None))


def _as_the_person(
    case: Case, known: Subject, whole: Subject, ends: int, evaluate: Callable[[Case], Decision]
) -> Decision:
    """Decide as for the person, all their refusals included, and leave no more of it than reading.

    What they are in other organizations gives nothing here: only their own opening may tell of it (P20).  It may refuse
    them, as it does when they open.  What the program must withhold from them it must withhold here, too.
    """
    own = Request(enforces=case.request.enforces)
    theirs = evaluate(replace(case, subject=known, request=own))
    if isinstance(theirs, Deny):
        return theirs
    as_they_open = theirs if whole == known else evaluate(replace(case, subject=whole, request=own))
    rights = theirs.rights & READING
    if isinstance(as_they_open, Deny) or not rights or _would_begin_their_time(case, theirs):
        return Deny(Reason.NOT_GRANTED)
    return Allow(
        rights,
        Basis.READ_PERMISSION,
        expires=min(ends, theirs.expires, as_they_open.expires),
        offline_until=case.now,
        withheld=theirs.withheld,
    )


def _would_begin_their_time(case: Case, theirs: Allow) -> bool:
    """Tell whether the person's days with the content count from an opening that they have not made.

    Only they begin them: read for before, the content would be theirs without an end.
    """
    policy = case.content.policy
    counts = policy is not None and policy.expires_after_opening_days is not None
    return counts and case.content.first_opened is None and theirs.basis not in {Basis.ISSUER, Basis.OWNER}
