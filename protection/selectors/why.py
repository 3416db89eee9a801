"""Why somebody may or may not do something with a document, for those who manage or watch it (C32; PROTOCOL P20)."""

from dataclasses import dataclass, replace
from uuid import UUID

from protection.errors import NotFound
from protection.events import Actor
from protection.licensing.explain import Explanation, Facts, asked_at_opening, explain
from protection.licensing.policy import Conditions, Policy, Principal, PrincipalKind
from protection.licensing.rights import Right
from protection.licensing.subject import Subject
from protection.models import Content
from protection.selectors.documents import may_see
from protection.selectors.standing import facts_about, under


@dataclass(frozen=True, slots=True)
class Why:
    """An explanation, with what only the opening itself can tell.

    ``at_opening`` says in words what sign-in, network, device and program must meet then.  ``undecided`` are entries
    that name people by another organization: whom they mean is known to it alone until somebody opens.
    """

    explanation: Explanation
    at_opening: tuple[str, ...]
    undecided: tuple[Principal, ...]


def why(
    *, actor: Actor, organization: UUID, cid: UUID, subject: Subject, stranger: bool, right: Right, now: int
) -> Why:
    """Explain one person, one document and one right.  Raises NotFound for whoever may not see the document.

    A stranger is nobody but an address; he is taken for whom the document has bound to it already, by an opening.
    """
    content = Content.objects.filter(cid=cid).values_list("pl_digest", "issuer_id", "owner_id").first()
    if content is None or not may_see(actor, content[1], content[2]):
        raise NotFound("There is no such document, or you may not see it.")
    facts = facts_about(organization=organization, pl_digest=bytes(content[0]), subject=subject)
    if facts is None:
        raise NotFound("There is no such document, or you may not see it.")
    if stranger:
        bound = next((facts.content.bindings[one] for one in subject.addresses & facts.content.bindings.keys()), None)
        facts = replace(facts, subject=replace(subject, person=bound or subject.person))
    policy = facts.content.policy or Policy()
    explanation = explain(_without_the_opening(facts), right, now=now)
    return Why(
        explanation,
        asked_at_opening(facts.organization.conditions, policy.conditions),
        () if explanation.allowed else _undecided(policy, explanation, subject, organization),
    )


def _without_the_opening(facts: Facts) -> Facts:
    """Leave out what belongs to an opening that nobody is making: sign-in, network, device, program."""
    facts = replace(facts, organization=replace(facts.organization, platforms_off=frozenset()))
    return under(facts, lambda asked: Conditions(not_before=asked.not_before, not_after=asked.not_after))


def _undecided(policy: Policy, explanation: Explanation, subject: Subject, organization: UUID) -> tuple[Principal, ...]:
    """Return the entries that may still mean the person through an organization other than this one."""
    matched = {contribution.who for contribution in explanation.contributions}
    return tuple(
        who
        for who in policy.index
        if who not in matched and explanation.right in policy.index[who] and _elsewhere(who, subject, organization)
    )


def _elsewhere(who: Principal, subject: Subject, organization: UUID) -> bool:
    match who.kind:
        case PrincipalKind.ORGANIZATION:
            return who.value != str(organization)
        case PrincipalKind.DOMAIN:
            return who.value not in subject.domains
        case PrincipalKind.ADDRESS:
            return who.value.rpartition("@")[2] not in subject.domains
        case PrincipalKind.AUTHENTICATED:
            return False
