"""Whom an address means, when somebody wants to withdraw from one recipient alone."""

from chancery.policy.policy import Principal
from protection.services.revoke import Recipient
from tenants.directory.models import Group
from tenants.directory.selectors.people import reader_of


def recipient_of(address: str) -> Recipient:
    """Return the recipient of an address: the person who reads its mail, the group that has it, or nobody yet.

    The caller does not learn which, since people and groups of other organizations are opaque to them
    (docs/protocol.md P20).  Raises InvalidPolicy for what is no address.
    """
    normal = address_of(address)
    identity = reader_of(normal)
    if identity is None:
        identity = Group.objects.of_installation().filter(address=normal).values_list("id", flat=True).first()
    return Recipient(normal, identity)


def address_of(text: str) -> str:
    """Return the spelling under which an address is kept and compared.  Raises InvalidPolicy."""
    return Principal.of_address(text).value
