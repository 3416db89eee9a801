"""People whose organization is not here: they protect in one of their mail domain that nobody administers.

Who has an address of a public mail domain gets an organization of their own.  Nothing is made for people who only read.
The rules are in docs/protocol.md P34.
"""

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import ChanceryError
from chancery.texts import message
from portal.languages import grouped
from portal.throttle import retry_after
from portal.usecases.confirmation import ConfirmationPrompt, Stated, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.organizations import begin_service, erase_organization
from portal.usecases.preferences import set_preferences
from portal.usecases.revocations import suspend_organization
from protection.selectors.counts import count_documents
from protection.services.unlink_identity import unlink_identity
from tenants import naming
from tenants.actor import Actor
from tenants.context import in_schema
from tenants.directory import address_holders
from tenants.directory.errors import DirectoryRefused, NotHere, NotPermitted
from tenants.directory.roles import ADMINISTRATOR, USER
from tenants.directory.selectors.addresses import proof_of
from tenants.directory.selectors.domains import organization_of_domain
from tenants.directory.selectors.people import membership_at
from tenants.directory.services.create_person import create_person
from tenants.homes.selectors import home_of_domain
from tenants.organizations.selectors import OrganizationFacts, individuals_of, organization_by_id
from tenants.organizations.services.found_individuals import TooManyIndividuals, found_individuals
from tenants.public_mail import is_public_mail_domain

RATE: Final = 1 / 600
BURST: Final = 10.0
"""How often organizations are started from one network address, per second and at once."""

Kind = Literal["member", "domain", "personal", "elsewhere"]


class TooManyStarted(ChanceryError):
    """No more organizations of individuals are made, from there or here, for now or for good."""

    code = "too_many_started"


@dataclass(frozen=True, slots=True)
class StartOffer:
    """Where a person would protect under one of their addresses, if they wanted to.

    ``member``: they can already, in ``organization``.  ``elsewhere``: the owner of their mail domain decides, ``why``
    says so.  Else it is the organization of the mail domain that nobody administers, or a personal one.
    """

    address: str
    domain: str
    kind: Kind
    organization: OrganizationFacts | None = None
    why: str = ""


def start_offer(*, actor: Actor, address: str) -> StartOffer:
    """Return what ``start_organization`` would do.  Raises NameRefused, and NotPermitted for an unproven address."""
    person_id = _person(actor)
    normal = naming.address(address)
    domain = naming.domain_of(normal)
    proof = proof_of(person_id, normal)
    if not proof:
        raise NotPermitted(
            _("{address} is not proven to be yours. Sign in with a code that is mailed to it.").format(address=normal)
        )
    owner = organization_of_domain(domain)
    if owner is not None:
        return _at_the_owner_s(person_id, normal, domain, owner)
    if home_of_domain(domain) is not None or proof != "person":
        why = _("People of {domain} have their accounts at another installation, and protect there.")
        return StartOffer(normal, domain, "elsewhere", why=why.format(domain=domain))
    public = is_public_mail_domain(domain)
    found = individuals_of(domain, person_id if public else None)
    if found is not None and _is_member(found.id, person_id):
        return StartOffer(normal, domain, "member", found)
    return StartOffer(normal, domain, "personal" if public else "domain")


@transaction.atomic
def start_organization(*, actor: Actor, address: str, name: str = "") -> Effect:
    """Give a person a place to protect in: the organization of their mail domain, or a personal one.

    It is made when the first person of the domain asks, and joined by those who follow.  Asked again, nothing changes.
    ``name`` is how the person is called, where they want to say.  Raises NameRefused, DirectoryRefused and
    TooManyStarted.
    """
    person_id = _person(actor)
    if not settings.CHANCERY_INDIVIDUALS:
        raise NotPermitted(
            _("This installation makes no organizations for individuals. Ask an administrator of yours to add you.")
        )
    address_holders.lock_domain(naming.domain_of(naming.address(address)))
    offer = start_offer(actor=actor, address=address)
    if offer.kind == "elsewhere":
        raise DirectoryRefused(offer.why)
    found = offer.organization
    if found is None:
        found = _place(actor, offer)
    if naming.one_line(name):
        set_preferences(person_id=person_id, name=name, actor=actor)
    done = (
        _("You can protect files now. {address} has an organization of its own here, which is yours alone.")
        if offer.kind == "personal"
        else _("You can protect files now, in the organization of {domain}. Nobody administers it yet.")
    )
    return effect(
        offer.kind != "member",
        done.format(address=offer.address, domain=offer.domain),
        _("You can protect files already, in {organization}.").format(organization=found.name),
        id=str(found.id),
        name=found.name,
        slug=found.slug,
        origin=found.origin,
    )


