"""A claimed mail domain is proven: from now on the organization speaks for the addresses in it."""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
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
from tenants.directory.services.outsiders import LAPSES_AFTER
from tenants.events import DirectoryKind

TextRecords = Callable[[str], Iterable[str]]


@transaction.atomic
def prove_domain(
    *, organization_id: UUID, domain: str, text_records: TextRecords, taken_over: bool = False, actor: Actor
) -> None:
    """Look for the challenge among the domain's TXT records and take the domain over when it is there.

    ``text_records`` asks the DNS; an interface that has asked already, or that accepts a domain without the DNS on the
    person's own machine, passes the challenge itself.  People who hold an address there become members for the future
    (docs/protocol.md P12) and start afresh.  ``taken_over`` says that members have come without anybody's word (P34):
    they do as well.
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
    _take_over_holders(organization_id, normal, actor, members_too=taken_over)
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


def _take_over_holders(organization_id: UUID, domain: str, actor: Actor, *, members_too: bool) -> None:
    """Everybody who has a proven address in the domain becomes a member; a guest of before becomes one too.

    A person who was no member until now proved the address while the domain was somebody else's or nobody's, so they
    prove it anew.  With another proven address they could sign in without: then the address leaves their account, and
    they become no member.  After a year without a sign-in the mailbox may be another person's, who must not enter the
    account: it is closed.  The organization's own members keep what they sign in with, unless ``members_too``: then
    who had left by themselves has no address in the domain any more either.
    """
    rows = Address.objects.filter(domain=domain).exclude(proven_by="").order_by("address")
    held: dict[UUID, str] = dict(rows.values_list("person_id", "address"))
    raise_epochs(held)
    own = set() if members_too else _members(organization_id, held, gone=False)
    left = _members(organization_id, held, gone=True) if members_too else set()
    for person_id in sorted(held):
        known = person_id == actor.person_id or person_id in own
        if not known and _part(person_id, domain, left=person_id in left):
            continue
        membership, _created = Membership.objects.of_installation().get_or_create(
            organization_id=organization_id, person_id=person_id, defaults={"added_by": person_id}
        )
        if not membership.guest and (known or membership.removed_at is not None):
            continue
        if membership.guest:
            membership.guest = False
            membership.save(update_fields=["guest"])
        if person_id != actor.person_id:
            start_afresh(person_id, address=held[person_id], actor=actor)


def _members(organization_id: UUID, people: Iterable[UUID], *, gone: bool) -> set[UUID]:
    rows = Membership.objects.within(organization_id).filter(
        person_id__in=list(people), guest=False, removed_at__isnull=not gone
    )
    return set(rows.values_list("person_id", flat=True))


def _part(person_id: UUID, domain: str, *, left: bool) -> bool:
    """Take the domain's addresses from an account that its mailbox alone must not lead into; tell whether it is one."""
    rows = Address.objects.filter(person_id=person_id, domain=domain).exclude(proven_by="")
    if address_holders.proven_outside(person_id, domain):
        address_holders.revoke_proof(rows)
    elif left or _is_stale(person_id, rows):
        address_holders.part_from(rows)
        end_access(person_id)
        end_credentials(person_id)
        Person.objects.filter(id=person_id).update(is_active=False)
    else:
        return False
    record_revocation([person_id])
    return True


def _is_stale(person_id: UUID, rows: QuerySet[Address]) -> bool:
    since = timezone.now() - LAPSES_AFTER
    lately = Person.objects.filter(id=person_id).filter(Q(last_login__gt=since) | Q(created_at__gt=since))
    return not lately.exists() and not rows.filter(proven_at__gt=since).exists()
