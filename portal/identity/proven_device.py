"""The device of a request at an organization: proven, or refused and recorded."""

from typing import Final
from uuid import UUID

from django.http import HttpRequest

from audit.selectors.people import known_people
from audit.services.count_unauthenticated import count_unauthenticated
from audit.services.hourly_count import nth_this_hour
from chancery.errors import ChanceryError
from portal.identity.addresses import client_address
from portal.identity.proof import ProvenDevice, prove, refuse_replay
from protection.actor import Actor
from protection.services.refuse_proof import refuse_proof
from tenants.directory.selectors.people import membership_at, named_person
from tenants.organizations.selectors import OrganizationFacts

RECORDED_AN_HOUR: Final = 10
"""How many refused proofs of one person an organization records in an hour, in each process; further ones it counts."""


def proven_device(
    request: HttpRequest, person: UUID, organization: OrganizationFacts, *, once: bool = True
) -> ProvenDevice:
    """Return the device that made the proof of this request; a wrong proof goes into the organization's ledger.

    Raises the errors of ``chancery.objects``.  Of a person who has nothing to do with the organization the refusals are
    counted like those of people not signed in, and so are a member's after the first few of an hour: a thief of a
    token, or a client in a loop, fills no ledger. ``once`` looks whether the proof was used before; licensing finds
    that out by its own record.
    """
    try:
        device = prove(request, person)
        if once:
            refuse_replay(request)
    except ChanceryError as error:
        _record(organization, person, client_address(request), error)
        raise
    return device


def _record(organization: OrganizationFacts, person: UUID, address: str, error: ChanceryError) -> None:
    """Record a refusal, or count it where it would fill the ledger."""
    stranger = membership_at(organization.id, person) is None and not known_people([person])
    number = 0 if stranger else nth_this_hour(place=organization.schema_name, who=str(person))
    if stranger or number > RECORDED_AN_HOUR:
        count_unauthenticated(place=organization.schema_name, address=address)
    else:
        refuse_proof(actor=_named(person, address), error=error, last=number == RECORDED_AN_HOUR)


def _named(person: UUID, address: str) -> Actor:
    """Return whom the token names, since the device did not prove it."""
    known = named_person(person)
    return Actor(
        person=person,
        address="" if known is None else known.email,
        name="" if known is None else known.name,
        ip=address,
        source="api",
        application=known is not None and known.is_service,
    )
