"""Set access to a document to end at a moment, change that moment, cancel it; and carry out what is due."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection, transaction

from chancery.errors import InvalidPolicy, NotFound
from chancery.ledger.kinds import Kind
from chancery.policy.case import Basis
from chancery.policy.days import LAST_MOMENT
from chancery.texts import message
from protection.actor import OF_ADMINISTRATORS, Actor
from protection.models import Content, ScheduledRevocation
from protection.selectors.decisions import ADMINISTRATOR
from protection.services.access import managed_content
from protection.services.change import Widening
from protection.services.feed import touch
from protection.services.paused import refuse_paused
from protection.services.recording import record_action
from protection.services.restore import owners_may_restore
from protection.services.revoke import (
    MAX_WORDS,
    Recipient,
    Revocation,
    check_revocation,
    meant_by,
    raise_revision,
    take_back,
)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A revocation that was set: its id, its moment before, None if there was none, and whether anything is new."""

    id: UUID
    before: datetime | None
    changed: bool


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """A revocation that came to its moment: the document, from whom ("" for everybody), and what they read."""

    cid: UUID
    name: str
    message: str
    changed: bool


@transaction.atomic
def schedule_revocation(*, actor: Actor, cid: UUID, revocation: Revocation, at: int) -> Scheduled:
    """Let access end at a moment, in seconds since 1970; a second call for the same recipient changes the first.

    Licenses that are kept are invalidated now, since some would outlive the moment; those that are issued from now on
    end with it.  Raises NotFound, InvalidPolicy, Widening and what ``check_revocation`` raises.
    """
    content, basis = managed_content(actor, cid)
    check_revocation(actor, content, revocation)
    if not now_of_database() < at <= LAST_MOMENT:
        raise InvalidPolicy(message("This moment has passed already, or is too late."))
    name = "" if revocation.recipient is None else revocation.recipient.name
    row = ScheduledRevocation.objects.filter(content=content, address=name).first()
    loses = row is not None and (
        at > row.at
        or row.by_administrator != (basis == ADMINISTRATOR)
        or (row.issuer_too and not revocation.issuer_too)
    )
    if row is not None and loses:
        # Who takes an end over could then cancel it.
        _require_own(actor, basis, row)
    before = None if row is None else datetime.fromtimestamp(row.at, UTC)
    wanted = {
        "at": at,
        "issuer_too": revocation.issuer_too,
        "reason": revocation.reason[:MAX_WORDS],
        "message": revocation.message[:MAX_WORDS],
        "successor_id": revocation.successor,
    }
    if row is not None and all(getattr(row, member) == value for member, value in wanted.items()):
        return Scheduled(row.id, before, changed=False)
    sooner = row is None or at < row.at or (revocation.issuer_too and not row.issuer_too)
    row = row or ScheduledRevocation(
        content=content,
        address=name,
        identity=None if revocation.recipient is None else meant_by(content, revocation.recipient),
    )
    for member, value in wanted.items():
        setattr(row, member, value)
    row.set_by, row.by_administrator = actor.as_json(), basis == ADMINISTRATOR
    row.save()
    if sooner:
        raise_revision(content)
        content.save(update_fields=["rev"])
    else:
        touch()
    _record(Kind.REVOCATION_SCHEDULED, actor, content, row, basis)
    return Scheduled(row.id, before, changed=True)


@transaction.atomic
def cancel_revocation(*, actor: Actor, scheduled: UUID) -> None:
    """Let access not end at the moment that was set.  Raises NotFound, PausedGivesNothing and Widening."""
    cid = ScheduledRevocation.objects.filter(id=scheduled).values_list("content_id", flat=True).first()
    if cid is None:
        raise _unknown()
    content, basis = managed_content(actor, cid)
    row = ScheduledRevocation.objects.filter(id=scheduled).first()
    if row is None:
        raise _unknown()
    _require_own(actor, basis, row)
    refuse_paused(actor)
    row.delete()
    touch()
    _record(Kind.REVOCATION_CANCELED, actor, content, row, basis)


def carry_out_next(skipped: set[UUID]) -> CarriedOut | None:
    """Turn one revocation that is due into one that was made; None where nothing is left to do.

    The caller's transaction holds it together with the mails.  The decision has counted it since its moment; what
    could not be locked now is put into ``skipped`` and left to the next sweep.
    """
    while True:
        due = ScheduledRevocation.objects.filter(at__lte=now_of_database()).exclude(id__in=skipped)
        found = due.order_by("at", "id").values_list("id", "content_id").first()
        if found is None:
            return None
        identity, cid = found
        skipped.add(identity)
        # The document's lock comes first, as in every change of it.
        content = Content.objects.select_for_update(skip_locked=True).filter(cid=cid).first()
        row = due.model.objects.filter(id=identity, at__lte=now_of_database()).first()
        if content is not None and row is not None:
            return _carry_out(content, row)


def _carry_out(content: Content, row: ScheduledRevocation) -> CarriedOut:
    """Revoke as the person who set it; what an owner set is the present owner's will by now."""
    actor = Actor.from_json(row.set_by, permissions=OF_ADMINISTRATORS if row.by_administrator else frozenset())
    made = take_back(
        actor,
        content,
        ADMINISTRATOR if row.by_administrator else Basis.OWNER.value,
        Revocation(
            recipient=Recipient(row.address, row.identity) if row.address else None,
            reason=row.reason,
            message=row.message,
            successor=row.successor_id,
            issuer_too=row.issuer_too,
        ),
    )
    if not row.by_administrator and actor.person not in {content.deciding_issuer, content.owner_id}:
        Content.objects.filter(cid=content.cid, revoked_by=actor.person).update(revoked_by=content.owner_id)
        content.revocations.filter(revoked_by=actor.person).update(revoked_by=content.owner_id)
    row.delete()
    return CarriedOut(content.cid, row.address, row.message, made.changed)


def may_unset(actor: Actor, basis: str, *, by_administrator: bool, setter: UUID) -> bool:
    """Tell whether a person who manages a document may cancel or put off what was set: as with giving back (P18)."""
    if actor.person == setter:
        return True
    if basis == ADMINISTRATOR:
        return by_administrator
    return not by_administrator or owners_may_restore()


def _require_own(actor: Actor, basis: str, row: ScheduledRevocation) -> None:
    if not may_unset(actor, basis, by_administrator=row.by_administrator, setter=UUID(row.set_by["person"])):
        raise Widening(
            message("Another person set this end of access, and you may not put it off."),
            remedy=message("Ask {who} to change or cancel it.", who=row.set_by["address"] or row.set_by["name"]),
        )


def _record(kind: Kind, actor: Actor, content: Content, row: ScheduledRevocation, basis: str) -> None:
    details = {
        "basis": basis,
        "until": row.at,
        "note": row.reason,
        "recipient": "one" if row.address else "",
        "issuer_too": row.issuer_too,
    }
    record_action(
        kind,
        actor,
        content=content,
        recipient=row.address,
        details={name: value for name, value in details.items() if value},
    )


def _unknown() -> NotFound:
    return NotFound(message("There is no such scheduled revocation, or you may not see it."))


def now_of_database() -> int:
    """Return the only clock, in seconds since 1970 (docs/protocol.md P26)."""
    with connection.cursor() as cursor:
        cursor.execute("select floor(extract(epoch from clock_timestamp()))::bigint")
        return int(cursor.fetchone()[0])
