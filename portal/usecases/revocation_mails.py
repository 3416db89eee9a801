"""Mails to those whom a revocation concerns, where it has a message for them."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from chancery.names import domain_of
from chancery.policy.policy import PrincipalKind
from chancery.policy.revocations import EVERYBODY, entry_of
from portal.notifications.mails import mail_access_taken_back
from protection.selectors.named_recipients import named_recipients
from tenants.directory.selectors.groups import groups_at
from tenants.directory.selectors.people import reader_of
from tenants.organizations.selectors import OrganizationFacts

MAILED_AT_MOST: Final = 500
"""Recipients to whom one revocation writes; more are no list of people any more."""


def write_revocation_mails(organization: OrganizationFacts, cid: UUID, name: str, message: str) -> int:
    """Write the message to those who were granted access by name and lose it; return to how many.

    ``name`` is whom the revocation concerns.  Members of groups and people of a domain are not known by name.
    """
    if not message:
        return 0
    named = named_recipients(cid)
    addresses = sorted(_concerned(organization, named.addresses, name))[:MAILED_AT_MOST]
    for address in addresses:
        mail_access_taken_back(
            address=address,
            person=reader_of(address),
            title=named.title,
            owner=named.owner_address,
            message=message,
            organization=organization,
            cid=cid,
        )
    return len(addresses)


def _concerned(organization: OrganizationFacts, named: Collection[str], name: str) -> set[str]:
    """Return the addresses among those named that lose access, without groups, which have no mailbox here."""
    meant = {one for one in named if _means(name, one)}
    return meant - set(groups_at(organization.id, sorted(meant))) if meant else set()


def _means(name: str, address: str) -> bool:
    if name == EVERYBODY:
        return True
    who = entry_of(name)
    return address == name or (who.kind is PrincipalKind.DOMAIN and domain_of(address) == who.value)
