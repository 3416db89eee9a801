"""Take over the organization of a mail domain's individuals: claim, announce, call off, carry out.

The rules are in docs/protocol.md P34.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.actor import Actor
from tenants.directory import address_holders
from tenants.directory.change import note, raise_epochs
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.models import Address, MailDomain, Membership, Person, RoleAssignment, TakeOver
from tenants.directory.role_receipts import remember_roles
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.take_overs import has_lapsed
from tenants.directory.services.prove_domain import prove_domain
from tenants.directory.services.remove_person import remove_person
from tenants.events import DirectoryKind
from tenants.organizations.models import Organization
from tenants.organizations.services.found_individuals import end_individuals
from tenants.organizations.services.record_operator import record_operator

NOTICE: Final = timedelta(days=7)
"""How long people know of it beforehand: they may save, hand over and leave."""
LEFT: Final = "No sign-in for a year before the mail domain was taken over"


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of the people: members who sign in anew, guests who have another address, and closed accounts."""

    members: int
    guests: int
    closed: int


@dataclass(frozen=True, slots=True)
class Announced:
    """From when on it can be carried out, and whether it was announced just now or had been before."""

    due_at: datetime
    new: bool


@transaction.atomic
def claim_take_over(*, organization_id: UUID, person_id: UUID, by: UUID | None) -> str:
    """Return the text that the domain's DNS must hold for this person; asking again returns the same."""
    row, _created = TakeOver.objects.of_installation().get_or_create(
        organization_id=organization_id,
        person_id=person_id,
        by_id=by,
        defaults={"challenge": secrets.token_urlsafe(24)},
    )
    return row.record_text


@transaction.atomic
def announce_take_over(
    *, organization_id: UUID, domain: str, person_id: UUID, by: UUID | None, reason: str, actor: Actor
) -> Announced:
    """Write that it is announced, where it is not or has lapsed since.

    Of two who announce at once one is refused.  An announcement of others lapses, ends when they go, and gives way to
    who has proven the domain for an organization of theirs.  Raises DirectoryRefused.
    """
    _lock(organization_id, domain, by)
    claim_take_over(organization_id=organization_id, person_id=person_id, by=by)
    rows = TakeOver.objects.within(organization_id)
    now = timezone.now()
    for other in rows.filter(announced_at__isnull=False):
        if other.due_at is None or has_lapsed(other.due_at):
            continue
        if (other.person_id, other.by_id) == (person_id, by):
            return Announced(other.due_at, new=False)
        if other.by_id == by and _is_there(other):
            raise DirectoryRefused(_("Somebody else who proved the domain has announced to take it over."))
    rows.update(announced_at=None, due_at=None)
    due = now + NOTICE
    rows.filter(person_id=person_id, by_id=by).update(announced_at=now, due_at=due, reason=reason[:500])
    _note(DirectoryKind.TAKE_OVER_ANNOUNCED, organization_id, actor, {"due": int(due.timestamp()), "reason": reason})
    return Announced(due, new=True)


@transaction.atomic
def cancel_take_over(*, organization_id: UUID, person_id: UUID, by: UUID | None, actor: Actor) -> None:
    """Call an announced take-over off.  Raises NotHere."""
    rows = TakeOver.objects.within(organization_id).filter(person_id=person_id, by_id=by)
    if not rows.filter(announced_at__isnull=False).update(announced_at=None, due_at=None):
        raise NotHere(_("You have not announced to take this organization over."))
    _note(DirectoryKind.TAKE_OVER_CANCELED, organization_id, actor, {})


