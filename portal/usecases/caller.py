"""What the signed-in person is at the organization they speak to; interfaces build it once per request.

Nobody without a place has a permission here, but they may still be somebody to whom a document was granted.
"""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from chancery.errors import NotFound
from chancery.policy.permission import Permission
from chancery.policy.policy import Strength
from chancery.policy.subject import Subject
from chancery.texts import message
from portal import clock
from portal.subjects.subject import is_active, subject_of
from protection.actor import Actor
from protection.selectors.acting import ActingFacts, acting_of
from protection.selectors.decisions import RightsOn, rights_of
from tenants.actor import Actor as DirectoryActor
from tenants.context import in_schema
from tenants.directory.models import Person
from tenants.directory.roles import GUEST, USER, permissions_of
from tenants.directory.selectors.domains import application_in_use
from tenants.directory.selectors.subject import standing_row
from tenants.organizations.selectors import OrganizationFacts


@dataclass(frozen=True, slots=True)
class Caller:
    """A person's place in one organization and what it permits."""

    person: UUID
    address: str
    name: str
    roles: frozenset[str]
    """What they hold here, directly or by a group, with the role that their place gives; none when disabled."""
    member: bool
    permissions: frozenset[Permission]
    ip: str
    source: str
    organization: UUID
    subject: Subject | None
    """The person as decisions about content see them: signed in as now, at no device; None when unknown."""
    device: UUID | None = None
    known_as: frozenset[str] = frozenset()
    """The person's proven addresses, and those of this organization's groups that hold them, nested ones too."""
    device_name: str = ""
    knows_members: bool = False
    """Whether they may learn who else is a member: not where people share an organization that nobody administers."""
    is_application: bool = False
    """Whether it is a program, which may act for people that it cannot name."""
    acting: ActingFacts | None = None
    """For whom an administrator acts, as they have declared (``portal.usecases.acting``); None for themselves."""
    active: bool = True
    """False when the person may not act here: then they neither manage nor see what they own.

    It is the rule that licenses are decided by, so a person whom their own organization has disabled is disabled here
    too.
    """

    def may(self, permission: Permission) -> bool:
        """Tell whether the role permits it; no role opens content (docs/protocol.md P18)."""
        return permission in self.permissions

    @property
    def used_second_factor(self) -> bool:
        """Whether this sign-in was one with a second factor; where nobody knows, it was not."""
        return self.subject is not None and self.subject.strength.rank >= Strength.MFA.rank

    @property
    def actor(self) -> Actor:
        """The person as the protection package judges and records them."""
        return Actor(
            person=self.person,
            address=self.address,
            name=self.name,
            permissions=self.permissions,
            ip=self.ip,
            device=self.device,
            device_name=self.device_name,
            source=self.source,
            application=self.is_application,
            addresses=frozenset() if self.member or self.subject is None else self.subject.addresses,
            acting_for=None if self.acting is None else self.acting.person,
            acting_for_address="" if self.acting is None else self.acting.address,
        )

    @property
    def known_subject(self) -> Subject:
        """The person as decisions see them.  Raises NotFound when they have left the directory."""
        if self.subject is None:
            raise NotFound(message("The person of this request is no longer registered."))
        return self.subject

    @property
    def rights_on(self) -> RightsOn:
        """What the person may do with a document by its policy now.  Raises NotFound as ``known_subject`` does."""
        return partial(rights_of, organization=self.organization, subject=self.known_subject, now=clock.now())

    @property
    def directory_actor(self) -> DirectoryActor:
        """The person as the tenants package records them."""
        return DirectoryActor(
            person_id=self.person,
            name=self.name or self.address,
            source=self.source,
            ip=self.ip,
            address=self.address,
            application=self.is_application,
            manages_roles=self.may(Permission.ROLES_MANAGE),
        )


def caller_at(
    organization: OrganizationFacts,
    person: Person,
    *,
    ip: str,
    source: str,
    strength: Strength = Strength.CODE,
) -> Caller:
    """Return the standing of a person, or of an application, whose roles are its own and not those of people.

    ``strength`` is how they are signed in; where nobody knows, the weakest way.
    """
    row = standing_row(person.id, organization.id)
    active = row is not None and is_active(row, organization.id)
    roles, member = frozenset[str](), False
    known_as: frozenset[str] = frozenset()
    subject = None
    if row is not None:
        subject = subject_of(row, organization=organization.id, strength=strength, network=ip)
        groups = (group for group in row.groups if group.live and group.organization_id == organization.id)
        known_as = row.addresses | {group.address for group in groups}
    if person.is_service:
        member = application_in_use(organization.id, person.id)
        roles = row.roles if row is not None and member else roles
    elif row is not None and active:
        place = next((place for place in row.places if place.organization_id == organization.id), None)
        if place is not None:
            member = not place.guest
            roles = row.roles | {USER} if member else frozenset({GUEST})
    permissions = permissions_of(roles)
    return Caller(
        person=person.id,
        address=person.email if row is None else row.email,
        name=person.name,
        roles=roles,
        member=member,
        knows_members=member and not organization.is_unmanaged,
        permissions=permissions,
        ip=ip,
        source=source,
        known_as=known_as,
        organization=organization.id,
        subject=subject,
        acting=_acting(organization, person.id) if Permission.DOCUMENTS_REVOKE in permissions else None,
        active=active,
        is_application=person.is_service and member,
    )


def _acting(organization: OrganizationFacts, person: UUID) -> ActingFacts | None:
    """Return for whom an administrator acts; who asks from outside the organization's tables is told by these, too."""
    with in_schema(organization.schema_name):
        return acting_of(person)
