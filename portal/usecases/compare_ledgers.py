"""Compare every ledger with the checkpoint that is kept outside the database, before the first license.

See docs/protocol.md P28.
"""

import logging

from protection.keys import checkpoints
from protection.selectors.organization import is_activated
from protection.services.receive_checkpoint import knows_what_was_signed
from tenants.context import in_organization
from tenants.organizations.models import Organization
from tenants.organizations.selectors import organizations

logger = logging.getLogger(__name__)


def compare_ledgers() -> None:
    """Stop licensing where a database was restored that does not know what its log has signed.

    Done whenever a web process has connected to the database, so also when a copy was put in its place while the
    service ran.  An operator confirms the restore (``confirm_restore``), and licensing goes on.
    """
    for organization in organizations():
        if not checkpoints.kept(organization.id) or organization.state == Organization.State.ERASED:
            continue
        with in_organization(organization.id):
            if not is_activated():
                logger.error("The ledger of %s is gone, though a checkpoint of it is kept.", organization.slug)
                continue
            knows_what_was_signed(organization.id)