@transaction.atomic
def take_over(
    *, organization_id: UUID, domain: str, person_id: UUID, by: UUID | None, reason: str, actor: Actor
) -> TakenOver:
    """Make the person the administrator of the organization, whose domain the interface has just seen to be theirs.

    Whoever has nothing but the mailbox signs in anew with it.  Who has another address is a guest from now on, and a
    member again once they prove this one; who has not signed in for a year has left.  Documents and grants stay with
    the ids that they are bound to.  Raises DirectoryRefused.
    """
    _lock(organization_id, domain, by)
    row = TakeOver.objects.within(organization_id).filter(person_id=person_id, by_id=by).first()
    if row is None or row.due_at is None or row.due_at > timezone.now() or has_lapsed(row.due_at):
        raise DirectoryRefused(_("This has to be announced seven days before, and not more than 67."))
    if by is None:
        MailDomain.objects.of_installation().update_or_create(
            organization_id=organization_id, domain=domain, defaults={"challenge": row.challenge}
        )
        prove_domain(
            organization_id=organization_id,
            domain=domain,
            text_records=lambda _domain: [row.record_text],
            taken_over=True,
            actor=actor,
        )
    end_individuals(organization_id)
    _appoint(organization_id, person_id, reason, actor)
    done = _sort(organization_id, person_id, domain, actor)
    TakeOver.objects.within(organization_id).delete()
    numbers = {"members": done.members, "guests": done.guests, "closed": done.closed}
    _note(DirectoryKind.ORGANIZATION_TAKEN_OVER, organization_id, actor, {**numbers, "reason": reason})
    record_operator(
        kind=DirectoryKind.ORGANIZATION_TAKEN_OVER, actor=actor, organization_id=organization_id, details=numbers
    )
    return done


def _lock(organization_id: UUID, domain: str, by: UUID | None) -> None:
    """Let nobody else prove the domain, start in it or take it over; refuse where it is not the taker's to take."""
    address_holders.lock_domain(domain, for_change=True)
    row = Organization.objects.select_for_update().get(id=organization_id)
    if row.individuals_domain != domain or row.individuals_person is not None:
        raise NotHere(_("Nobody of {domain} protects here on their own.").format(domain=domain))
    owner = MailDomain.objects.of_installation().filter(domain=domain, proven_at__isnull=False).first()
    if (None if owner is None else owner.organization_id) != by:
        raise DirectoryRefused(_("{domain} is proven by another organization.").format(domain=domain))


def _is_there(row: TakeOver) -> bool:
    """Tell whether whoever announced it is still where they took it over from."""
    places = Membership.objects.within(row.by_id or row.organization_id).filter(
        person_id=row.person_id, person__is_active=True, disabled=False, removed_at__isnull=True
    )
    return places.exists()


def _appoint(organization_id: UUID, person_id: UUID, reason: str, actor: Actor) -> None:
    Membership.objects.of_installation().update_or_create(
        organization_id=organization_id,
        person_id=person_id,
        defaults={"guest": False, "disabled": False, "removed_at": None},
        create_defaults={"added_by": person_id},
    )
    RoleAssignment.objects.create(
        organization_id=organization_id,
        role=ADMINISTRATOR,
        person_id=person_id,
        given_by=person_id,
        reason=reason[:500],
    )
    remember_roles(organization_id, [person_id], actor)
    raise_epochs([person_id])


def _sort(organization_id: UUID, taker: UUID, domain: str, actor: Actor) -> TakenOver:
    """Say of each other member what they are now."""
    places = Membership.objects.within(organization_id).filter(guest=False, removed_at__isnull=True)
    people = sorted(places.exclude(person_id=taker).values_list("person_id", flat=True))
    held = Address.objects.filter(person_id__in=people, domain=domain).exclude(proven_by="")
    stay = set(held.values_list("person_id", flat=True))
    closed = set(Person.objects.filter(id__in=people, is_active=False).values_list("id", flat=True)) - stay
    for person_id in sorted(closed):
        remove_person(organization_id=organization_id, person_id=person_id, reason=LEFT, actor=actor)
    guests = [one for one in people if one not in stay and one not in closed]
    # Who had left by themselves and come back has left nothing that was the organization's: the address is theirs.
    places.update(returned_at=None)
    places.filter(person_id__in=guests).update(guest=True)
    raise_epochs(guests)
    return TakenOver(len(stay), len(guests), len(closed))


def _note(kind: DirectoryKind, organization_id: UUID, actor: Actor, details: dict[str, object]) -> None:
    note(
        kind=kind,
        organizations=[organization_id],
        actor=actor,
        details={name: value for name, value in details.items() if value != ""},
    )
