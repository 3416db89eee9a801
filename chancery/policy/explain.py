"""Why somebody may or may not do something with a document: the decision, taken apart (promise C32).

Nothing is decided a second way here.  ``explain`` asks ``evaluate``, and where the answer is no it takes away what
blocked access and asks again, until nothing is left: so every blocker is named, not only the first, and an explanation
can never say something else than the decision.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final
from uuid import UUID

from chancery.policy.case import (
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
from chancery.policy.evaluate import evaluate, given_to
from chancery.policy.policy import Conditions, Enforcement, Grant, Policy, Principal, PrincipalKind, Strength
from chancery.policy.reasons import Reason
from chancery.policy.revocations import EVERYBODY, ScheduledRevocation
from chancery.policy.rights import ALL_RIGHTS, Right, expand, in_order
from chancery.policy.subject import Subject
from chancery.policy.unmet import at_these_times, unmet_condition
from chancery.policy.words import rights_in_words
from chancery.texts import message


@dataclass(frozen=True, slots=True)
class Blocker:
    """One blocker; ``detail`` and ``entry`` as in ``Deny``.

    Reason ``NOT_GRANTED`` or ``GRANT_ENDED`` is at the end: nothing gives the right, whatever else is taken away.
    """

    reason: Reason
    detail: str = ""
    entry: Principal | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """One entry of the policy that means the person, and what it gives; ``group`` is the group by which it does.

    ``personal`` is what they were given beside the policy.  ``until`` is when it ends, in seconds since 1970.
    """

    who: Principal
    rights: frozenset[Right]
    group: UUID | None = None
    personal: bool = False
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether the person may exercise the right now, and why.

    ``basis`` and ``contributions`` say what would give access if nothing blocked access; ``blockers`` what does, in
    the order of the decision's steps.  Without a blocker the right may be exercised, and only then.  ``ended`` is what
    gave more than that before.
    """

    right: Right
    decision: Decision
    basis: Basis | None
    contributions: tuple[Contribution, ...] = ()
    blockers: tuple[Blocker, ...] = field(default=())
    ended: tuple[Contribution, ...] = ()

    @property
    def allowed(self) -> bool:
        """Tell whether the right may be exercised now."""
        return not self.blockers


@dataclass(frozen=True, slots=True)
class Facts:
    """The inputs of a decision, of which blockers are taken away one after another."""

    organization: OrganizationFacts
    content: ContentFacts
    subject: Subject
    request: Request = field(default_factory=Request)

    def decide(self, now: int) -> Decision:
        """Ask the one function that decides."""
        return evaluate(self.case(now))

    def case(self, now: int) -> Case:
        """Return what is decided about at a moment."""
        return Case(self.organization, self.content, self.subject, self.request, now)


def asked_at_opening(*conditions: Conditions) -> tuple[str, ...]:
    """Return in words what an opening itself must meet: sign-in, network, time of the week, device, program.

    Nobody can say it beforehand.
    """
    nobody = Subject(UUID(int=0), outsider=True, strength=min(Strength, key=lambda strength: strength.rank))
    single = (
        Conditions(**{name: getattr(asked, name)})
        for asked in conditions
        for name in ("account_required", "strength", "networks", "platforms", "post_quantum")
    )
    unmet = [unmet_condition(asked, nobody, 0) for asked in single]
    words: list[str] = [one.text for one in unmet if one is not None]
    words += [at_these_times(asked.times) for asked in conditions if asked.times]
    demanded = in_order(frozenset[Right]().union(*(asked.enforced for asked in conditions)))
    if demanded:
        withheld = rights_in_words(demanded)
        words.append(message("Use a program that withholds, from people without the right: {rights}.", rights=withheld))
    return tuple(dict.fromkeys(words))


def shown_only(policy: Policy) -> tuple[str, ...]:
    """Return in words where a viewer-only document opens, nothing for any other one."""
    if policy.enforcement is not Enforcement.VIEWER:
        return ()
    return (
        message(
            "It opens in the browser only, page by page, except for its owner and people with the right to export."
        ),
    )


def explain(facts: Facts, right: Right, *, now: int) -> Explanation:
    """Explain whether the subject may exercise a right on the content; ``now`` in seconds since 1970.  Pure, total."""
    first = decision = facts.decide(now)
    blockers: list[Blocker] = []
    while isinstance(decision, Deny):
        blockers.append(Blocker(decision.reason, decision.detail, decision.entry))
        lift = _LIFTED.get(decision.reason)
        if lift is None:
            ended = () if decision.reason is not Reason.GRANT_ENDED else _ended(facts, frozenset(), now)
            return Explanation(right, first, None, (), tuple(blockers), ended)
        facts = lift(facts, decision)
        decision = facts.decide(now)
    if decision.basis is not Basis.GRANT:
        return Explanation(right, first, decision.basis, (), tuple(blockers))
    ended = _ended(facts, decision.rights, now)
    if right not in decision.rights:
        had = any(right in one.rights for one in ended)
        blockers.append(Blocker(Reason.GRANT_ENDED if had else Reason.NOT_GRANTED))
    contributions = tuple(_contribution(facts, one) for one in given_to(facts.case(now)).lasting)
    return Explanation(right, first, decision.basis, contributions, tuple(blockers), ended)


