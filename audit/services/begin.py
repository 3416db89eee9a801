"""Begin a ledger: the first epoch of a new organization, or the next one after a restore (docs/protocol.md P28)."""

from dataclasses import dataclass

from django.db import connection, transaction

from audit import statements
from audit.models import Ledger
from audit.services.record import record
from audit.services.sequence import append
from audit.statements import Personal
from chancery.ledger.merkle import EMPTY_ROOT, Frontier


@dataclass(frozen=True, slots=True)
class Begun:
    """The epoch that began."""

    epoch: int
    origin: str


def begin(*, base_domain: str, organization_id: str) -> str:
    """Start the first epoch of the current organization's ledger and return its origin.

    The origin names the base domain at this moment and never changes for the epoch, whatever the host is called later.
    """
    return _new_epoch(base_domain, organization_id).origin


@transaction.atomic
def begin_again(
    *, base_domain: str, organization_id: str, kind: str, checkpoint: str, reason: str, personal: Personal
) -> Begun:
    """Start the next epoch of a restored ledger; its first leaf is the event that states the last known checkpoint.

    Events that the restored database holds without a number follow in the new epoch.  Must run as the owner of the
    tables, since it settles the transaction ids of another server.
    """
    with connection.cursor() as cursor:
        # The sequencer that numbers events now holds the newest row; the next epoch begins when it is done.
        cursor.execute("select 1 from audit_ledger order by epoch desc limit 1 for update")
    begun = _new_epoch(base_domain, organization_id)
    event = record(
        kind=kind,
        outcome="done",
        personal=personal,
        details={"checkpoint": checkpoint, "epoch": begun.epoch, "reason": reason},
    )
    with connection.cursor() as cursor:
        cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (below,) = cursor.fetchone()
        cursor.execute(statements.ONE_LEAF, {"id": event})
        append(cursor, epoch=begun.epoch, frontier=Frontier(), rows=cursor.fetchall(), horizon=below)
        cursor.execute(statements.SETTLE_RESTORED, {"id": event, "below": str(below)})
    return begun


def _new_epoch(base_domain: str, organization_id: str) -> Begun:
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(epoch), 0) + 1 from audit_ledger")
        (epoch,) = cursor.fetchone()
    origin = f"{base_domain}/ledger/{organization_id}/{epoch}"
    Ledger.objects.create(epoch=epoch, origin=origin, root=EMPTY_ROOT)
    return Begun(epoch, origin)