def end_personal_organization(*, actor: Actor, stated: Stated) -> Effect:
    """Erase the person's own organization with its key, once that is confirmed: nothing protected there opens again.

    It is asked about before it is tried, since a key that is destroyed does not come back with a transaction.  Raises
    NotHere and what ``require_confirmation`` raises.
    """
    found = individuals_of("", _person(actor))
    if found is None:
        raise NotHere(_("You have no organization of your own."))
    with in_schema(found.schema_name):
        documents = count_documents()
    reason = require_confirmation(_ending(found, documents), stated)
    if found.is_active:
        suspend_organization(organization_id=found.id, reason=reason, actor=actor)
    erase_organization(organization_id=found.id, reason=reason, actor=actor)
    return effect(True, _("{organization} is erased.").format(organization=found.name), "", documents=documents)


def _ending(found: OrganizationFacts, documents: int) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Erase your organization {organization}?").format(organization=found.name),
        consequences=(
            ngettext(
                "{number} document opens for nobody any more, you and its recipients included. Save it first without"
                " protection if you need it.",
                "{number} documents open for nobody any more, you and their recipients included. Save them first"
                " without protection if you need them.",
                documents,
            ).format(number=grouped(documents)),
            _("Its key, its audit log and its settings are destroyed. Your account stays."),
            _("This cannot be undone."),
        ),
        button=_("Erase it"),
        confirm=found.name,
        typed=True,
        needs_reason=True,
        needs_fresh=True,
    )


def _person(actor: Actor) -> UUID:
    if actor.person_id is None or actor.application:
        raise NotPermitted(_("An application has no mail domain. Sign in as a person."))
    return actor.person_id


def _place(actor: Actor, offer: StartOffer) -> OrganizationFacts:
    """Make the organization where there is none, and the person its member."""
    person, personal = actor.person_id, offer.kind == "personal"
    wait = retry_after(f"individuals {actor.ip}", rate=RATE, burst=BURST)
    if wait:
        raise TooManyStarted(
            message("Many organizations were started from your network just now."),
            remedy=message("Try again in {minutes} minutes.", minutes=-(-wait // 60)),
        )
    try:
        made, new = found_individuals(
            domain=offer.domain,
            person_id=person if personal else None,
            name=offer.address if personal else offer.domain,
            actor=actor,
        )
    except TooManyIndividuals as error:
        raise TooManyStarted(
            message("This installation makes no more organizations for individuals at the moment."),
            remedy=message("Ask its operator to allow more.") if error.for_good else message("Try again tomorrow."),
        ) from error
    if not made.is_active:
        raise DirectoryRefused(_("The organization of {domain} is suspended.").format(domain=offer.domain))
    with in_schema(made.schema_name):
        first = create_person(
            organization_id=made.id,
            address=offer.address,
            role=ADMINISTRATOR if personal else USER,
            founder=True,
            # Who had left comes back as somebody new, as in any organization.
            let_go=unlink_identity,
            actor=actor,
        )
    if new:
        begin_service(made, first, contact=offer.address if personal else "", actor=actor)
    return made


def _at_the_owner_s(person_id: UUID, address: str, domain: str, owner: UUID) -> StartOffer:
    """Return the place that the owner of the mail domain gave the person, or that it gave them none."""
    organization = organization_by_id(owner)
    if organization is not None and _is_member(owner, person_id):
        return StartOffer(address, domain, "member", organization)
    why = _("{domain} belongs to the organization {organization}. Ask its administrators to add you.").format(
        domain=domain, organization="" if organization is None else organization.name
    )
    return StartOffer(address, domain, "elsewhere", why=why)


def _is_member(organization_id: UUID, person_id: UUID) -> bool:
    place = membership_at(organization_id, person_id)
    return place is not None and not place.guest and not place.disabled
