"""From the directory's row to the ``Subject`` that the protection package decides about."""

from uuid import UUID

from chancery.crypto.suites import KEMS
from chancery.policy.policy import Strength
from chancery.policy.subject import DeviceFacts, Group, Membership, Subject
from tenants.directory.selectors.people import memberships_of
from tenants.directory.selectors.subject import DeviceKeys, Place, SubjectRow, subject_row
from tenants.organizations.models import Organization


def subject_of(row: SubjectRow, *, organization: UUID, strength: Strength, network: str = "") -> Subject:
    """Build the subject of one request at one organization.

    ``organization`` is the id of the organization whose content is asked for: who is disabled there is refused there,
    whatever they are elsewhere.
    """
    ends = None if row.device is None else row.device.ends_at
    return Subject(
        person=row.person_id,
        addresses=row.addresses,
        memberships=frozenset(Membership(place.organization_id, place.guest) for place in row.places if _counts(place)),
        groups=tuple(
            Group(group.id, group.organization_id, group.address, group.live, group.until) for group in row.groups
        ),
        domains=row.domains,
        device=None if row.device is None else _device(row.device),
        strength=strength,
        active=_may_be_licensed(row, organization),
        blocked=bool(row.blocks),
        network=network,
        outsider=row.by_code or ends is not None,
        session_ends=None if ends is None else int(ends.timestamp()),
        handovers=row.handovers,
    )


def is_active(row: SubjectRow, organization: UUID | None) -> bool:
    """Tell whether the person may act at all: at an organization, or with nothing at the base domain.

    Whom the organization blocks may not, which is no reason of theirs to be refused anywhere else.
    """
    return _may_be_licensed(row, organization) and not (organization is not None and row.blocks)


def _may_be_licensed(row: SubjectRow, organization: UUID | None) -> bool:
    """Tell whether the person is disabled nowhere where it counts.

    Disabled means: by the installation, by the organization that is asked, or by the one that vouches for an address of
    theirs.  An organization that merely invited somebody, or entered their address without having proven its domain,
    cannot lock them out of the rest.  Somebody all of whose organizations are suspended may not act either.  See
    docs/protocol.md P19.
    """
    if not _is_enabled(row, organization):
        return False
    home = [place for place in row.places if not place.guest]
    return not home or any(place.state == Organization.State.ACTIVE for place in home)


def is_disabled(person: UUID) -> bool:
    """Tell whether the installation, or the organization that vouches for the person, lets them not even sign in."""
    place = next(iter(memberships_of(person)), None)
    row = None if place is None else subject_row(person, place.organization_id)
    return row is not None and not _is_enabled(row, None)


def is_blocked(person: UUID, organization: UUID) -> bool:
    """Tell whether an organization keeps the person out."""
    row = subject_row(person, organization)
    return row is not None and bool(row.blocks)


def may_act(person: UUID) -> bool:
    """Tell whether the person may act at the base domain, where no organization is asked."""
    place = next(iter(memberships_of(person)), None)
    if place is None:
        return True
    row = subject_row(person, place.organization_id)
    return row is not None and is_active(row, None)


def _is_enabled(row: SubjectRow, organization: UUID | None) -> bool:
    return row.is_active and not any(
        place.disabled and (place.organization_id == organization or (place.vouches and not place.guest))
        for place in row.places
    )


def _counts(place: Place) -> bool:
    return not place.disabled and place.state == Organization.State.ACTIVE


def device_facts(device: UUID, platform: str, kem_name: str, *, revoked: bool = False) -> DeviceFacts:
    """Return a device as decisions see it; ``kem_name`` is the key encapsulation of its encryption key."""
    kem = KEMS.get(kem_name)
    return DeviceFacts(id=device, platform=platform, post_quantum=kem is not None and kem.post_quantum, revoked=revoked)


def _device(keys: DeviceKeys) -> DeviceFacts:
    return device_facts(keys.id, keys.platform, keys.encryption_kem, revoked=keys.revoked)
