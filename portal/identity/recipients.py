"""Who an address means, when somebody wants to withdraw from one recipient alone."""

from protection.errors import NotFound
from protection.licensing.policy import Principal, PrincipalKind
from protection.services.revoke import Recipient
from tenants.directory.models import Group
from tenants.directory.selectors.people import holder_of


def recipient_of(address: str) -> Recipient:
    """Return the person who has proven the address, or the group that has it.  Raises NotFound and InvalidPolicy."""
    normal = Principal.parse(f"{PrincipalKind.ADDRESS}:{address}").value
    identity = holder_of(normal)
    if identity is None:
        identity = Group.objects.of_installation().filter(address=normal).values_list("id", flat=True).first()
    if identity is None:
        raise NotFound(
            "Nobody here has this address.", remedy="Revoke the document, or remove the address from its policy."
        )
    return Recipient(identity, normal)
