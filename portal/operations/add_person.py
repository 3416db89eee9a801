"""Add a person to an organization and invite him by mail: the directory knows no mail, so the two are joined here."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.operations.tell import in_language_of, tell
from tenants import naming
from tenants.actor import Actor
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.people import PersonFacts
from tenants.directory.services.create_person import create_person
from tenants.organizations.selectors import OrganizationFacts


@dataclass(frozen=True, slots=True)
class Added:
    """Who was added, where he signs in, whether the invitation was handed to the mail server.

    ``unexpected`` says that he counts as one of the organization although his address lies in none of its domains.
    """

    person: PersonFacts
    address: str
    invited: bool
    unexpected: bool


def add_person(
    *, organization: OrganizationFacts, address: str, name: str, role: str, guest: bool, actor: Actor
) -> Added:
    """Give somebody a place and mail him where it is.  Raises DirectoryRefused and NameRefused.

    The place stands whether or not the mail leaves: it is not taken back because a mail server is down.
    """
    person = create_person(
        organization_id=organization.id, address=address, name=name, role=role, guest=guest, actor=actor
    )
    goes_to = f"{settings.CHANCERY_BASE.origin_of(organization.host)}/"
    return Added(
        person=person,
        address=goes_to,
        invited=_invite(organization.name, person, goes_to),
        unexpected=not person.guest and _lies_outside(organization, person.email),
    )


def _invite(organization: str, person: PersonFacts, goes_to: str) -> bool:
    """Mail the invitation; whoever has chosen no language, as nobody has who is new, reads that of who invites him."""
    with in_language_of(person.id, otherwise=get_language() or settings.LANGUAGE_CODE):
        subject = _("{organization} invites you to {service}")
        text = _(
            "{organization} has added {address} to the people it shares protected files with.\n\n"
            "Sign in here: {page}\n\n"
            "You need no password: choose “Get a code by mail”, and a code is sent to this address.\n"
        )
    return tell(
        person.email,
        subject.format(organization=organization, service=settings.CHANCERY_NAME),
        text.format(organization=organization, address=person.email, page=goes_to),
    )


def _lies_outside(organization: OrganizationFacts, address: str) -> bool:
    """Tell whether the address lies outside the domains the organization has proven, if it has proven any."""
    proven = {facts.domain for facts in domains_in(organization.id) if facts.proven_at is not None}
    return bool(proven) and naming.domain_of(address) not in proven
