"""The directory as the protection package asks it about people other than the caller."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from chancery.policy.policy import Strength
from chancery.policy.reasons import Reason
from chancery.policy.subject import Subject
from portal.subjects.owners import writes_for_owner
from portal.subjects.subject import is_active, subject_of
from protection.selectors.protecting import Protector
from protection.services.directory import PublisherFacts
from tenants.directory.models import Device, Person
from tenants.directory.selectors.people import membership_at
from tenants.directory.selectors.roles import writes_for
from tenants.directory.selectors.subject import SubjectRow, subject_row
from tenants.organizations.selectors import held_switches


@dataclass(frozen=True, slots=True)
class DirectoryOf:
    """``protection.services.directory.Directory`` for one organization."""

    organization: UUID

    @property
    def iss(self) -> str:
        """The base URL of this installation."""
        return str(settings.CHANCERY_BASE_URL)

    def stopped(self) -> Reason | None:
        """Return why the organization takes nothing new, read under a lock that switching it off waits for."""
        switches = held_switches(self.organization)
        if not switches.active:
            return Reason.ORGANIZATION_SUSPENDED
        return None if switches.service_active else Reason.SERVICE_INACTIVE

    def publisher(self, issuer: UUID, device: UUID | None, owner: UUID) -> PublisherFacts:
        """Return whether issuer and device may still be believed here, and the addresses to show.

        See docs/protocol.md P5.
        """
        row = subject_row(issuer, self.organization)
        places = () if row is None else row.places
        member = any(place.organization_id == self.organization and not place.guest for place in places)
        place = None if owner == issuer else membership_at(self.organization, owner)
        # Nothing is shown of a stranger: their id is readable in files that they protected elsewhere (P1, P20).
        visible = {issuer} if place is None or place.guest else {issuer, owner}
        addresses = dict(Person.objects.filter(id__in=visible).values_list("id", "email"))
        good = Device.objects.filter(revoked_at__isnull=True).exclude(blocked_by__contains=[self.organization])
        known = () if device is None else good.filter(id=device, person_id=issuer).values_list("platform", flat=True)
        platform = next(iter(known), None)
        application = row is not None and row.is_service
        writes = writes_for(self.organization, issuer) if application else None
        return PublisherFacts(
            active=row is not None and member and is_active(row, self.organization),
            device_revoked=device is not None and platform is None,
            address=addresses.get(issuer, ""),
            owner_address=addresses.get(owner, ""),
            protector=Protector(
                frozenset() if row is None else _groups(row, self.organization),
                platform or "",
                row is not None and row.is_service,
            ),
            may_publish=writes is None or writes.itself,
            may_name_owner=writes is None or owner == issuer or writes_for_owner(self.organization, writes, owner),
            name=row.name if row is not None and application else "",
        )

    def groups_of(self, person: UUID) -> frozenset[UUID]:
        """Return the groups of the organization by which something is given to a person."""
        row = subject_row(person, self.organization)
        return frozenset() if row is None else _groups(row, self.organization)

    def subject(self, person: UUID, device: UUID) -> Subject | None:
        """Return the person on this device as decisions see them, or None when either is not in the directory."""
        row = subject_row(person, self.organization, device)
        if row is None or row.device is None:
            return None
        return subject_of(row, organization=self.organization, strength=Strength.CODE)


def _groups(row: SubjectRow, organization: UUID) -> frozenset[UUID]:
    return frozenset(one.id for one in row.groups if one.live and one.organization_id == organization)
