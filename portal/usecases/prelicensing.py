"""Send licenses ahead: to recipients' devices, before they open, so that they need no network for it (promise C117)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from chancery.errors import InvalidPolicy
from chancery.objects.licenses_file import SUFFIX, LicensesFile
from chancery.policy.permission import Permission
from chancery.policy.policy import Principal
from chancery.sealing.layout import SUFFIX as SEALED
from chancery.texts import message
from portal import clock
from portal.subjects.device_holders import DeviceHolders
from portal.usecases.caller import Caller
from portal.usecases.sight import names_person, sight_of
from protection.selectors.documents import document_for
from protection.services.prelicense import prelicense
from protection.services.prelicense_request import MAX_RECIPIENTS, Prelicensed, PrelicenseRequest, RecipientResult
from protection.services.statement import organization_statement
from tenants.organizations.selectors import hosts_of


def prelicense_recipients(
    *,
    caller: Caller,
    cid: UUID,
    seal: bytes | None,
    to: Sequence[str] | None = None,
    after: str = "",
    whole: bool = False,
) -> Prelicensed:
    """Issue licenses for a document's recipients, or for these addresses among them; a call gives 1,000 at most.

    The interface lets people in who may protect here: of others the caller learns what the organization may know.
    ``seal`` is the digest of the edition's seal, None for the newest edition; ``after`` goes on where the call before
    ended, ``whole`` asks for all of them in this call.  Raises InvalidPolicy for what is no address, and what the
    service raises.
    """
    if to is not None and not 1 <= len(to) <= MAX_RECIPIENTS:
        raise InvalidPolicy(
            message("Name 1 to {number} recipients.", number=MAX_RECIPIENTS),
            remedy=message("Name them in parts, or none to mean everyone whom the policy names by address."),
        )
    watches = caller.may(Permission.DOCUMENTS_READ_ALL)
    sight = sight_of(caller=caller) if watches else None
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
            whole=whole,
            names=lambda person: sight is not None and names_person(sight, person, audits=watches),
        ),
    )


@dataclass(frozen=True, slots=True)
class LicensesSent:
    """What each recipient got, and the licenses file with its name; ``file`` is b"" where nobody got one."""

    results: tuple[RecipientResult, ...]
    name: str
    file: bytes


def licenses_file_for(*, caller: Caller, cid: UUID, to: Sequence[str] | None = None) -> LicensesSent:
    """Issue licenses of the newest edition for all recipients, or these, and put them into a file to be sent along.

    For pages, which have no device that would put it together; one call's worth at most, since a reader waits for it.
    Raises what ``prelicense_recipients`` raises.
    """
    made = prelicense_recipients(caller=caller, cid=cid, seal=None, to=to, whole=True)
    title = document_for(caller.actor, cid).row.title.rpartition("/")[2]
    name = f"{title or cid}{SEALED}{SUFFIX}"
    if not made.licenses:
        return LicensesSent(made.results, name, b"")
    statement = organization_statement(
        organization=caller.organization,
        iss=str(settings.CHANCERY_BASE_URL),
        origins=tuple(str(settings.CHANCERY_BASE.origin_of(host)) for host in hosts_of(caller.organization)),
        now=clock.now(),
    )
    file = LicensesFile.of({caller.organization: statement}, list(made.licenses)).encode()
    return LicensesSent(made.results, name, file)
