"""Remove everything the directory knows because of one organization; a part of erasing it."""

from uuid import UUID

from allauth.idp.oidc.models import Client
from django.db import transaction

from tenants.directory import holders
from tenants.directory.access import end_clients
from tenants.directory.change import raise_epochs
from tenants.directory.models import Address, ApiClient, Group, MailDomain, Membership, PendingWithdrawal, Person
from tenants.directory.withdrawals import people_below, withdraw


@transaction.atomic
def forget_organization(*, organization_id: UUID) -> None:
    """Remove the organization's groups, applications, domains and places, and the people who were only its own.

    Addresses that only this organization vouched for are proven no more.  The operator record keeps that it happened;
    the ledger that would record it is gone with the schema.
    """
    applications = list(ApiClient.objects.within(organization_id).values_list("client_id", flat=True))
    end_clients(applications)
    Client.objects.filter(id__in=applications).delete()
    # The row of an erased organization stays, so nothing else would ever take away what waits for its feed.
    PendingWithdrawal.objects.filter(organization_id=organization_id).delete()
    groups = list(Group.objects.within(organization_id).values_list("id", flat=True))
    lost = people_below(groups)
    Group.objects.within(organization_id).delete()
    domains = MailDomain.objects.within(organization_id)
    proven = sorted(domains.filter(proven_at__isnull=False).values_list("domain", flat=True))
    for domain in proven:
        holders.lock_domain(domain, for_change=True)
    holders.part_from_domains(organization_id, proven)
    domains.delete()
    vouched = Address.objects.filter(asserted_by_id=organization_id, proven_by=Address.Proof.ORGANIZATION)
    vouched_people = holders.withdraw_proof(vouched)
    raise_epochs(vouched_people)
    places = Membership.objects.within(organization_id)
    members = list(places.filter(guest=False).values_list("person_id", flat=True))
    # What the organization gave by its groups, its domains and its word is gone for all of them.
    withdraw(lost | set(members) | set(vouched_people))
    places.delete()
    elsewhere = set(
        Membership.objects.of_installation().filter(person_id__in=members).values_list("person_id", flat=True)
    )
    Person.objects.filter(id__in=set(members) - elsewhere).delete()
