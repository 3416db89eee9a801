"""Where a person has been licensed what others granted them."""

from collections.abc import Collection, Iterable
from uuid import UUID

from tenants.directory.models import Address, LicensedAt, Membership
from tenants.organizations.models import Host, Organization
from tenants.organizations.selectors import OrganizationFacts, facts_of


def licensed_at(person: UUID, *, without: Collection[UUID] = ()) -> dict[UUID, OrganizationFacts]:
    """Return the active organizations that licensed something to the person and have not disabled them."""
    disabled = Membership.objects.of_person(person).filter(disabled=True).values("organization_id")
    ids = LicensedAt.objects.filter(person_id=person).exclude(organization_id__in=[*without])
    rows = Organization.objects.filter(id__in=ids.values("organization_id"), state=Organization.State.ACTIVE)
    hosts = Host.objects.filter(is_primary=True, organization__in=rows)
    found = hosts.exclude(organization_id__in=disabled).select_related("organization").order_by("organization__name")
    return {one.organization_id: facts_of(one.organization, one.name) for one in found}


def licensed_under(organization: UUID, addresses: Iterable[str]) -> dict[str, UUID]:
    """Return the people who have proven one of the addresses and were licensed something by the organization."""
    licensed = LicensedAt.objects.filter(organization_id=organization).values("person_id")
    rows = Address.objects.filter(address__in=list(addresses), person_id__in=licensed).exclude(proven_by="")
    return dict(rows.values_list("address", "person_id"))