def _ended(facts: Facts, left: frozenset[Right], now: int) -> tuple[Contribution, ...]:
    """Return what gave the subject more than the rights that are left, and has ended; the last one first."""
    found = (_contribution(facts, one) for one in given_to(facts.case(now)).ended)
    more = (replace(one, rights=one.rights - left) for one in found if not one.rights <= left)
    return tuple(sorted(more, key=lambda one: -(one.until or 0)))


def _contribution(facts: Facts, one: Grant | PersonalGrant) -> Contribution:
    if isinstance(one, PersonalGrant):
        who = Principal(PrincipalKind.ADDRESS, one.address)
        return Contribution(who, expand(one.rights), personal=True, until=one.until)
    return Contribution(one.who, expand(one.rights), _group(facts, one.who.value), until=one.until)


def _group(facts: Facts, address: str) -> UUID | None:
    """Return the group of the subject that an address means, bound or not."""
    bound = facts.content.bindings.get(address)
    return next(
        (
            group.id
            for group in facts.subject.groups
            if group.live and (group.id == bound or (bound is None and group.address == address))
        ),
        None,
    )


def _organization(**members: object) -> Callable[[Facts, Deny], Facts]:
    return lambda facts, _: replace(facts, organization=replace(facts.organization, **members))  # type: ignore[arg-type]


def _content(**members: object) -> Callable[[Facts, Deny], Facts]:
    return lambda facts, _: replace(facts, content=replace(facts.content, **members))  # type: ignore[arg-type]


def _without_scheduled(facts: Facts, lifted: Callable[[ScheduledRevocation], bool], **members: object) -> Facts:
    """Take revocations away together with those that were set for a moment, due or to come."""
    left = tuple(one for one in facts.content.scheduled if not lifted(one))
    return replace(facts, content=replace(facts.content, scheduled=left, **members))  # type: ignore[arg-type]


def _policy(change: Callable[[Policy, Deny], Policy]) -> Callable[[Facts, Deny], Facts]:
    def lift(facts: Facts, denied: Deny) -> Facts:
        policy = change(facts.content.policy or Policy(), denied)
        return replace(facts, content=replace(facts.content, policy=policy))

    return lift


def _with_a_good_device(facts: Facts, _: Deny) -> Facts:
    device = facts.subject.device
    device = None if device is None else replace(device, revoked=False)
    return replace(facts, subject=replace(facts.subject, device=device))


_LIFTED: Final[Mapping[Reason, Callable[[Facts, Deny], Facts]]] = MappingProxyType(
    {
        Reason.ORGANIZATION_SUSPENDED: _organization(active=True),
        Reason.SERVICE_INACTIVE: _organization(service_active=True),
        Reason.KEY_UNAVAILABLE: _organization(key_available=True),
        Reason.PERSON_DISABLED: lambda facts, _: replace(facts, subject=replace(facts.subject, active=True)),
        Reason.BLOCKED: lambda facts, _: replace(facts, subject=replace(facts.subject, blocked=False)),
        Reason.OPENINGS_PAUSED: lambda facts, _: replace(facts, subject=replace(facts.subject, paused=False)),
        Reason.DEVICE_REVOKED: _with_a_good_device,
        Reason.PLATFORM_OFF: _organization(platforms_off=frozenset()),
        Reason.ORGANIZATION_CONDITION: lambda facts, _: replace(
            facts,
            organization=replace(
                facts.organization, conditions=Conditions(enforced=facts.organization.conditions.enforced)
            ),
        ),
        Reason.SUPER_USER_GRANT_INVALID: lambda facts, _: replace(facts, request=Request()),
        Reason.READ_PERMISSION_INVALID: lambda facts, _: replace(facts, request=Request()),
        Reason.OUTSIDE_READ_PERMISSION: lambda facts, _: replace(facts, request=Request()),
        Reason.ISSUER_BLOCKED: lambda facts, _: _without_scheduled(
            facts, lambda one: one.issuer_too, issuer_blocked=False
        ),
        Reason.REGISTRATION_PENDING: _content(registration=Registration.REGISTERED),
        Reason.REVOKED: lambda facts, _: _without_scheduled(facts, lambda one: one.name == EVERYBODY, revoked=False),
        Reason.REVOKED_FOR_YOU: lambda facts, _: _without_scheduled(
            facts, lambda one: one.name != EVERYBODY, revoked_ids=frozenset(), revoked_addresses=frozenset()
        ),
        Reason.EXPIRED: _policy(lambda policy, _: replace(policy, expires=None)),
        Reason.EXPIRED_AFTER_OPENING: _content(first_opened=None),
        Reason.DENIED_BY_ENTRY: _policy(
            lambda policy, denied: replace(policy, deny=tuple(who for who in policy.deny if who != denied.entry))
        ),
        Reason.CONDITION_UNMET: _policy(
            lambda policy, _: replace(policy, conditions=Conditions(enforced=policy.conditions.enforced))
        ),
        Reason.PROGRAM_DOES_NOT_ENFORCE: lambda facts, _: replace(
            facts, request=replace(facts.request, enforces=ALL_RIGHTS)
        ),
    }
)
"""How each blocker is taken away.

What is not here cannot be: nothing granted, or not any more, and no policy that is known.
"""
