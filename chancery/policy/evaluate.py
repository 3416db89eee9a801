"""The decision: who may do what with one content, now (docs/protocol.md P19).

``evaluate`` is pure and total: no clock, no database, no exception.  The same function answers the API, the
explanation, the preview and the tests.  Its ten steps follow below in their order; each is a function that returns a
``Deny``, an ``Allow`` or nothing (go on).

A condition or principal that cannot be evaluated counts against the person.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from chancery.names import domain_of
from chancery.policy.case import (
    Allow,
    Basis,
    Case,
    ContentFacts,
    Decision,
    Deny,
    OrganizationFacts,
    PersonalGrant,
    Registration,
    Request,
)
from chancery.policy.named import ONLINE_SECONDS, SHORT_SECONDS, by_read_permission, by_super_user_grant
from chancery.policy.policy import Enforcement, Grant, Policy, Principal, PrincipalKind
from chancery.policy.reasons import CHANGED_HANDS, Reason
from chancery.policy.revocations import ends_for, issuer_shut_out, revoked_because
from chancery.policy.rights import ALL_RIGHTS, Right, expand, in_order, may_remove_protection
from chancery.policy.subject import Subject
from chancery.policy.unmet import Condition, Unmet, condition_ends, unmet_condition

DAY: Final = 86_400
NOBODY: Final = UUID(int=0)


def evaluate(case: Case) -> Decision:
    """Decide one opening."""
    content, subject = case.content, case.subject
    denied = _binding_on_everybody(case)
    if denied is not None:
        return denied
    if case.request.names_super_user_grant:
        return by_super_user_grant(case)
    if case.request.names_read_permission:
        return by_read_permission(case, withdrawn=_withdrawn, evaluate=evaluate)
    if subject.person == content.issuer:
        if issuer_shut_out(content, case.now):
            return Deny(Reason.ISSUER_BLOCKED)
        return _privileged(case, Basis.ISSUER)
    denied = _withdrawn(case)
    if denied is not None:
        return denied
    if subject.person == content.owner:
        return _privileged(case, Basis.OWNER)
    return _by_policy(case)


def as_disclosed(denied: Deny, case: Case) -> Deny:
    """Return what the refused person reads: for a denied or blocked person, the same as for a stranger.

    Nobody may learn that they are denied by it, neither from the words nor from what else is unmet (P19); nor
    that somebody else had their address and was granted something.
    """
    if denied.reason in CHANGED_HANDS:
        return Deny(Reason.NOT_GRANTED)
    content = case.content
    if denied.reason not in {Reason.DENIED_BY_ENTRY, Reason.BLOCKED}:
        return denied
    if content.policy is not None:
        content = replace(content, policy=replace(content.policy, grants=(), deny=()), personal=())
    if denied.reason is Reason.BLOCKED:
        # A stranger neither protected nor owns anything here.
        case = _unblocked(case)
        content = replace(content, issuer=None, owner=NOBODY)
    disclosed = evaluate(replace(case, content=content))
    return disclosed if isinstance(disclosed, Deny) else Deny(Reason.NOT_GRANTED)


def _unblocked(case: Case) -> Case:
    """Return the case of somebody like the one who asks, or for whom is read, whom nobody has blocked."""
    permission = case.request.read_permission
    if permission is not None and permission.person is not None and permission.whole is not None:
        person, whole = replace(permission.person, blocked=False), replace(permission.whole, blocked=False)
        permission = replace(permission, person=person, whole=whole)
    return replace(
        case,
        subject=replace(case.subject, blocked=False),
        request=replace(case.request, read_permission=permission),
    )


def access_ends(*, organization: OrganizationFacts, content: ContentFacts, subject: Subject, now: int) -> int | None:
    """Return when somebody whom policy or grant lets in now is let in no longer, by the same limits; None for never.

    For a person who has not opened the content yet, their own time is taken to begin now.
    """
    case = Case(organization, content, subject, Request(), now)
    last = given_to(case).ends
    return min((*_ends(case, content.policy), *(() if last is None else (last,))), default=None)


@dataclass(frozen=True, slots=True)
class Given:
    """What the policy's entries, by the names in ``names``, and personal grants give the subject of a case.

    ``ended`` are those that gave something before.
    """

    names: Mapping[Principal, UUID | None]
    grants: tuple[Grant, ...] = ()
    personal: tuple[PersonalGrant, ...] = ()
    ended: tuple[Grant | PersonalGrant, ...] = ()

    @property
    def lasting(self) -> tuple[Grant | PersonalGrant, ...]:
        """All that gives something now."""
        return (*self.grants, *self.personal)

    @property
    def rights(self) -> frozenset[Right]:
        """All rights together."""
        return expand(right for one in self.lasting for right in one.rights)

    @property
    def ends(self) -> int | None:
        """When the last of it ends; None for never."""
        ends = [one.until for one in self.lasting]
        return None if None in ends else max((end for end in ends if end is not None), default=None)

    @property
    def undiminished_until(self) -> int | None:
        """When the first of the rights ends; None for never.  What lasts longer elsewhere does not end."""
        if all(one.until is None for one in self.lasting):
            return None
        first = min(self.ends_by_right.values())
        return None if math.isinf(first) else int(first)

    @property
    def ends_by_right(self) -> dict[Right, float]:
        """When each right ends; infinite for never."""
        ends: dict[Right, float] = {}
        for one in self.lasting:
            end = math.inf if one.until is None else one.until
            ends.update((right, max(end, ends.get(right, end))) for right in expand(one.rights))
        return ends


def given_to(case: Case) -> Given:
    """Return what is given to the subject of a case, whatever else may block access."""
    policy = case.content.policy or Policy()
    names = dict(_matching(case.subject, case.content, policy))
    ends: dict[UUID | None, int] = {one.id: one.until for one in case.subject.groups if one.until is not None}
    grants = [
        _until(grant, ends.get(names[name])) if ends else grant
        for name in sorted(names.keys() & policy.index.keys())
        for grant in policy.index[name]
    ]
    personal = list(_personal(case))
    given: tuple[Grant | PersonalGrant, ...] = (*grants, *personal)
    return Given(
        names,
        tuple(one for one in grants if one.lasts(case.now)),
        tuple(one for one in personal if one.lasts(case.now)),
        tuple(one for one in given if not one.lasts(case.now)),
    )


def _until(grant: Grant, end: int | None) -> Grant:
    """Return a grant that ends when the word about a group of another installation does (docs/protocol.md P32)."""
    if end is None:
        return grant
    return replace(grant, until=end if grant.until is None else min(end, grant.until))


def stopped_organization(organization: OrganizationFacts) -> Deny | None:
    """Refuse everything of an organization that is suspended or has switched its service off, known document or not."""
    if not organization.active:
        return Deny(Reason.ORGANIZATION_SUSPENDED)
    return None if organization.service_active else Deny(Reason.SERVICE_INACTIVE)


def _binding_on_everybody(case: Case) -> Deny | None:
    """Step 1: what binds everybody, issuer and super user included."""
    organization, subject = case.organization, case.subject
    stopped = stopped_organization(organization)
    if stopped is not None:
        return stopped
    if not organization.key_available:
        return Deny(Reason.KEY_UNAVAILABLE)
    if not subject.active:
        return Deny(Reason.PERSON_DISABLED)
    if subject.blocked:
        return Deny(Reason.BLOCKED)
    if subject.paused:
        return Deny(Reason.OPENINGS_PAUSED)
    device = subject.device
    if device is not None and device.revoked:
        return Deny(Reason.DEVICE_REVOKED)
    if organization.platforms_off and (device is None or device.platform in organization.platforms_off):
        return Deny(Reason.PLATFORM_OFF)
    unmet = unmet_condition(organization.conditions, subject, case.now)
    return Deny(Reason.ORGANIZATION_CONDITION, unmet) if unmet else None


def _withdrawn(case: Case) -> Deny | None:
    """Step 4: pending registration, revoked content, or this person or a group of theirs revoked on it."""
    content = case.content
    if content.registration is not Registration.REGISTERED:
        return Deny(Reason.REGISTRATION_PENDING)
    reason = revoked_because(content, case.subject, case.now)
    return None if reason is None else Deny(reason)


def _privileged(case: Case, basis: Basis) -> Allow:
    """Step 3 and its part of step 10: OWNER, exempt from the limits of template and policy only."""
    ends = tuple(_ends(case, None))
    until = _validity(case, ends)
    return Allow(ALL_RIGHTS, basis, expires=_expiry(case, until, ends), offline_until=until)


def is_viewer_only(case: Case, allowed: Allow) -> bool:
    """Tell whether the content key must stay with the service (P23)."""
    policy = case.content.policy
    viewer = policy is not None and policy.enforcement is Enforcement.VIEWER
    return viewer and not may_remove_protection(allowed.rights)


def _by_policy(case: Case) -> Decision:
    """Steps 5 to 10 for everybody who is neither super user, issuer nor owner."""
    policy = case.content.policy
    if policy is None:
        return Deny(Reason.TEMPLATE_UNKNOWN)
    if policy.expires is not None and case.now >= policy.expires:
        return Deny(Reason.EXPIRED)
    own_end = _end_after_opening(case, policy)
    if own_end is not None and case.now >= own_end:
        return Deny(Reason.EXPIRED_AFTER_OPENING)
    given = given_to(case)
    for entry in policy.deny:
        if entry in given.names or _denied_by_reach(entry, case.subject, case.content.bindings):
            return Deny(Reason.DENIED_BY_ENTRY, entry=entry)
    unmet = unmet_condition(policy.conditions, case.subject, case.now)
    if unmet:
        return Deny(Reason.CONDITION_UNMET, unmet)
    return _united(case, policy, given)


def _end_after_opening(case: Case, policy: Policy) -> int | None:
    """Return when this person's own time with the content ends; it begins with the first opening; None for never."""
    days = policy.expires_after_opening_days
    if days is None:
        return None
    begun = case.now if case.content.first_opened is None else case.content.first_opened
    return begun + days * DAY


