"""The device of a request at an organization: proven, or refused and on record."""

from uuid import UUID

from django.http import HttpRequest

from portal.identity.addresses import client_address
from portal.identity.proof import ProvenDevice, prove
from protection.errors import ChanceryError
from protection.events import Actor
from protection.services.refuse_proof import refuse_proof


def proven_device(request: HttpRequest, person: UUID) -> ProvenDevice:
    """Return the device that made the proof of this request; a wrong proof goes into the organization's ledger.

    Raises the errors of ``protection.licensing``.  Rate limits come before, so that nobody fills the ledger.
    """
    try:
        return prove(request, person)
    except ChanceryError as error:
        actor = Actor(person=person, address="", ip=client_address(request), source="api")
        refuse_proof(actor=actor, error=error)
        raise
