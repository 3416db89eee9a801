"""Answer a request for access: the directory says whether the person who asks is still there, and they get a mail."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chancery.errors import Conflict
from chancery.policy.rights import in_order
from chancery.policy.subject import Subject
from chancery.policy.words import rights_in_words
from chancery.texts import say
from portal import clock
from portal.languages import told
from portal.subjects.subject import is_active
from portal.subjects.visible_people import acquaintance_at
from portal.usecases.caller import Caller
from portal.usecases.confirmation import moment_in_words
from portal.usecases.effects import Effect, effect
from portal.usecases.notify import in_language_of, notify
from protection.selectors.obstacles import Change, InTheWay, in_the_way
from protection.selectors.requests import RequestRow, request_for
from protection.services.decline_access import decline_access
from protection.services.grant_access import Granted, Terms, grant_access
from tenants.directory.selectors.subject import subject_row
from tenants.organizations.selectors import OrganizationFacts


class AskerGone(Conflict):
    """The person who asked cannot open anything any more, or is not known by the address they asked under."""

    code = "asker_gone"
    remedy = say("Decline the request.")


def obstacles_of(*, caller: Caller, organization: OrganizationFacts, request: RequestRow) -> InTheWay:
    """Return what giving access would have to change, as far as this organization can see it."""
    return in_the_way(
        organization=organization.id,
        cid=request.cid,
        subject=_asker(caller, organization, request),
        address=request.address,
        now=clock.now(),
    )


@transaction.atomic
def grant_request(*, caller: Caller, organization: OrganizationFacts, request_id: UUID, terms: Terms) -> Effect:
    """Give access and notify the person; say what they may do until when, and what else was changed for it.

    Raises what ``grant_access`` raises, and AskerGone.
    """
    request = request_for(caller.actor, request_id)
    _check_asker(organization, request)
    granted = grant_access(
        actor=caller.actor,
        organization=organization.id,
        request_id=request_id,
        subject=_asker(caller, organization, request),
        terms=terms,
        now=clock.now(),
    )
    with in_language_of(request.person_id):
        notify(request.address, *_yes(caller, request, granted))
    said = _("{address} has access and may: {rights}. It ends: {end}.").format(
        address=request.address,
        rights=told(rights_in_words(in_order(granted.rights))),
        end=_("never") if granted.ends is None else moment_in_words(datetime.fromtimestamp(granted.ends, UTC)),
    )
    return effect(
        True,
        " ".join([said, *(str(_CHANGED[one]) for one in granted.changes)]),
        "",
        "",
        id=str(granted.request),
        rights=in_order(granted.rights),
        ends=granted.ends,
        changes=[one.value for one in granted.changes],
    )


_CHANGED: Final = {
    Change.RESTORE: gettext_lazy("What was taken back from them is given back."),
    Change.RENEW: gettext_lazy("Their days from the first opening begin anew."),
    Change.EXTEND: gettext_lazy("Access ends later for everybody whom the document names."),
    Change.ADMIT: gettext_lazy("The entries that kept them out are removed, for everybody whom they mean."),
}


@transaction.atomic
def decline_request(*, caller: Caller, request_id: UUID, message: str = "") -> Effect:
    """Decline and notify the person, who does not read the document's name.  Raises what ``decline_access`` raises."""
    request = request_for(caller.actor, request_id)
    decline_access(actor=caller.actor, request_id=request_id, message=message)
    with in_language_of(request.person_id):
        notify(request.address, _("Your request for access was declined"), _no(caller, request, message))
    return effect(
        True,
        _("The request of {address} is declined. Nothing about the document has changed.").format(
            address=request.address
        ),
        "",
        "",
        id=str(request.id),
        state="declined",
    )


def _yes(caller: Caller, request: RequestRow, granted: Granted) -> tuple[str, str]:
    """Return subject and text of the mail that says yes."""
    subject = _("You have access to {document}").format(document=request.title or _("the document you asked for"))
    text = _(
        "{owner} lets you open “{document}”, for which you asked on {day}.\n\n"
        "You may: {rights}.\nAccess ends: {end}.\n\n"
        "Open the file that you have; nothing has to be sent again.\n"
    ).format(
        owner=caller.address,
        document=request.title or _("the document"),
        day=_day(request.asked_at),
        rights=told(rights_in_words(in_order(granted.rights))),
        end=_end(granted.ends),
    )
    return subject, text


def _no(caller: Caller, request: RequestRow, message: str) -> str:
    """Return the text of the mail that says no."""
    text = _("{owner} declined the request for access to a document that you made on {day}.\n\n")
    said = _("The answer says:\n\n{message}\n\n").format(message=message) if message else ""
    return text.format(owner=caller.address, day=_day(request.asked_at)) + said


def _check_asker(organization: OrganizationFacts, request: RequestRow) -> None:
    """Make sure that the person who asked could use what they are granted.  Raises AskerGone.

    It is asked only when somebody answers, and why is not said: what another organization has done with the account of
    one of its people, and when, is not this organization's business (docs/protocol.md P20).
    """
    row = subject_row(request.person_id, organization.id)
    if row is None or not is_active(row, organization.id) or request.address not in row.addresses:
        raise AskerGone(
            say("The person who asked cannot open anything as {address} any more.", address=request.address)
        )


def _asker(caller: Caller, organization: OrganizationFacts, request: RequestRow) -> Subject:
    """Return the person who asks as this organization knows them; asking states that both are the same."""
    known = acquaintance_at(organization.id, request.address, inside=caller.member)
    return replace(known.subject, person=request.person_id)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def _end(seconds: int | None) -> str:
    return _("never") if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
