"""The owner of a mail domain takes over the organization of its individuals, a week after having said so.

Either an administrator of the organization that has proven the domain does, or one of its individuals, who proves it by
the DNS and becomes the first administrator.  The rules are in docs/protocol.md P34.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.policy.permission import Permission
from portal.languages import grouped
from portal.notifications.take_overs import mail_take_over_announced, mail_taken_over
from portal.throttle import retry_after
from portal.usecases.caller import caller_at
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, moment_in_words
from portal.usecases.domain_lookup import look_up
from portal.usecases.domains import BURST, RATE
from portal.usecases.effects import Effect, effect
from portal.words.domain_checks import check_in_words
from protection.selectors.counts import count_documents
from tenants import naming
from tenants.actor import Actor
from tenants.context import in_schema
from tenants.directory.errors import DomainRefused, NotHere, NotPermitted
from tenants.directory.models import Person
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.domains import domains_in, organization_of_domain
from tenants.directory.selectors.people import PersonFacts, addressees, count_members
from tenants.directory.selectors.take_overs import TakeOverRow, is_individual_of, take_over_row
from tenants.directory.services.take_over import (
    Announced,
    claim_take_over,
    take_over,
)
from tenants.directory.services.take_over import (
    announce_take_over as announce_service,
)
from tenants.directory.services.take_over import (
    cancel_take_over as cancel_service,
)
from tenants.homes.selectors import home_of_domain
from tenants.homes.services.homes import forget_home
from tenants.organizations.selectors import OrganizationFacts, individuals_of, organization_by_id

MOST_MAILED: Final = 10_000


@dataclass(frozen=True, slots=True)
class TakeOverFacts:
    """What a person can do about the individuals of a mail domain, and the record by which they prove it."""

    domain: str
    by: str
    """Their organization that has proven the domain; "" where they prove it for the one of the individuals."""
    challenge: str
    announced_at: datetime | None
    due_at: datetime | None
    """None, as before the first announcement, once that has lapsed."""

    @property
    def is_due(self) -> bool:
        """Tell whether it was announced long enough ago, and not so long that it has lapsed."""
        return self.due_at is not None and self.due_at <= timezone.now()


@dataclass(frozen=True, slots=True)
class _Taker:
    organization: OrganizationFacts
    domain: str
    person: UUID
    by: OrganizationFacts | None
    row: TakeOverRow | None

    @property
    def by_id(self) -> UUID | None:
        return None if self.by is None else self.by.id


def take_over_of(*, actor: Actor, domain: str) -> TakeOverFacts:
    """Return what the caller can take over, with their record for the DNS.  Raises NameRefused and NotHere."""
    taker = _taker(actor, domain)
    if taker.by is None:
        challenge = claim_take_over(organization_id=taker.organization.id, person_id=taker.person, by=None)
    else:
        challenge = _record_of(taker.by.id, taker.domain)
    row = taker.row
    return TakeOverFacts(
        domain=taker.domain,
        by="" if taker.by is None else taker.by.name,
        challenge=challenge,
        announced_at=None if row is None else row.announced_at,
        due_at=None if row is None else row.due_at,
    )


def announce_take_over(*, actor: Actor, domain: str, without_dns: bool = False, stated: Stated) -> Effect:
    """Prove the domain and tell its people that it is taken over in a week, after asking.

    Raises NameRefused, NotHere, DomainRefused and what ``confirmed`` raises.
    """
    taker = _taker(actor, domain)
    _require_proof(taker, without_dns=without_dns)

    def act(reason: str) -> Announced:
        made = announce_service(
            organization_id=taker.organization.id,
            domain=taker.domain,
            person_id=taker.person,
            by=taker.by_id,
            reason=reason,
            actor=actor,
        )
        if made.new:
            mail_take_over_announced(
                _others(taker), taker.organization, domain=taker.domain, taker=_named(actor, taker), due=made.due_at
            )
        return made

    made = confirmed(_announcing(taker), stated, act)
    done = _("The people of {domain} are told. From {when} on you can take it over.")
    already = _("It is announced already: from {when} on you can take {domain} over.")
    values = {"domain": taker.domain, "when": moment_in_words(made.due_at)}
    said = done.format(**values), already.format(**values)
    return effect(made.new, *said, domain=taker.domain, due_at=made.due_at)


def carry_out_take_over(*, actor: Actor, domain: str, without_dns: bool = False, stated: Stated) -> Effect:
    """Take the organization over, after asking.  Raises what ``announce_take_over`` and ``take_over`` raise."""
    taker = _taker(actor, domain)
    _require_proof(taker, without_dns=without_dns)

    def act(reason: str) -> None:
        readers = _others(taker)
        take_over(
            organization_id=taker.organization.id,
            domain=taker.domain,
            person_id=taker.person,
            by=taker.by_id,
            reason=reason,
            actor=actor,
        )
        if taker.by is None and home_of_domain(taker.domain) is not None:
            forget_home(domain=taker.domain)
        mail_taken_over(readers, taker.organization, domain=taker.domain, taker=_named(actor, taker))

    confirmed(_taking_over(taker), stated, act)
    return effect(
        True,
        _("You administer the organization of {domain} now.").format(domain=taker.domain),
        "",
        domain=taker.domain,
        origin=taker.organization.origin,
    )


def cancel_take_over(*, actor: Actor, domain: str) -> Effect:
    """Call an announced take-over off.  Raises NameRefused and NotHere."""
    taker = _taker(actor, domain)
    cancel_service(organization_id=taker.organization.id, person_id=taker.person, by=taker.by_id, actor=actor)
    done = _("You do not take {domain} over. Nothing has changed for its people.")
    return effect(True, done.format(domain=taker.domain), "", domain=taker.domain)


def _taker(actor: Actor, domain: str) -> _Taker:
    """Return as whom the caller takes over.  The refusal is the same whether nobody protects there or others may."""
    if actor.person_id is None or actor.application:
        raise NotPermitted(_("An application takes nothing over. Sign in as a person."))
    normal = naming.mail_domain(domain)
    found, owner = individuals_of(normal), organization_of_domain(normal)
    by = None if owner is None else organization_by_id(owner)
    if found is not None and found.is_active and _may(actor, actor.person_id, found, normal, by):
        row = take_over_row(found.id, actor.person_id, owner)
        return _Taker(found, normal, actor.person_id, by, row)
    raise NotHere(
        _("There is nothing of {domain} that you could take over: nobody protects there, or others own it.").format(
            domain=normal
        )
    )


def _may(actor: Actor, person_id: UUID, found: OrganizationFacts, domain: str, by: OrganizationFacts | None) -> bool:
    if by is None:
        return is_individual_of(found.id, person_id, domain)
    here = caller_at(by, Person.objects.get(id=person_id), ip=actor.ip, source=actor.source)
    return here.member and ADMINISTRATOR in here.roles and here.may(Permission.DOMAINS_MANAGE)


def _require_proof(taker: _Taker, *, without_dns: bool) -> None:
    """Ask the DNS now: what was proven once may be somebody else's by now.  Raises DomainRefused."""
    if without_dns or (taker.by is not None and _without_record(taker.by.id, taker.domain)):
        if not settings.CHANCERY_EMBEDDED:
            raise DomainRefused(
                _("Only an installation on your own machine accepts a domain without the DNS. Publish the record.")
            )
        return
    wait = retry_after(f"domain {taker.person}", rate=RATE, burst=BURST)
    if wait:
        raise DomainRefused(_("The DNS was asked often just now. Try again in {seconds} seconds.").format(seconds=wait))
    text = _record_of(taker.by.id, taker.domain) if taker.by else "" if taker.row is None else taker.row.challenge
    if not text:
        raise DomainRefused(_("Look at your record for the DNS first, and publish it."))
    answer = look_up(taker.domain, text)
    if not answer.found:
        said = check_in_words(answer.result, taker.domain, resolver=answer.resolver, seen=answer.seen)
        raise DomainRefused(said)


