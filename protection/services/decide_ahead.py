"""Decide about licenses that are issued ahead of an opening, to people who are not asking (docs/protocol.md P23).

Each license is decided for its recipient by the same rule as an opening.  What the asker learns of others is how many
licenses each got, and whom that can tell something is fixed here (docs/security.md): a person whom the organization
does not know, one without a device and one who does not exist read the same, and nothing depends on what only another
organization knows (P20).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from django.db import connection

from chancery.crypto.suites import suite_named
from chancery.errors import LedgerHasGap, NotFound
from chancery.names import domain_of
from chancery.policy.case import Allow, Case, Deny, OrganizationFacts, Request
from chancery.policy.evaluate import evaluate
from chancery.policy.policy import Enforcement, Policy, Principal, PrincipalKind
from chancery.policy.reasons import Reason
from chancery.policy.revocations import entry_of, issuer_shut_out
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content, TenantKey
from protection.selectors.budgets import paused_people
from protection.selectors.editions import newest_seal
from protection.selectors.licensing import CONTENT_STATE, ContentState, content_state, service_state
from protection.services.access import basis_of
from protection.services.paused import refuse_paused
from protection.services.prelicense_request import (
    MAX_LICENSES,
    MAX_RECIPIENTS,
    GrantedAhead,
    HeldDevice,
    Holder,
    Holders,
    MayNotPrelicense,
    NotAhead,
    PrelicenseRequest,
    ReadAhead,
    RecipientResult,
)
from protection.services.register_on_first_use import SendWholeLicense


def read_document(asked: PrelicenseRequest) -> ReadAhead:
    """Read the document as the deciding statement does; only who may ask learns that it exists."""
    content = Content.objects.filter(cid=asked.cid).values_list("pl_digest", "tenant_key_id").first()
    if content is None:
        raise _unknown()
    with connection.cursor() as cursor:
        cursor.execute(
            CONTENT_STATE.format(schema=""),
            {"pls": [bytes(content[0])], "seals": [asked.seal or newest_seal(asked.cid)], "reader": asked.actor.person},
        )
        row = dict(zip((column.name for column in cursor.description), cursor.fetchone(), strict=True))
    state, service = content_state(row), service_state(row)
    if state is None:
        raise _unknown()
    # The asker's own first opening says nothing about others; where it would count, no license is given ahead.
    state = replace(state, facts=replace(state.facts, first_opened=None))
    _require_owner(asked.actor, state, service.now)
    if service.ledger_has_gap:
        raise LedgerHasGap
    if state.edition is None:
        raise SendWholeLicense(message("The service does not know this document or this edition of it yet."))
    paused = paused_people() if row["budgets"] else frozenset()
    if asked.actor.person in paused:
        refuse_paused(asked.actor)
    suite = TenantKey.objects.values_list("suite", flat=True).get(id=content[1])
    return ReadAhead(state, service, suite, row["budgets"], paused)


def _unknown() -> NotFound:
    return NotFound(message("There is no such document, or you may not manage it."))


def _require_owner(actor: Actor, state: ContentState, now: int) -> None:
    facts = state.facts
    if actor.person in {facts.issuer, facts.owner}:
        if actor.person != facts.owner and issuer_shut_out(facts, now):
            raise MayNotPrelicense(message("Your access to this document is blocked."))
        return
    if basis_of(actor, facts.issuer, facts.owner) is None:
        raise _unknown()
    raise MayNotPrelicense(
        message("Licenses are sent ahead by the document's owner or the person who protected it only.")
    )


def page_of_recipients(asked: PrelicenseRequest, state: ContentState) -> tuple[list[str], str]:
    """Return the next addresses to decide about in their order, and the last of them where others follow."""
    facts = state.facts
    named = (who.value for who in (facts.policy or Policy()).index if who.kind is PrincipalKind.ADDRESS)
    wanted = {*named, *(one.address for one in facts.personal)} if asked.to is None else set(asked.to)
    rest = sorted(address for address in wanted if address > asked.after)
    page = rest[:MAX_RECIPIENTS]
    return page, page[-1] if len(rest) > len(page) else ""


def kept_from_addresses(state: ContentState) -> list[str]:
    """Return the addresses from which the document is kept: people or groups, which only their organization knows."""
    return [who.value for who in _kept_from(state) if who.kind is PrincipalKind.ADDRESS]


def _kept_from(state: ContentState) -> Iterator[Principal]:
    """Yield every entry by which somebody is denied, or had access taken back."""
    facts = state.facts
    yield from () if facts.policy is None else facts.policy.deny
    yield from map(entry_of, facts.revoked_addresses)
    yield from (entry_of(one.name) for one in facts.scheduled if one.name)


def decide_ahead(
    asked: PrelicenseRequest, read: ReadAhead, addresses: Sequence[str], holders: Holders
) -> tuple[list[RecipientResult], list[GrantedAhead], str]:
    """Decide about each address until the call is full; then the last one that was decided about is returned too."""
    results: list[RecipientResult] = []
    given: list[GrantedAhead] = []
    never = _never_ahead(asked, read, holders)
    for address in addresses:
        found = never or _about(asked, read, address, holders)
        licenses = [] if isinstance(found, str) else found
        if given and len(given) + len(licenses) > MAX_LICENSES:
            return results, given, results[-1].recipient
        given += licenses
        results.append(RecipientResult(address, len(licenses), found if isinstance(found, str) else ""))
    return results, given, ""


def _never_ahead(asked: PrelicenseRequest, read: ReadAhead, holders: Holders) -> str:
    """Return why nobody gets a license of this document ahead, "" where it depends on the recipient."""
    policy = read.state.facts.policy
    if policy is None:
        return ""
    # An enrolled device belongs to an account, so this one condition is met by everybody who can get a license here.
    conditions = (policy.conditions, read.service.conditions)
    if any(set(one.as_json()) - {"account_required"} for one in conditions):
        return NotAhead.CONDITIONS
    if policy.enforcement is Enforcement.VIEWER:
        return NotAhead.VIEWER_ONLY
    if policy.expires_after_opening_days is not None:
        return NotAhead.COUNTS_FROM_OPENING
    if any(_is_elsewhere(asked.organization, who, holders) for who in _kept_from(read.state)):
        return NotAhead.DECIDED_WHEN_OPENED
    return ""


def _is_elsewhere(organization: UUID, who: Principal, holders: Holders) -> bool:
    """Tell whether only another organization knows whom an entry means: the answer would tell who is in its groups."""
    match who.kind:
        case PrincipalKind.ADDRESS:
            return who.value not in holders.groups and domain_of(who.value) not in holders.domains
        case PrincipalKind.DOMAIN:
            return who.value not in holders.domains
        case PrincipalKind.ORGANIZATION:
            return who.value != str(organization)
        case PrincipalKind.AUTHENTICATED:
            return False


def _about(asked: PrelicenseRequest, read: ReadAhead, address: str, holders: Holders) -> str | list[GrantedAhead]:
    """Return the licenses of one recipient, or why they get none."""
    holder = holders.found.get(address)
    if holder is None:
        return NotAhead.GROUP if address in holders.groups else NotAhead.NO_DEVICE
    person = holder.whole
    if holder.disabled:
        # What only another organization knows reads as if there were no device.
        return Reason.PERSON_DISABLED
    if person.person in read.paused and asked.names(person.person):
        return Reason.OPENINGS_PAUSED
    if not holder.devices or person.outsider or not person.active or person.person in read.paused:
        return NotAhead.NO_DEVICE
    if read.budgeted and person.person == asked.actor.person:
        # Their own openings count; a stolen sign-in must not get around that by sending licenses to itself.
        return NotAhead.OPENINGS_COUNTED
    if person.handovers:
        # Which of two holders an entry means can depend on organizations that this one knows nothing of.
        return NotAhead.DECIDED_WHEN_OPENED
    kem = suite_named(read.suite).kem
    strong = [one for one in holder.devices if one.keys.encryption.kem.is_as_strong_as(kem)]
    if not strong:
        return NotAhead.WEAK_DEVICE
    decided = [(device, _decision(asked, read, holder, device)) for device in strong]
    licenses = [GrantedAhead(holder, device, made, uuid4()) for device, made in decided if isinstance(made, Allow)]
    return licenses or next(made for _, made in decided if isinstance(made, str))


def _decision(asked: PrelicenseRequest, read: ReadAhead, holder: Holder, device: HeldDevice) -> Allow | str:
    """Decide by what the organization may know of the person, and only if all that is known of them allows it too."""
    case = Case(_organization(asked, read), read.state.facts, holder.visible, Request(), read.service.now)
    visible = evaluate(replace(case, subject=replace(holder.visible, device=device.facts)))
    if isinstance(visible, Deny):
        own = visible.reason in {Reason.PERSON_DISABLED, Reason.DEVICE_REVOKED, Reason.PLATFORM_OFF}
        return NotAhead.NO_DEVICE if own else visible.reason
    if isinstance(evaluate(replace(case, subject=replace(holder.whole, device=device.facts))), Deny):
        return NotAhead.DECIDED_WHEN_OPENED
    return visible if visible.offline_until > read.service.now else NotAhead.ONLINE_ONLY


def _organization(asked: PrelicenseRequest, read: ReadAhead) -> OrganizationFacts:
    """Return the organization as the licensing path sees it; that it is running is asked when the event is recorded."""
    return OrganizationFacts(
        id=asked.organization,
        key_available=read.state.key_usable,
        platforms_off=read.service.platforms_off,
        conditions=read.service.conditions,
        max_license_days=read.service.max_license_days,
    )
