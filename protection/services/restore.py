"""Give back what a revocation took away."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content, ContentRevocation, RegistrationState, ServiceSettings
from protection.selectors.decisions import ADMINISTRATOR
from protection.services.access import managed_content
from protection.services.change import Widening
from protection.services.feed import touch
from protection.services.paused import refuse_paused
from protection.services.recording import record_action


@dataclass(frozen=True, slots=True)
class Restored:
    """Whether anything was given back, and what is still taken back: from these addresses, from everybody.

    ``by_owner`` tells that an administrator has undone what administrators took back, and the owner has not.
    """

    changed: bool
    addresses: tuple[str, ...]
    everybody: bool
    by_owner: bool = False


@transaction.atomic
def restore(*, actor: Actor, cid: UUID, recipient: str = "") -> Restored:
    """Undo a revocation of the document, or of one recipient; issuer, owner and administrators may.

    An administrator by role brings back what issuer or owner had last set, therefore they undo what an administrator
    revoked and never what issuer or owner revoked; those undo what an administrator revoked where the organization
    lets them (docs/protocol.md P18).  Restoring what is not revoked changes nothing and is not recorded.  Raises
    NotFound, PausedGivesNothing and Widening.
    """
    content, basis = managed_content(actor, cid)
    row: Content | ContentRevocation | None = content
    if recipient:
        row = ContentRevocation.objects.filter(content=content, address=recipient).first()
    elif content.revoked_at is None:
        row = None
    released = False
    if row is not None:
        refuse_paused(actor)
        _require_may_give_back(actor, basis, content, row)
        released = basis == ADMINISTRATOR and row.revoked_by in {content.deciding_issuer, content.owner_id}
        if released:
            row.held_by = None
            row.save(update_fields=["held_by"])
        else:
            _give_back(basis, content, row)
        touch()
        record_action(
            Kind.CONTENT_RESTORED,
            actor,
            content=content,
            recipient=recipient,
            details={"basis": basis, **({"recipient": "one"} if recipient else {})},
        )
    rows = ContentRevocation.objects.filter(content=content).order_by("address")
    left = tuple(rows.values_list("address", flat=True))
    return Restored(row is not None, left, content.revoked_at is not None, released)


def may_give_back(
    actor: Actor,
    basis: str,
    *,
    taken_by: UUID | None,
    held_by: UUID | None,
    issuer: UUID | None,
    owner: UUID,
    issuer_blocked: bool = False,
) -> bool:
    """Tell whether a person who manages a document on this basis gives back what was taken back.

    ``taken_by`` is whose will it is, ``held_by`` the administrator who took it back, too.  What also shut out the
    issuer is undone by administrators alone, wherever owners undo the rest: it was taken because of them.
    """
    if basis == ADMINISTRATOR:
        return held_by is not None or taken_by not in {issuer, owner}
    return held_by in {None, actor.person} or (owners_may_restore() and not issuer_blocked)


def owners_may_restore() -> bool:
    """Tell whether owners undo what administrators revoked."""
    return bool(ServiceSettings.objects.values_list("owners_restore", flat=True).get(id=1))


def _require_may_give_back(actor: Actor, basis: str, content: Content, row: Content | ContentRevocation) -> None:
    may = may_give_back(
        actor,
        basis,
        taken_by=row.revoked_by,
        held_by=row.held_by,
        issuer=content.deciding_issuer,
        owner=content.owner_id,
        issuer_blocked=isinstance(row, Content) and row.issuer_blocked,
    )
    if may:
        return
    if basis == ADMINISTRATOR:
        raise Widening(
            message("The owner took this access back; only they give it back."),
            remedy=message("Ask the owner to restore it."),
        )
    raise Widening(
        message("An administrator took this access back; only administrators give it back."),
        remedy=message("Ask an administrator of your organization to restore it."),
    )


def _give_back(basis: str, content: Content, row: Content | ContentRevocation) -> None:
    if isinstance(row, ContentRevocation):
        row.delete()
        return
    content.revoked_at = content.revoked_by = content.held_by = None
    content.revocation_message = ""
    if content.registration == RegistrationState.REGISTERED and basis == ADMINISTRATOR:
        content.issuer_blocked = False
    content.save(
        update_fields=["revoked_at", "revoked_by", "held_by", "revocation_message", "issuer_blocked"],
    )
