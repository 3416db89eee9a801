"""Invite somebody as a guest of the organization."""

from uuid import UUID

from tenants.actor import Actor
from tenants.directory.selectors.people import PersonFacts
from tenants.directory.services.create_person import create_person


def invite(*, organization_id: UUID, address: str, name: str = "", actor: Actor) -> PersonFacts:
    """Give the holder of the address a guest's place; the door that calls this sends the mail."""
    return create_person(organization_id=organization_id, address=address, name=name, guest=True, actor=actor)
