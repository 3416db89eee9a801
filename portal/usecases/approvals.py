"""What waits for the caller's approval, of all kinds: one list behind menu, first page, API and command line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from chancery.policy.permission import Permission
from portal.usecases.caller import Caller
from portal.usecases.hand_overs.approval import may_approve as may_approve_hand_over
from portal.usecases.names import may_approve as may_approve_names
from portal.usecases.read_permissions.answer import may_approve as may_approve_permission
from portal.usecases.super_users.answer import may_approve as may_approve_grant
from protection.selectors.approvals import Kind, kinds_waiting
from protection.selectors.hand_overs import hand_overs
from protection.selectors.read_permissions import permissions
from protection.selectors.reviews import waiting_reviews
from protection.selectors.super_users import grants
from protection.selectors.unmaskings import UnmaskingFacts, unmaskings_for

MOST: Final = 50
"""How many of each kind are looked at; what is beyond them comes up once these are answered."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One thing that waits; ``what`` says in words what it is, ``number`` is 0 for what has none."""

    kind: Kind
    id: UUID
    number: int
    what: str
    asked_by: str
    asked_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Approvals:
    """What the caller may approve now, the oldest first."""

    rows: tuple[Approval, ...]


def waiting_approvals(*, caller: Caller) -> Approvals:
    """Return what waits and the caller may approve, by role and because they are independent of who asks.

    For most people, and for everybody while nothing waits, this is one statement or none.
    """
    wanted = [kind for kind, answers in _ANSWERED_BY.items() if answers(caller)]
    if not wanted or caller.is_application:
        return Approvals(())
    found = [one for kind in kinds_waiting(wanted) for one in _WAITING[kind](caller)]
    return Approvals(tuple(sorted(found, key=lambda one: one.asked_at)))


def _grants(caller: Caller) -> Iterator[Approval]:
    for one in grants(state="waiting", limit=MOST):
        if may_approve_grant(caller, one):
            what = _("Super-user grant {number}").format(number=one.number)
            yield Approval(
                Kind.SUPER_USER_GRANT, one.id, one.number, what, one.holder_address, one.asked_at, one.reason
            )


def _permissions(caller: Caller) -> Iterator[Approval]:
    for one in permissions(state="waiting", limit=MOST):
        if may_approve_permission(caller, one):
            words = _("Read permission {number} of {application}")
            what = words.format(number=one.number, application=one.application)
            yield Approval(Kind.READ_PERMISSION, one.id, one.number, what, one.asked_address, one.asked_at, one.reason)


def _hand_overs(caller: Caller) -> Iterator[Approval]:
    for one in hand_overs(state="waiting", limit=MOST):
        if may_approve_hand_over(caller, one):
            words = _("Documents of {owner} to {address}")
            what = words.format(owner=one.former_address, address=one.new_address)
            yield Approval(Kind.HAND_OVER, one.id, 0, what, one.asker_address, one.asked_at, one.reason)


def _names(caller: Caller) -> Iterator[Approval]:
    for one in unmaskings_for(caller.person, everybody=True, state="waiting").rows:
        if may_approve_names(caller, one):
            yield Approval(Kind.NAMES, one.id, 0, _called(one), one.asked_address, one.asked_at, one.reason)


def _reviews(caller: Caller) -> Iterator[Approval]:
    for one in waiting_reviews(caller.person):
        words = _("Overdue access review “{name}”") if one.state == "overdue" else _("Access review “{name}”")
        what, left = words.format(name=one.name), _("{left} of {all} open").format(left=one.open, all=one.items)
        yield Approval(Kind.REVIEW, one.id, one.number, what, one.started_by, one.started_at, left)


def _called(one: UnmaskingFacts) -> str:
    if one.about == "group":
        return _("Hide another group from owners: {group}").format(group=one.group_address or _("no group"))
    if one.about == "all":
        return _("Names on all documents")
    return _("Names on “{title}”").format(title=one.title or one.cid)


def _approves(caller: Caller) -> bool:
    return caller.may(Permission.SUPER_USERS_APPROVE)


_ANSWERED_BY: Final[dict[Kind, Callable[[Caller], bool]]] = {
    Kind.SUPER_USER_GRANT: _approves,
    Kind.READ_PERMISSION: _approves,
    Kind.HAND_OVER: lambda caller: caller.may(Permission.DOCUMENTS_HAND_OVER),
    Kind.NAMES: lambda caller: caller.may(Permission.NAMES_ANSWER),
    Kind.REVIEW: lambda caller: caller.may(Permission.ROLES_MANAGE),
}
"""Who answers what by their role; whether they may answer one of them is asked for each."""
_WAITING: Final[dict[Kind, Callable[[Caller], Iterator[Approval]]]] = {
    Kind.SUPER_USER_GRANT: _grants,
    Kind.READ_PERMISSION: _permissions,
    Kind.HAND_OVER: _hand_overs,
    Kind.NAMES: _names,
    Kind.REVIEW: _reviews,
}
