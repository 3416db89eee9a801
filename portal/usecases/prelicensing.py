"""Send licenses ahead: to recipients' devices, before they open, so that they need no network for it (promise C117)."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from chancery.errors import InvalidPolicy
from chancery.policy.policy import Principal
from chancery.texts import message
from portal.subjects.device_holders import DeviceHolders
from portal.usecases.caller import Caller
from protection.services.prelicense import prelicense
from protection.services.prelicense_request import MAX_RECIPIENTS, Prelicensed, PrelicenseRequest


def prelicense_recipients(
    *, caller: Caller, cid: UUID, seal: bytes | None, to: Sequence[str] | None = None, after: str = ""
) -> Prelicensed:
    """Issue licenses for a document's recipients, or for these addresses among them; a call gives 1,000 at most.

    The interface lets people in who may protect here: of others the caller learns what the organization may know.
    ``seal`` is the digest of the edition's seal, None for the newest edition; ``after`` goes on where the call before
    ended.  Raises InvalidPolicy for what is no address, and what the service raises.
    """
    if to is not None and not 1 <= len(to) <= MAX_RECIPIENTS:
        raise InvalidPolicy(
            message("Name 1 to {number} recipients.", number=MAX_RECIPIENTS),
            remedy=message("Name them in parts, or none to mean everyone whom the policy names by address."),
        )
    return prelicense(
        directory=DeviceHolders(caller.organization),
        asked=PrelicenseRequest(
            organization=caller.organization,
            iss=str(settings.CHANCERY_BASE_URL),
            actor=caller.actor,
            cid=cid,
            seal=seal,
            to=None if to is None else tuple(Principal.of_address(address).value for address in to),
            after=after,
        ),
    )
