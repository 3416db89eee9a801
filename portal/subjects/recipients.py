"""Whom people mean by what they write: an address from which access is taken back, or an entry of a policy."""

from typing import Final
from uuid import UUID

from chancery.policy.policy import Principal, PrincipalKind
from protection.services.revoke import Recipient
from tenants.directory.models import Group
from tenants.directory.selectors.people import reader_of

EVERYBODY: Final = "everybody"
"""How people write that everybody of the organization is meant."""


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


def entry_named(text: str, organization: UUID) -> Principal:
    """Return the entry of policies that a person means: an address, a domain, or everybody of the organization.

    A domain may be written alone or after an @.  Raises InvalidPolicy.
    """
    bare = text.strip()
    if bare.casefold() == EVERYBODY:
        return Principal(PrincipalKind.ORGANIZATION, str(organization))
    domain = bare.removeprefix("@")
    if "." in domain and not set("@: ") & set(domain):
        return Principal.parse(f"{PrincipalKind.DOMAIN.value}:{domain}")
    return Principal.parse(bare)