def _record_of(organization_id: UUID, domain: str) -> str:
    return next((one.challenge for one in domains_in(organization_id) if one.domain == domain), "")


def _without_record(organization_id: UUID, domain: str) -> bool:
    return any(one.domain == domain and one.found_at is None for one in domains_in(organization_id))


def _others(taker: _Taker) -> list[PersonFacts]:
    found = addressees(taker.organization.id, search="", limit=MOST_MAILED, guests=False)
    return [one for one in found if one.id != taker.person]


def _named(actor: Actor, taker: _Taker) -> str:
    who = actor.address if actor.name == actor.address else f"{actor.name} ({actor.address})"
    return who if taker.by is None else _("{person} of {organization}").format(person=who, organization=taker.by.name)


def _size(taker: _Taker) -> str:
    with in_schema(taker.organization.schema_name):
        documents = count_documents()
    people = count_members(taker.organization.id)
    return " ".join(
        (
            ngettext("{number} person protects there.", "{number} people protect there.", people).format(
                number=grouped(people)
            ),
            ngettext("{number} document is protected.", "{number} documents are protected.", documents).format(
                number=grouped(documents)
            ),
        )
    )


def _announcing(taker: _Taker) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Announce to take {domain} over?").format(domain=taker.domain),
        consequences=(
            _size(taker),
            _("They are mailed today that you can take it over in seven days, and who you are."),
            _("Until then nothing changes. They may save what is theirs, take access away, or leave."),
            *_meaning(taker),
        ),
        button=_("Announce it"),
        confirm=taker.domain,
        typed=True,
        needs_reason=True,
        needs_fresh=True,
    )


def _taking_over(taker: _Taker) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Take {domain} over?").format(domain=taker.domain),
        consequences=(_size(taker), *_meaning(taker), _("This cannot be undone.")),
        button=_("Take it over"),
        confirm=taker.domain,
        typed=True,
        needs_reason=True,
        needs_fresh=True,
    )


def _meaning(taker: _Taker) -> tuple[str, ...]:
    """Say what changes by it and what does not, in the words that the handbook has."""
    return (
        _(
            "You become its administrator: you see the names of documents, who may open them and who did, and may take"
            " access away. You open nothing by it; no role does."
        ),
        _("Everything that is protected opens as before, for owners and recipients."),
        _(
            "People with no other address sign in anew by a mailed code; passwords, second factors, devices and tokens"
            " of before end. Who has another address keeps what is theirs as a guest, until they prove this one again."
        ),
        _("Who has not signed in for a year has left: two administrators can hand their documents over."),
        _("It stays an organization of its own beside {organization}, which new people of the domain join.").format(
            organization=taker.by.name
        )
        if taker.by is not None
        else _("New people of the domain join it, and you say from then on who is in it."),
    )
