"""Background work of the protection floor, for one organization at a time.

``sequence`` gives events their numbers and signs the grown tree; the portal's schedule calls it every second or two
for organizations with something to do.
"""

from uuid import UUID

from celery import shared_task

from audit.services.report import ingest
from audit.services.sequence import sequence, sign_checkpoint
from protection.keys import log


@shared_task(name="protection.seal_ledger")
def seal_ledger(organization_id: str) -> int:
    """Empty the inbox, number what is settled and sign a checkpoint; return how many events were numbered."""
    while ingest():
        pass
    numbered = sequence()
    if numbered:
        signer = log.signer(UUID(organization_id))
        sign_checkpoint(public=signer.verify_key.raw, sign=signer.sign)
    return numbered
