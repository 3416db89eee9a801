"""Begin a ledger: the first epoch of a new organization, or the next one after a restore."""

from django.db import connection, transaction

from audit.models import Ledger
from audit.tree.merkle import EMPTY_ROOT


@transaction.atomic
def begin(*, base_domain: str, organization_id: str) -> str:
    """Start the next epoch of the current organization's ledger and return its origin (PROTOCOL P28).

    The origin names the base domain at this moment and never changes for the epoch, whatever the host is called later.
    """
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(epoch), 0) + 1 from audit_ledger")
        (epoch,) = cursor.fetchone()
    origin = f"{base_domain}/ledger/{organization_id}/{epoch}"
    Ledger.objects.create(epoch=epoch, origin=origin, root=EMPTY_ROOT)
    return origin
