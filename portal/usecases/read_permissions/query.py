"""Which documents a person may read now, for an application that shows them search results (docs/protocol.md P31)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from chancery.errors import ChanceryError, InvalidPolicy, NotFound
from chancery.policy.case import Request
from chancery.policy.named import is_valid
from chancery.policy.reasons import WORDS, Reason
from chancery.policy.rights import Right
from chancery.texts import message
from portal import clock
from portal.subjects.subject import subject_of
from portal.subjects.visible_people import reader_at
from portal.usecases.caller import Caller
from protection.selectors.budgets import is_paused
from protection.selectors.read_permissions import PermissionFacts, permission_facts
from protection.selectors.readable import own_permission, readable
from protection.services.read_permissions import record_query
from tenants.directory.selectors.subject import subject_row

MOST: Final = 1_000


class PermissionRefused(ChanceryError):
    """The permission gives no answer; nothing is said about documents."""


class PermissionInvalid(PermissionRefused):
    """The application has no such permission that is approved and not over."""

    code = Reason.READ_PERMISSION_INVALID.value
    remedy = WORDS[Reason.READ_PERMISSION_INVALID].next_step


class PersonNotIncluded(PermissionRefused):
    """The permission does not include the person, or is none to read for people."""

    code = Reason.OUTSIDE_READ_PERMISSION.value
    remedy = WORDS[Reason.OUTSIDE_READ_PERMISSION].next_step


@dataclass(frozen=True, slots=True)
class Readable:
    """Those of the documents asked about that the person may read now, in the order asked."""

    documents: tuple[UUID, ...]


def held_permission(*, caller: Caller, permission_id: UUID) -> PermissionFacts:
    """Return a permission to the application that holds it.  Raises NotFound for everybody else."""
    found = permission_facts(permission_id)
    if found.holder != caller.person:
        raise NotFound(message("There is no such read permission, or you may not see it."))
    return found


def readable_documents(
    *,
    caller: Caller,
    held: PermissionFacts,
    device: UUID,
    person: UUID,
    cids: Sequence[UUID],
    enforces: frozenset[Right],
) -> Readable:
    """Return what a person may read through the application, as a license request for them would be decided now.

    The question is recorded, once for all documents.  Raises PermissionRefused and InvalidPolicy.
    """
    if len(cids) > MOST:
        raise InvalidPolicy(
            message("A question is about at most {number} documents.", number=MOST),
            remedy=message("Ask in parts."),
        )
    organization = caller.organization
    own, asked = subject_row(caller.person, organization, device), subject_row(person, organization)
    if own is None:
        raise PermissionInvalid(WORDS[Reason.READ_PERMISSION_INVALID].person)
    application = subject_of(own, organization=organization, strength=caller.known_subject.strength, network=caller.ip)
    reader = None if asked is None else reader_at(organization, asked, device=application.device, network=caller.ip)
    named = own_permission(held.id, caller.person, organization, reader)
    if named is not None and named.waits:
        remedy = message("Ask an administrator to approve it, then try again.")
        raise PermissionInvalid(named.waiting_words(), remedy=remedy)
    if named is None or not is_valid(named.permission, caller.person, clock.now()):
        raise PermissionInvalid(WORDS[Reason.READ_PERMISSION_INVALID].person)
    if not named.fits or named.permission.person is None:
        raise PersonNotIncluded(WORDS[Reason.OUTSIDE_READ_PERMISSION].person)
    if is_paused(person):
        named = named.of_paused_person()
    found = readable(
        organization=organization,
        permission=named,
        application=application,
        request=Request(enforces=enforces),
        cids=cids,
    )
    record_query(
        actor=replace(caller.actor, device=device),
        permission=held,
        person=named.person_address,
        asked=cids,
        readable=len(found),
    )
    return Readable(tuple(dict.fromkeys(cid for cid in cids if cid in found)))
