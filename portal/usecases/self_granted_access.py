"""Changes of templates, groups and addresses by which administrators gain access to documents (docs/protocol.md P18).

Administrators of templates and groups could grant themselves access to everything.  So nobody makes a change by which
they gain while there is another administrator: that one saves what they have previewed.  People who have just added or
promoted each other count as one here, or an administrator would approve with a second account.  What applications reach
counts as their administrator's own: any of them can get an application's enrollment code and act as it.  Every change
by which an administrator gains is an event of its own, and auditors and the other administrators are mailed who gained
and who made it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

from django.conf import settings
from django.db import transaction

from chancery.errors import Conflict
from chancery.ledger.kinds import Kind
from chancery.policy.permission import Permission
from chancery.policy.policy import Strength
from chancery.texts import message
from portal import clock
from portal.notifications.mails import mail_access_gained
from portal.subjects.subject import subject_of
from portal.usecases.caller import Caller
from protection.selectors.equivalence_classes import rules
from protection.selectors.self_granted import Reachable, documents_gained, one_change_at_a_time, reachable, together
from protection.services.recording import record_action
from tenants.directory.roles import ADMINISTRATOR, AUDITOR, roles_with
from tenants.directory.selectors.administrators import people_connected_to
from tenants.directory.selectors.domains import applications_in
from tenants.directory.selectors.people import PersonFacts, people_in
from tenants.directory.selectors.subject import subject_row

NOTIFIED_AT_MOST = 50
"""How many people are notified at most, auditors first."""
_MANAGING = roles_with(Permission.TEMPLATES_MANAGE) | roles_with(Permission.GROUPS_MANAGE)
"""Who holds one of these makes changes by which they could gain; each of them is watched."""
MANY = 10_000
"""More administrators than anybody has: none may be missed by the rule."""


class NeedsAnotherAdministrator(Conflict):
    """The author of a change would gain access by it, and another administrator could make it."""

    code = "needs_another_administrator"
    remedy = message("Preview the change, and ask another administrator to save what you previewed.")


@contextmanager
def guarding_self_granted_access(
    *, caller: Caller, changes: str, target: UUID | None = None, author: UUID | None = None
) -> Iterator[None]:
    """Make the change of the block unless its author gains access by it and another administrator could make it.

    ``changes`` is ``template``, ``templates``, ``group`` or ``address``, ``target`` which one, of an address whose it
    is; ``author`` is the person who prepared what the signed-in person saves.  An application speaks for nobody who
    could be asked: what it does is made, and recorded when an administrator gains by it.  Raises
    NeedsAnotherAdministrator, and nothing is changed.
    """
    organization, application = caller.organization, caller.is_application
    managing = enabled_with_role(organization, *_MANAGING)
    administrators = [one for one in managing if ADMINISTRATOR in one.roles]
    days = timedelta(days=settings.CHANCERY_APPROVER_DAYS)
    connected = frozenset() if application else people_connected_to(organization, caller.person, within=days)
    watched = {one.id for one in managing} | connected | ({author} if author is not None else set())
    maker = None if application else caller.person
    with transaction.atomic():
        one_change_at_a_time(organization)
        before = _reachable(organization, watched, maker)
        yield
        after = _reachable(organization, watched, maker)
        gained = {person: documents_gained(before[person], after[person]) for person in watched}
        gained = {person: documents for person, documents in gained.items() if documents}
        if not gained:
            return
        own = [documents for person, documents in gained.items() if person in connected]
        if own and any(one.id not in connected for one in administrators):
            _refuse(caller, changes, gained, max(own))
        _put_on_record(caller, changes, target, gained, approved=not own and not application)


def _refuse(caller: Caller, changes: str, gained: Mapping[UUID, int], documents: int) -> NoReturn:
    remedy = message("Ask another administrator to make it.") if changes == "address" else None
    if caller.person in gained:
        raise NeedsAnotherAdministrator(
            message("This change gives you access to documents, up to {count}.", count=documents), remedy=remedy
        )
    raise NeedsAnotherAdministrator(
        message(
            "This change gives access to documents, up to {count}, to a person who has just made you an"
            " administrator or whom you made one.",
            count=documents,
        ),
        remedy=remedy,
    )


def _put_on_record(
    caller: Caller, changes: str, target: UUID | None, gained: Mapping[UUID, int], *, approved: bool
) -> None:
    """Record who gained how much by whose change, and mail those who watch once it is made.

    Where nobody else watches, those who gained are notified: there is a mail in every case.
    """
    rows = (subject_row(person, caller.organization) for person in gained)
    names = ", ".join(sorted(row.email for row in rows if row is not None))
    details = {
        "changes": changes,
        "documents": max(gained.values()),
        "approved": approved,
        **({} if target is None else {"target": str(target)}),
    }
    record_action(Kind.ACCESS_GAINED_BY_AUTHOR, caller.actor, recipient=names, details=details)
    watching = (
        *enabled_with_role(caller.organization, AUDITOR),
        *enabled_with_role(caller.organization, ADMINISTRATOR),
    )
    # A person whom an application let in has not made it do so, and is one of those who watch.
    gainers = () if caller.is_application else gained
    recipients = {
        one.id: one for one in watching[:NOTIFIED_AT_MOST] if one.id not in gainers and one.id != caller.person
    }
    recipients = recipients or {one.id: one for one in watching[:NOTIFIED_AT_MOST]}
    author = f"{caller.name} ({caller.address})" if caller.name else caller.address
    reachable_by_mail = [one for one in recipients.values() if one.email]
    mail_access_gained(reachable_by_mail, author=author, gainers=names, documents=max(gained.values()))


def _reachable(organization: UUID, people: Iterable[UUID], maker: UUID | None) -> dict[UUID, Reachable]:
    """Return what each may reach, and the maker of the change also by applications; templates are read once for all."""
    known, now = rules(), clock.now()

    def reach_of(person: UUID) -> Reachable:
        row = subject_row(person, organization)
        subject = None if row is None else subject_of(row, organization=organization, strength=Strength.PASSKEY)
        return Reachable({}, {}) if subject is None else reachable(organization, known, subject, now)

    found = {person: reach_of(person) for person in people}
    if maker is not None:
        applications = [one.person_id for one in applications_in(organization) if not one.disabled]
        found[maker] = together([found[maker], *(reach_of(application) for application in applications)])
    return found


def enabled_with_role(organization: UUID, *roles: str) -> list[PersonFacts]:
    """Return the enabled people who hold one of the roles, directly or by a group; no applications."""
    found = people_in(organization, roles=roles, limit=MANY)
    return [one for one in found if not (one.disabled or one.guest or one.is_service)]
