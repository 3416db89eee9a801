"""Whom a document names by address: those who can be written to."""

from dataclasses import dataclass
from uuid import UUID

from chancery.policy.policy import PrincipalKind
from protection.models import Content
from protection.selectors.licensing import registered_policy
from protection.selectors.requests import given_on


@dataclass(frozen=True, slots=True)
class NamedRecipients:
    """The addresses that policy and personal grants name, without those of issuer and owner."""

    title: str
    owner_address: str
    addresses: frozenset[str]


def named_recipients(cid: UUID) -> NamedRecipients:
    """Return whom a document names; for callers that have found the document for somebody."""
    content = Content.objects.get(cid=cid)
    named = {who.value for who in registered_policy(content).index if who.kind is PrincipalKind.ADDRESS}
    named |= {one.address for one in given_on(cid)}
    return NamedRecipients(
        content.title, content.owner_address, frozenset(named - {content.owner_address, content.issuer_address})
    )