def _united(case: Case, policy: Policy, given: Given) -> Decision:
    """Steps 8 to 10: unite what matching entries and personal grants still give; nothing granted means denied.

    The license ends before the first of its rights does: the next one says what is left then (decision 26).
    """
    rights = given.rights
    if not rights and given.ended:
        return Deny(Reason.GRANT_ENDED)
    if not rights:
        undated = _matching(case.subject, replace(case.content, since={}), policy)
        return Deny(_why_nothing([name.value for name, _ in undated if name in policy.index], case.subject))
    # The one condition that is judged after the union: which rights are withheld is known only then, and a person who
    # is given a right needs no program that withholds it.
    withheld = (policy.conditions.enforced | case.organization.conditions.enforced) - rights
    unenforced = withheld - case.request.enforces
    if unenforced:
        return Deny(Reason.PROGRAM_DOES_NOT_ENFORCE, Unmet(Condition.ENFORCED, tuple(in_order(unenforced))))
    first = given.undiminished_until
    ends = (*_ends(case, policy), *(() if first is None else (first,)))
    until = _validity(case, ends, offline_days=policy.offline_days)
    matched, bound = tuple(dict.fromkeys(grant.who for grant in given.grants)), case.content.bindings
    resolved = ((name.value, given.names[name]) for name in matched)
    fresh = tuple((address, identity) for address, identity in resolved if identity and address not in bound)
    return Allow(
        rights,
        Basis.GRANT,
        expires=_expiry(case, until, ends),
        offline_until=until,
        lease=policy.lease,
        withheld=withheld,
        matched=matched,
        bindings=fresh,
        personal=given.personal,
    )


