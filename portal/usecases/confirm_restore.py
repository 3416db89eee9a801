"""Confirm that an organization's database was restored from a backup, and what was lost by it.

See docs/protocol.md P28.
"""

from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit.selectors.proofs import newest_checkpoint
from audit.services.begin import Begun, begin_again
from audit.statements import Personal
from chancery.ledger.checkpoint import InvalidCheckpoint, verifier_key, verify
from chancery.ledger.kinds import Kind
from protection.keys import checkpoints, log
from protection.selectors.organization import is_activated, known_gap
from protection.services.feed import leap
from tenants import roles
from tenants.actor import Actor
from tenants.context import in_organization
from tenants.events import DirectoryKind
from tenants.organizations.services.change_state import note_step


class NothingToConfirm(Exception):
    """The organization has no ledger, or the checkpoint is not one of its own."""


@transaction.atomic
def confirm_restore(*, organization_id: UUID, checkpoint: str | None, reason: str, actor: Actor) -> Begun:
    """Begin the next epoch of the ledger with the last checkpoint that is known.

    ``checkpoint`` is a signed note that a client or witness kept from before the restore; without one the newest counts
    that is known: by which a client showed the gap, kept beside the keys, or in the restored database.  What was
    revoked, granted or recorded after the backup is gone and has to be done again; the feed's number leaps, so that
    clients which had seen more accept it.  Raises NothingToConfirm.
    """
    with in_organization(organization_id):
        if not is_activated():
            raise NothingToConfirm("This organization has no ledger yet.")
        known = (known_gap(), checkpoints.kept(organization_id), newest_checkpoint() or "")
        last = max(known, key=checkpoints.place_of) if checkpoint is None else _own(checkpoint, organization_id)
        with roles.as_owner():
            begun = begin_again(
                base_domain=settings.CHANCERY_BASE.host,
                organization_id=str(organization_id),
                kind=Kind.LEDGER_RESTORED.value,
                checkpoint=last,
                reason=reason,
                personal=Personal(person_id=actor.person_id, name=actor.name, ip=actor.ip),
            )
        leap()
    note_step(
        organization_id=organization_id, kind=DirectoryKind.ORGANIZATION_RESTORE_CONFIRMED, reason=reason, actor=actor
    )
    return begun


def _own(note: str, organization_id: UUID) -> str:
    """Return the note if this organization's log key signed it for one of its epochs."""
    origin = note.partition("\n")[0]
    try:
        verify(note, vkey=verifier_key(origin, log.public_half()))
    except InvalidCheckpoint as error:
        raise NothingToConfirm(f"The checkpoint does not verify: {error}.") from error
    if f"/ledger/{organization_id}/" not in origin:
        raise NothingToConfirm("The checkpoint is of another organization's ledger.")
    return note
