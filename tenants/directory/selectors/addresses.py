"""Reading the addresses of one person, as they see them themselves."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.utils import timezone

from tenants.directory.models import Address, AddressCode, MailDomain, Membership, Person


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """One address of a person.

    ``proven_by`` is ``person`` (a mailed code), ``organization`` or "" for one that is not proven.  ``organization``
    is the name of the one that manages the address, since it has proven the domain and the person is its member; then
    only its administrators take it away.  ``code_until`` is when a code ends that was mailed and not entered.
    """

    address: str
    main: bool
    proven_by: str
    proven_at: datetime | None
    signs_in: bool
    organization: str
    code_until: datetime | None


def proof_of(person_id: UUID, address: str) -> str:
    """Return by whom an address in its normal form is proven to be the person's, "" where it is not."""
    rows = Address.objects.filter(person_id=person_id, address=address)
    return rows.values_list("proven_by", flat=True).first() or ""


def addresses_of(person_id: UUID) -> tuple[OwnAddress, ...]:
    """Return the person's addresses: the main one, the others, and those for which a code is on its way."""
    now = timezone.now()
    email = Person.objects.filter(id=person_id).values_list("email", flat=True).first() or ""
    verified = set(EmailAddress.objects.filter(user_id=person_id, verified=True).values_list("email", flat=True))
    places = Membership.objects.of_person(person_id).filter(guest=False, removed_at__isnull=True)
    domains = MailDomain.objects.of_installation().filter(
        proven_at__isnull=False, organization_id__in=places.values("organization_id")
    )
    managers = dict(domains.values_list("domain", "organization__name"))
    codes = AddressCode.objects.filter(
        person_id=person_id, used_at=None, expires_at__gt=now, wrong__lt=AddressCode.MOST_WRONG
    ).values_list("address", "expires_at")
    waiting = dict(codes)
    found = [
        OwnAddress(
            address=row.address,
            main=row.address == email,
            proven_by=row.proven_by,
            proven_at=row.proven_at if row.proven_by else None,
            signs_in=bool(row.proven_by) and row.address in verified,
            organization=managers.get(row.domain, ""),
            code_until=waiting.pop(row.address, None),
        )
        for row in Address.objects.filter(person_id=person_id).order_by("address")
    ]
    found += [_waiting(address, until) for address, until in sorted(waiting.items())]
    return tuple(sorted(found, key=lambda one: (not one.main, not one.proven_by)))


def mailed_about(person_id: UUID) -> tuple[str, ...]:
    """Return the addresses that are told of a change of addresses: those the person signs in with."""
    return tuple(one.address for one in addresses_of(person_id) if one.signs_in)


def _waiting(address: str, until: datetime) -> OwnAddress:
    """Return an address that is not the person's yet."""
    return OwnAddress(
        address=address,
        main=False,
        proven_by="",
        proven_at=None,
        signs_in=False,
        organization="",
        code_until=until,
    )