def _why_nothing(outlived: Collection[str], subject: Subject) -> Reason:
    """Return why no entry gives anything; these would, had their address or its domain not changed hands."""
    if not outlived:
        return Reason.NOT_GRANTED
    by_address = not subject.handovers.keys().isdisjoint(one for one in outlived if "@" in one)
    return Reason.ADDRESS_CHANGED_HANDS if by_address else Reason.DOMAIN_CHANGED_HANDS


def _personal(case: Case) -> Iterable[PersonalGrant]:
    """Yield what the subject was given beside the policy, ended or not."""
    for grant in case.content.personal:
        theirs = not grant.address or case.content.keeps(grant.address, case.subject)
        if grant.person == case.subject.person and theirs:
            yield grant


def _matching(subject: Subject, content: ContentFacts, policy: Policy) -> Iterable[tuple[Principal, UUID | None]]:
    """Yield what means this subject, of addresses those the policy names, with the immutable id where it has one.

    An entry that nobody has used means nobody any more once its address or its domain has changed hands.
    """
    bindings = content.bindings
    if not subject.outsider:
        yield from ((wide, None) for wide in _wide(subject) if not content.outlived(wide, subject))
    resolved = dict.fromkeys(subject.addresses, subject.person)
    if not subject.outsider:
        resolved.update((group.address, group.id) for group in subject.groups if group.live)
    # Somebody may be in hundreds of groups of which the policy names one.
    for address in policy.addresses.intersection(resolved):
        entry, identity = Principal(PrincipalKind.ADDRESS, address), resolved[address]
        if bindings.get(address, identity) == identity and not content.outlived(entry, subject):
            yield entry, identity
    # A renamed person keeps what was bound to the id, although the address is gone.  One who left the organization of
    # that address keeps nothing: what was granted under it was granted to one of its people.
    for address, identity in bindings.items():
        theirs = identity in subject.live_ids and address not in resolved and address in policy.addresses
        if theirs and (identity != subject.person or content.keeps(address, subject)):
            yield Principal(PrincipalKind.ADDRESS, address), identity


