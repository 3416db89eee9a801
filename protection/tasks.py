"""Background work of the protection package, for one organization at a time.

``sequence`` gives events their numbers and signs the grown tree; the portal's schedule calls it every second or two
for organizations with something to do.
"""

import logging
from uuid import UUID

from celery import shared_task

from audit.services.report import ingest
from audit.services.sequence import sequence, sign_checkpoint
from protection.keys import checkpoints, log
from protection.services.receive_checkpoint import knows_what_was_signed

logger = logging.getLogger(__name__)


@shared_task(name="protection.seal_ledger")
def seal_ledger(organization_id: str) -> int:
    """Empty the inbox, number what is settled and sign a checkpoint; return how many events were numbered.

    Where the database knows less than was signed, it was restored from an older copy: licensing stops, and nothing is
    numbered until that is confirmed, so that how much was lost can still be counted.
    """
    if not knows_what_was_signed(UUID(organization_id)):
        return 0
    while ingest():
        pass
    numbered = sequence()
    if numbered:
        signer = log.signer(UUID(organization_id))
        note = sign_checkpoint(public=signer.verify_key.raw, sign=signer.sign)
        if note is not None:
            _keep(UUID(organization_id), note)
    return numbered


def _keep(organization: UUID, note: str) -> None:
    """Keep the note outside the database; a full disk there must not stop the ledger."""
    try:
        checkpoints.keep(organization, note)
    except OSError as error:
        logger.warning("The newest checkpoint could not be kept beside the keys: %s", error.strerror)
