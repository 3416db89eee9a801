"""A refused person asks for access: the directory says who they are, protection decides."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from chancery.errors import ChanceryError, NotFound
from chancery.policy.rights import Right, levels_beyond
from chancery.texts import say
from portal import clock
from portal.levels import level_called
from portal.subjects.subject import is_active
from portal.usecases.caller import Caller
from portal.usecases.notify import in_language_of, notify
from protection.selectors.requests import RequestRow, newest_of
from protection.selectors.why import OwnWhy, own_why
from protection.services.request_access import Asker, Heard, RequestedAccess, refusal_to_ask, request_access
from tenants import naming
from tenants.directory.selectors.domains import organization_of_domain
from tenants.directory.selectors.people import membership_at
from tenants.directory.selectors.subject import subject_row
from tenants.organizations.selectors import OrganizationFacts


@dataclass(frozen=True, slots=True)
class OwnStanding:
    """What people read about themselves and one document, and what they asked for last.

    ``levels`` are those that they can ask for now; where there is none, ``refusal`` says why.
    """

    why: OwnWhy
    asked: RequestRow | None
    levels: tuple[str, ...]
    refusal: ChanceryError | None


def explain_to_himself(
    *, caller: Caller, organization: OrganizationFacts, cid: UUID, right: Right = Right.VIEW
) -> OwnStanding:
    """Tell the caller what they may do with a document.  Raises NotFound where they have nothing to do with it."""
    why = own_why(
        organization=organization.id,
        service_active=organization.service_active,
        cid=cid,
        subject=caller.holder.subject,
        right=right,
        now=clock.now(),
    )
    refusal = refusal_to_ask(person=caller.person, cid=cid, found=why, asker=_asker(caller))
    levels = () if refusal is not None else levels_beyond(Right(name) for name in why.rights)
    return OwnStanding(why, newest_of(caller.person, cid), levels, refusal)


@transaction.atomic
def ask_for_access(
    *, caller: Caller, organization: OrganizationFacts, cid: UUID, requested: RequestedAccess
) -> tuple[RequestRow, bool]:
    """Ask, and mail owner and issuer when the request is new or wants more; return it and whether it is new.

    Raises what ``request_access`` raises.
    """
    heard = request_access(
        actor=caller.actor,
        organization=organization.id,
        service_active=organization.service_active,
        cid=cid,
        asker=_asker(caller),
        requested=requested,
        now=clock.now(),
    )
    asked = newest_of(caller.person, cid)
    if asked is None:
        raise NotFound(say("The request is not there any more."))
    if heard is not Heard.CHANGED:
        _tell_those_who_answer(asked, organization, more=heard is Heard.RAISED)
    return asked, heard is Heard.NEW


def _tell_those_who_answer(asked: RequestRow, organization: OrganizationFacts, *, more: bool) -> None:
    """Mail owner and issuer where they are reached today: the document keeps the addresses of when it was protected."""
    for person in dict.fromkeys((asked.owner_id, asked.issuer_id)):
        address = _address_today(person, organization)
        if not address:
            continue
        with in_language_of(person):
            subject = (
                _("{who} asks for more access to {document}") if more else _("{who} asks for access to {document}")
            )
            subject = subject.format(who=asked.address, document=asked.title or _("a document"))
            notify(address, subject, _question(asked, organization))


def _address_today(person: UUID, organization: OrganizationFacts) -> str:
    """Return the address that somebody signs in with if it is proven, else another one; "" for who may not act."""
    row = subject_row(person, organization.id)
    if row is None or not is_active(row, organization.id):
        return ""
    return row.email if row.email in row.addresses else min(row.addresses, default="")


def _asker(caller: Caller) -> Asker:
    """Return the caller by the address that they sign in with if it is proven, else by another one that is."""
    himself = caller.holder.subject
    proven = himself.addresses
    address = caller.address if caller.address in proven else min(proven, default="")
    return Asker(himself, address, _place_of(caller.person, address))


def _place_of(person: UUID, address: str) -> str:
    """Return the name of the person's organization that has proven the domain of an address of theirs, or ""."""
    owner = organization_of_domain(naming.domain_of(address)) if address else None
    place = None if owner is None else membership_at(owner, person)
    return "" if place is None or place.guest or place.disabled else place.name


def _question(asked: RequestRow, organization: OrganizationFacts) -> str:
    """Return the mail's text; the requester's own words come last and quoted, so that none of them passes for ours."""
    name = " ".join(asked.name.split())
    who = f"{name} ({asked.address})" if name else asked.address
    if asked.place:
        who = _("{person} of {organization}").format(person=who, organization=asked.place)
    quoted = "".join(f"> {line}\n" for line in asked.note.splitlines())
    note = _("\nNote:\n\n{text}").format(text=quoted) if quoted else ""
    page = f"{settings.CHANCERY_BASE.origin_of(organization.host)}{reverse('request', args=[asked.id])}"
    text = (
        _(
            "{who} was refused “{document}” at {organization} and asks you for access as {level}.\n\n"
            "Give access or decline: {page}\n\n"
            "Only what you answer there counts. Whoever holds a copy of the file can ask; nobody has been let in yet.\n"
        )
        if asked.reason
        else _(
            "{who} may open “{document}” at {organization} and asks you for more: access as {level}.\n\n"
            "Give access or decline: {page}\n\n"
            "Only what you answer there counts; nothing more has been given yet.\n"
        )
    ).format(
        who=who,
        document=asked.title or _("a document"),
        organization=organization.name,
        level=level_called(asked.wanted),
        page=page,
    )
    return text + note