def _wide(subject: Subject) -> Iterable[Principal]:
    """Yield the principals that mean many people at once; outsiders match none of them (P22)."""
    yield Principal(PrincipalKind.AUTHENTICATED)
    for membership in subject.memberships:
        if not membership.guest:
            yield Principal(PrincipalKind.ORGANIZATION, str(membership.organization))
    for domain in {domain_of(address) for address in subject.addresses} & subject.domains:
        yield Principal(PrincipalKind.DOMAIN, domain)


def _denied_by_reach(entry: Principal, subject: Subject, bindings: Mapping[str, UUID]) -> bool:
    """Tell whether a deny entry reaches the subject beyond what a grant would.

    It reaches guests, any domain and any address of theirs, and groups that give nothing any more.
    """
    match entry.kind:
        case PrincipalKind.AUTHENTICATED:
            return True
        case PrincipalKind.ORGANIZATION:
            return any(str(membership.organization) == entry.value for membership in subject.memberships)
        case PrincipalKind.DOMAIN:
            return any(address.endswith(f"@{entry.value}") for address in subject.addresses)
        case PrincipalKind.ADDRESS:
            named = entry.value in subject.addresses or any(group.address == entry.value for group in subject.groups)
            return named or bindings.get(entry.value) in subject.ids


def _validity(case: Case, ends: Iterable[int], *, offline_days: int = -1) -> int:
    """Step 10: until when the license may be used offline; the most restrictive of all limits wins."""
    now = case.now
    if case.subject.outsider:
        return now
    limits = [now + case.organization.max_license_days * DAY, *ends]
    if offline_days >= 0:
        limits.append(now + offline_days * DAY)
    return max(min(limits), now)


def _expiry(case: Case, offline_until: int, ends: Iterable[int]) -> int:
    """Return the license's own end: its offline time, or a few minutes when it serves one opening only."""
    if offline_until > case.now:
        return offline_until
    short = case.now + (SHORT_SECONDS if case.subject.outsider else ONLINE_SECONDS)
    if case.subject.session_ends is not None:
        short = min(short, case.subject.session_ends)
    return max(min((short, *ends)), case.now)


def _ends(case: Case, limited_by: Policy | None) -> Iterable[int]:
    """Yield the moments after which nothing may be opened, online or offline, whatever is given."""
    known = [*condition_ends(case.organization.conditions, case.now)]
    if limited_by is not None:
        known += [
            limited_by.expires,
            _end_after_opening(case, limited_by),
            *condition_ends(limited_by.conditions, case.now),
        ]
    yield from (end for end in known if end is not None)
    yield from ends_for(case.content, case.subject)
