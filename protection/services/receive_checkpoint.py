"""Compare a client's knowledge of the ledger with the service's own: a restored backup knows less.

See docs/protocol.md P28.
"""

from uuid import UUID

from django.db import connection, transaction

from audit.selectors.proofs import checkpoint_at, newest_epoch
from chancery.errors import InvalidObject
from chancery.ledger.checkpoint import InvalidCheckpoint, states, verifier_key, verify, without_others
from chancery.ledger.kinds import Kind, Outcome
from chancery.texts import message
from protection.actor import Actor
from protection.keys import checkpoints, log
from protection.selectors.organization import known_gap
from protection.services.recording import record_action


def receive_checkpoint(*, organization: UUID, note: str, actor: Actor | None) -> None:
    """Raise the alarm and stop licensing when the log signed this note and the service does not know it.

    Every signed note is kept, so one that is missing was forgotten with the events under it.  Notes of earlier epochs
    are let pass: what was lost before their end has been confirmed.  Raises InvalidObject for a note that this
    organization's log never signed, with which nobody can stop anything.  ``actor`` is None for the service itself.
    """
    origin = note.partition("\n")[0]
    try:
        stated = verify(note, vkey=verifier_key(origin, log.public_half()))
    except InvalidCheckpoint as error:
        raise InvalidObject(message("The checkpoint does not verify: {error}.", error=str(error))) from error
    place, _, number = origin.rpartition("/")
    if not place.endswith(f"/ledger/{organization}") or not number.isdecimal():
        raise InvalidObject(message("The checkpoint is of another organization's ledger."))
    epoch = int(number)
    known = checkpoint_at(epoch, stated.size)
    if epoch < newest_epoch() or (known is not None and states(known, stated)):
        return
    _stop(without_others(note), actor)


def knows_what_was_signed(organization: UUID) -> bool:
    """Return whether the ledger knows the checkpoint that is kept outside the database; stop licensing if not."""
    note = checkpoints.kept(organization)
    if not note:
        return True
    epoch, size = checkpoints.place_of(note)
    if epoch < newest_epoch() or checkpoint_at(epoch, size) == note:
        return True
    receive_checkpoint(organization=organization, note=note, actor=None)
    return not known_gap()


@transaction.atomic
def _stop(note: str, actor: Actor | None) -> None:
    with connection.cursor() as cursor:
        # The number rises, so that a decision which is being recorded at this moment is made again and stops too.
        cursor.execute("update protection_feedhead set gap = %s, seq = seq + 1 where id = 1 and gap = ''", [note])
        first = cursor.rowcount == 1
    if first:
        record_action(Kind.LEDGER_GAP_FOUND, actor, outcome=Outcome.FAILED, details={"checkpoint": note})
