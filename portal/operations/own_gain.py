"""Changes of templates and groups by which their author himself gains documents (PROTOCOL P18).

Whoever manages templates and groups could let himself into everything.  So such a change needs another administrator
where there is one, who saves what its author has previewed; it is always an event of its own, and auditors and the
other administrators are told by mail.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal import clock
from portal.identity.subject import subject_of
from portal.operations.tell import in_language_of, tell
from portal.standing import Standing
from protection.errors import Conflict
from protection.events import Kind
from protection.licensing.policy import Strength
from protection.selectors.own_gain import Reachable, documents_gained, reachable
from protection.services.recording import record_action
from protection.texts import say
from tenants.directory.selectors.people import PersonFacts, people_in
from tenants.directory.selectors.subject import subject_row

ADMINISTRATOR, AUDITOR = "global_administrator", "auditor"
TOLD = 200
"""How many people of each role are told at most."""


class NeedsAnotherAdministrator(Conflict):
    """The author of a change would gain documents by it, and there is another administrator who could look at it."""

    code = "needs_another_administrator"
    remedy = say("Preview the change, and ask another administrator to save what you previewed.")


@contextmanager
def watching_own_gain(
    *, standing: Standing, changes: str, target: UUID | None = None, author: UUID | None = None
) -> Iterator[None]:
    """Make the change of the block only if nobody gains documents by it on his own word.

    ``changes`` is ``template``, ``templates`` or ``group``, ``target`` which one.  ``author`` is whoever has prepared
    what the signed-in person saves, if that was another; then two have agreed.  Raises NeedsAnotherAdministrator, and
    nothing is changed.
    """
    people, organization_id = dict.fromkeys((author or standing.person, standing.person)), standing.organization
    with transaction.atomic():
        before = {person: _reachable(organization_id, person) for person in people}
        yield
        gained = {person: documents_gained(before[person], _reachable(organization_id, person)) for person in people}
        documents = max(gained.values())
        if documents == 0:
            return
        others = [one for one in _with_role(organization_id, ADMINISTRATOR) if one.id not in people]
        if len(people) == 1 and others:
            raise NeedsAnotherAdministrator(
                say("You would gain access to documents yourself by this change, up to {count}.", count=documents)
            )
        details = {"changes": changes, "documents": documents, "approved": len(people) > 1}
        if target is not None:
            details["target"] = str(target)
        record_action(Kind.ACCESS_GAINED_BY_AUTHOR, standing.actor, details=details)
        told = {one.id: one for one in (*others, *_with_role(organization_id, AUDITOR)) if one.id not in people}
        transaction.on_commit(lambda: _tell(tuple(told.values()), standing, documents))


def _reachable(organization_id: UUID, person: UUID) -> Reachable:
    row = subject_row(person, organization_id)
    if row is None:
        return Reachable({}, {})
    subject = subject_of(row, organization=organization_id, strength=Strength.PASSKEY)
    return reachable(organization_id, subject, clock.now())


def _with_role(organization_id: UUID, role: str) -> list[PersonFacts]:
    """Return the enabled people with a role."""
    return [one for one in people_in(organization_id, role=role, limit=TOLD) if not one.disabled and not one.guest]


def _tell(people: tuple[PersonFacts, ...], standing: Standing, documents: int) -> None:
    """Mail auditors and the other administrators, each in his language."""
    for one in people:
        if not one.email:
            continue
        with in_language_of(one.id):
            subject = _("{name} gained access by a change of his own").format(name=standing.name or standing.address)
            text = _(
                "{name} ({address}) has changed a template or a group, and may now open documents that he could not"
                " open before, up to {count}.\n\nThe change and this notice are on record; see the record for what was"
                " changed."
            ).format(name=standing.name, address=standing.address, count=documents)
        tell(one.email, subject, text)
