"""A claimed mail domain is proven: from now on the organization speaks for the addresses in it."""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.access import end_access, end_credentials, forget_sign_in, let_sign_in
from tenants.directory.change import note, raise_epochs
from tenants.directory.errors import DomainRefused, NotHere
from tenants.directory.fresh_start import start_afresh
from tenants.directory.models import Address, FormerDomainOwner, MailDomain, Membership, Person
from tenants.directory.revocations import record_revocation
from tenants.events import DirectoryKind

TextRecords = Callable[[str], Iterable[str]]


@transaction.atomic
def prove_domain(*, organization_id: UUID, domain: str, text_records: TextRecords, actor: Actor) -> None:
    """Look for the challenge among the domain's TXT records and take the domain over when it is there.

    ``text_records`` asks the DNS; an interface that has asked already, or that accepts a domain without the DNS on the
    person's own machine, passes the challenge itself.  People who hold an address there become members for the future
    (docs/protocol.md P12) and start afresh.
    """
    normal = naming.mail_domain(domain)
    address_holders.lock_domain(normal, for_change=True)
    row = MailDomain.objects.within(organization_id).select_for_update().filter(domain=normal).first()
    if row is None:
        raise NotHere(_("{domain} has not been claimed.").format(domain=normal))
    if row.proven_at is not None:
        return
    taken = MailDomain.objects.of_installation().filter(domain=normal, proven_at__isnull=False)
    if taken.exists():
        raise DomainRefused(_("{domain} is proven by another organization.").format(domain=normal))
    if row.record_text not in {record.strip() for record in text_records(normal)}:
        raise DomainRefused(_("The DNS of {domain} does not hold the text yet.").format(domain=normal))
    row.proven_at = timezone.now()
    row.save(update_fields=["proven_at"])
    _vouch_for_own_people(organization_id, normal, actor)
    _part_from_holders_of_before(organization_id, normal)
    _take_over_holders(organization_id, normal, actor)
    note(kind=DirectoryKind.DOMAIN_PROVEN, organizations=[organization_id], actor=actor, details={"domain": normal})


def _vouch_for_own_people(organization_id: UUID, domain: str, actor: Actor) -> None:
    """Addresses that the organization asserted before the proof become proven, unless somebody else proved them."""
    asserted = Address.objects.filter(asserted_by_id=organization_id, domain=domain, proven_by="")
    for row in asserted.select_related("person"):
        if address_holders.prover_of(row.address) is not None:
            continue
        known = address_holders.has_proof(row.person_id)
        row.proven_by = Address.Proof.ORGANIZATION
        row.proven_at = timezone.now()
        row.save(update_fields=["proven_by", "proven_at"])
        let_sign_in(row.person_id, row.address, proven=True)
        if not known:
            start_afresh(row.person_id, address=row.address, actor=actor)


def _part_from_holders_of_before(organization_id: UUID, domain: str) -> None:
    """Take the addresses from accounts whose proof ended with an owner of before.

    Their mailboxes are the new owner's, and would enter accounts that have documents, grants and places elsewhere.
    An account that is left without any address is closed.  People who open by mailed codes do so no longer: they
    are the organization's, and sign in.
    """
    if FormerDomainOwner.objects.filter(domain=domain).exclude(organization_id=organization_id).exists():
        address_holders.part_from_outsiders(Address.objects.filter(domain=domain))
    Address.objects.filter(domain=domain, coded_until__gt=timezone.now()).update(coded_until=timezone.now())
    rows = Address.objects.filter(domain=domain, proven_by="", proven_at__isnull=False)
    held = list(rows.values_list("person_id", "address"))
    rows.delete()
    people = {person_id for person_id, _address in held}
    for person_id, address in held:
        forget_sign_in(person_id, address)
    for person_id in people:
        if not Address.objects.filter(person_id=person_id).exists():
            end_access(person_id)
            end_credentials(person_id)
            Person.objects.filter(id=person_id).update(is_active=False)
    raise_epochs(people)
    record_revocation(people)


def _take_over_holders(organization_id: UUID, domain: str, actor: Actor) -> None:
    """Everybody who has a proven address in the domain becomes a member; a guest of before becomes one too.

    A person who was no member until now proved the address while the domain was somebody else's or nobody's, so they
    prove it anew.  With another proven address they could sign in without: then the address leaves their account, and
    they become no member.  The organization's own members keep what they sign in with.
    """
    rows = Address.objects.filter(domain=domain).exclude(proven_by="").order_by("address")
    held: dict[UUID, str] = dict(rows.values_list("person_id", "address"))
    raise_epochs(held)
    for person_id in sorted(held):
        if _must_prove_anew(organization_id, person_id, domain, actor):
            address_holders.revoke_proof(rows.filter(person_id=person_id))
            record_revocation([person_id])
            continue
        membership, created = Membership.objects.of_installation().get_or_create(
            organization_id=organization_id, person_id=person_id, defaults={"added_by": person_id}
        )
        if not created and not membership.guest:
            continue
        if membership.guest:
            membership.guest = False
            membership.save(update_fields=["guest"])
        if person_id != actor.person_id:
            start_afresh(person_id, address=held[person_id], actor=actor)


def _must_prove_anew(organization_id: UUID, person_id: UUID, domain: str, actor: Actor) -> bool:
    members = Membership.objects.within(organization_id).filter(
        person_id=person_id, guest=False, removed_at__isnull=True
    )
    return person_id != actor.person_id and not members.exists() and address_holders.proven_outside(person_id, domain)
