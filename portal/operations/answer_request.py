"""Answer a request for access: the directory says whether the asker is still there, and he is told by mail."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from portal import clock
from portal.identity.acquaintance import acquaintance_at
from portal.identity.subject import is_active
from portal.operations.tell import tell
from portal.standing import Standing
from protection.errors import Conflict
from protection.licensing.rights import in_order
from protection.licensing.subject import Subject
from protection.licensing.words import rights_in_words
from protection.selectors.obstacles import InTheWay, in_the_way
from protection.selectors.requests import RequestRow, request_for
from protection.services.decline_access import decline_access
from protection.services.grant_access import Granted, Terms, grant_access
from tenants.directory.selectors.subject import subject_row
from tenants.organizations.selectors import OrganizationFacts


class AskerGone(Conflict):
    """Whoever asked cannot open anything any more, or is not known by the address he asked under."""

    code = "asker_gone"
    remedy = "Decline the request."


def obstacles_of(*, standing: Standing, organization: OrganizationFacts, request: RequestRow) -> InTheWay:
    """Return what giving access would have to change, as far as this organization can see it."""
    return in_the_way(
        organization=organization.id,
        cid=request.cid,
        subject=_asker(standing, organization, request),
        address=request.address,
        now=clock.now(),
    )


def grant_request(*, standing: Standing, organization: OrganizationFacts, request_id: UUID, terms: Terms) -> Granted:
    """Give access and tell the asker.  Raises what ``grant_access`` raises, and AskerGone."""
    request = request_for(standing.actor, request_id)
    _check_asker(organization, request)
    granted = grant_access(
        actor=standing.actor,
        organization=organization.id,
        request_id=request_id,
        subject=_asker(standing, organization, request),
        terms=terms,
        now=clock.now(),
    )
    rights = rights_in_words(in_order(granted.rights))
    tell(
        request.address,
        f"You have access to {request.title or 'the document you asked for'}",
        f"{standing.address} lets you open “{request.title or 'the document'}”, for which you asked on"
        f" {_day(request.asked_at)}.\n\nYou may: {rights}.\nAccess ends: {_end(granted.ends)}.\n\n"
        "Open the file that you have; nothing has to be sent again.\n",
    )
    return granted


def decline_request(*, standing: Standing, request_id: UUID, message: str = "") -> None:
    """Decline and tell the asker, who is not told the document's name.  Raises what ``decline_access`` raises."""
    request = request_for(standing.actor, request_id)
    decline_access(actor=standing.actor, request_id=request_id, message=message)
    said = f"The answer says:\n\n{message}\n\n" if message else ""
    tell(
        request.address,
        "Your request for access was declined",
        f"{standing.address} declined the request for access to a document that you made on"
        f" {_day(request.asked_at)}.\n\n{said}",
    )


def _check_asker(organization: OrganizationFacts, request: RequestRow) -> None:
    """Make sure that whoever asked could use what he is given.  Raises AskerGone.

    It is asked only when somebody answers, and why is not said: what another organization has done with the account of
    one of its people, and when, is not this organization's business (PROTOCOL P20).
    """
    row = subject_row(request.person_id, organization.id)
    if row is None or not is_active(row, organization.id) or request.address not in row.addresses:
        raise AskerGone(f"Whoever asked cannot open anything as {request.address} any more.")


def _asker(standing: Standing, organization: OrganizationFacts, request: RequestRow) -> Subject:
    """Return the asker as this organization knows him; that he is one and the same, he has said by asking."""
    known = acquaintance_at(organization.id, request.address, inside=standing.member)
    return replace(known.subject, person=request.person_id)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def _end(seconds: int | None) -> str:
    return "never" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
