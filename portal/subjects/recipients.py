"""Whom people mean by what they write: a recipient from whom access is taken back, or an entry of a policy."""

from typing import Final
from uuid import UUID

from chancery.errors import InvalidPolicy
from chancery.policy.policy import Principal, PrincipalKind
from chancery.policy.revocations import name_of
from chancery.texts import message
from protection.services.revoke import Recipient
from tenants.directory.models import Group
from tenants.directory.selectors.people import reader_of

EVERYBODY: Final = "everybody"
"""How people write that everybody of the organization is meant."""


def recipient_of(who: Principal) -> Recipient:
    """Return the recipient that an entry means: of an address who reads its mail, the group that has it, or nobody yet.

    The caller does not learn which, since people and groups of other organizations are opaque to them
    (docs/protocol.md P20).  Raises InvalidPolicy for an entry that means everybody.
    """
    if who.kind is PrincipalKind.AUTHENTICATED:
        raise InvalidPolicy(
            message("This entry means everybody."), remedy=message("Name no one to take access back from everybody.")
        )
    normal = name_of(who)
    if who.kind is not PrincipalKind.ADDRESS:
        return Recipient(normal)
    identity = reader_of(normal)
    single = identity is not None
    if not single:
        identity = Group.objects.of_installation().filter(address=normal).values_list("id", flat=True).first()
    return Recipient(normal, identity, single)


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
