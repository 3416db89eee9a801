"""Remove everything the directory knows because of one organization; a part of erasing it."""

from uuid import UUID

from allauth.idp.oidc.models import Client
from django.db import transaction
from django.db.models import Q

from tenants.directory import address_holders
from tenants.directory.access import end_clients
from tenants.directory.change import raise_epochs
from tenants.directory.models import (
    Address,
    ApiClient,
    Block,
    Contact,
    Group,
    MailDomain,
    Membership,
    PendingRevocation,
    Person,
    RoleAssignment,
    RoleReceipt,
    TakeOver,
)
from tenants.directory.revocations import people_below, record_revocation


@transaction.atomic
def forget_organization(*, organization_id: UUID, keep_people: bool = False) -> None:
    """Remove the organization's groups, applications, domains and places, and the people who were only its own.

    ``keep_people`` is for an organization of individuals, who came with accounts of their own.

    Addresses that only this organization vouched for are proven no more.  The operator record keeps that it happened;
    the ledger that would record it is gone with the schema.
    """
    applications = list(ApiClient.objects.within(organization_id).values_list("client_id", flat=True))
    end_clients(applications)
    Client.objects.filter(id__in=applications).delete()
    # The row of an erased organization stays, so nothing else would ever take away what waits for its feed.
    PendingRevocation.objects.filter(organization_id=organization_id).delete()
    TakeOver.objects.of_installation().filter(Q(organization_id=organization_id) | Q(by_id=organization_id)).delete()
    Block.objects.within(organization_id).delete()
    Contact.objects.within(organization_id).delete()
    RoleAssignment.objects.within(organization_id).delete()
    RoleReceipt.objects.within(organization_id).delete()
    groups = list(Group.objects.within(organization_id).values_list("id", flat=True))
    lost = people_below(groups)
    Group.objects.within(organization_id).delete()
    domains = MailDomain.objects.within(organization_id)
    proven = sorted(domains.filter(proven_at__isnull=False).values_list("domain", flat=True))
    for domain in proven:
        address_holders.lock_domain(domain, for_change=True)
    address_holders.unlink_domains(organization_id, proven)
    domains.delete()
    vouched = Address.objects.filter(asserted_by_id=organization_id, proven_by=Address.Proof.ORGANIZATION)
    vouched_people = address_holders.revoke_proof(vouched)
    raise_epochs(vouched_people)
    places = Membership.objects.within(organization_id)
    members = list(places.filter(guest=False).values_list("person_id", flat=True))
    # What the organization gave by its groups, its domains and its word is gone for all of them.
    record_revocation(lost | set(members) | set(vouched_people))
    places.delete()
    elsewhere = set(
        Membership.objects.of_installation().filter(person_id__in=members).values_list("person_id", flat=True)
    )
    closed = set() if keep_people else set(members) - elsewhere
    address_holders.unlink_addresses(Address.objects.filter(person_id__in=closed))
    Person.objects.filter(id__in=closed).delete()
