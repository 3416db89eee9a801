"""Why somebody may or may not do something with a document (promise C32).

For those who manage or watch it with the entries that decide, other organizations' business left out (docs/protocol.md
P20); for the person themselves in their own words, without any entry (P19).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from chancery.errors import NotFound
from chancery.policy.case import Allow
from chancery.policy.explain import Explanation, Facts, asked_at_opening, explain, shown_only
from chancery.policy.policy import Conditions, Policy, Principal, PrincipalKind
from chancery.policy.reasons import CHANGED_HANDS, Reason
from chancery.policy.rights import Right, in_order
from chancery.policy.subject import Subject
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content
from protection.selectors.attempts import has_attempted
from protection.selectors.decisions import facts_about, under
from protection.selectors.documents import may_see
from protection.selectors.revocation_notes import NOTHING, REVOCATIONS, RevocationNote, revocation_notes

_READS_LIKE_NOTHING_GRANTED: Final = frozenset({Reason.DENIED_BY_ENTRY, Reason.BLOCKED, *CHANGED_HANDS})


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
    *,
    actor: Actor,
    organization: UUID,
    service_active: bool,
    cid: UUID,
    subject: Subject,
    stranger: bool,
    right: Right,
    now: int,
) -> Why:
    """Explain one person, one document and one right.  Raises NotFound for callers who may not see the document.

    A stranger is nobody but an address; they are taken for the person whom the document has bound to it already, by an
    opening.
    """
    content = Content.objects.filter(cid=cid).only("pl_digest", "issuer_id", "handed_over_at", "owner_id").first()
    if content is None or not may_see(actor, content.deciding_issuer, content.owner_id):
        raise NotFound(message("There is no such document, or you may not see it."))
    facts = facts_about(organization=organization, pl_digest=bytes(content.pl_digest), subject=subject)
    if facts is None:
        raise NotFound(message("There is no such document, or you may not see it."))
    facts = switched(facts, on=service_active)
    if stranger:
        facts = _as_bound(facts)
    policy = facts.content.policy or Policy()
    explanation = explain(without_the_opening(facts), right, now=now)
    return Why(
        explanation,
        (*asked_at_opening(facts.organization.conditions, policy.conditions), *shown_only(policy)),
        () if explanation.allowed else undecided(policy, explanation, subject, organization, now),
    )


def _as_bound(facts: Facts) -> Facts:
    """Return a stranger as whom the document has bound to their address: by what it gave them, or by an opening."""
    known: Mapping[str, UUID] = {
        **facts.content.bindings,
        **{one.address: one.person for one in facts.content.personal},
    }
    for address in facts.subject.addresses & known.keys():
        person = known[address]
        content = facts.content.known_only_as(address, person)
        return replace(facts, content=content, subject=replace(facts.subject, person=person))
    return facts


@dataclass(frozen=True, slots=True)
class DisclosedReason:
    """One reason as the person may read it; ``detail`` names what would satisfy it."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OwnWhy:
    """What a person reads about themselves: what they may do, or all that blocks access; ``contact`` can be asked.

    ``rights`` and ``at_opening`` are shown to people who may open it, and nobody else.  ``had`` are rights that ended
    at ``had_until``, where that is among the reasons.
    """

    right: Right
    rights: tuple[str, ...]
    reasons: tuple[DisclosedReason, ...]
    at_opening: tuple[str, ...]
    contact: str
    had: frozenset[Right] = frozenset()
    had_until: int | None = None
    note: RevocationNote = NOTHING
    """What a revocation says beside, where that is among the reasons."""

    @property
    def allowed(self) -> bool:
        """Tell whether they may exercise the right now."""
        return not self.reasons


def own_why(*, organization: UUID, service_active: bool, cid: UUID, subject: Subject, right: Right, now: int) -> OwnWhy:
    """Explain to a person what they may do with a document.

    Raises NotFound unless they may open it or were once allowed or refused: only who holds the file can have asked for
    a license, so that nobody finds documents by guessing ids.
    """
    content = Content.objects.filter(cid=cid).values_list("pl_digest", "owner_address").first()
    if content is None:
        raise NotFound(message("There is no such document, or you have never tried to open it."))
    facts = facts_about(organization=organization, pl_digest=bytes(content[0]), subject=subject)
    if facts is None:
        raise NotFound(message("There is no such document, or you have never tried to open it."))
    facts = switched(facts, on=service_active)
    found = explain(without_the_opening(facts), right, now=now)
    reasons = disclosed_reasons(found)
    had, had_until = _had(found) if any(one.reason is Reason.GRANT_ENDED for one in reasons) else (frozenset(), None)
    if not isinstance(found.decision, Allow):
        if not has_attempted(subject.person, cid):
            raise NotFound(message("There is no such document, or you have never tried to open it."))
        taken = next((one.reason for one in reasons if one.reason in REVOCATIONS), Reason.NOT_GRANTED)
        notes = revocation_notes(organization=organization, refused={cid: taken}, subject=subject, now=now)
        return OwnWhy(right, (), reasons, (), content[1], had, had_until, notes.get(cid, NOTHING))
    policy = facts.content.policy or Policy()
    return OwnWhy(
        right=right,
        rights=tuple(in_order(found.decision.rights)),
        reasons=reasons,
        at_opening=(*asked_at_opening(facts.organization.conditions, policy.conditions), *shown_only(policy)),
        contact=content[1],
        had=had,
        had_until=had_until,
    )


def _had(explanation: Explanation) -> tuple[frozenset[Right], int | None]:
    """Return the rights that ended last, and when."""
    last = explanation.ended[0].until
    rights = (one.rights for one in explanation.ended if one.until == last)
    return frozenset[Right]().union(*rights), last


def disclosed_reasons(explanation: Explanation) -> tuple[DisclosedReason, ...]:
    """Return the blockers as the person reads them, each once and in one order for everybody.

    A deny entry reads as nothing granted, and neither its place in the decision nor a second entry may give it away:
    nor does such a person read that they were granted something before.
    """
    disclosed: dict[Reason, DisclosedReason] = {}
    for one in explanation.blockers:
        reason = Reason.NOT_GRANTED if one.reason in _READS_LIKE_NOTHING_GRANTED else one.reason
        disclosed.setdefault(reason, DisclosedReason(reason, one.detail))
    if Reason.NOT_GRANTED in disclosed:
        disclosed.pop(Reason.GRANT_ENDED, None)
    return tuple(sorted(disclosed.values(), key=lambda one: list(Reason).index(one.reason)))


def switched(facts: Facts, *, on: bool) -> Facts:
    """Take the organization's service as on or off, which these tables do not tell."""
    return replace(facts, organization=replace(facts.organization, service_active=on))


def without_the_opening(facts: Facts) -> Facts:
    """Leave out what belongs to an opening that nobody is making: sign-in, network, device, program."""
    facts = replace(facts, organization=replace(facts.organization, platforms_off=frozenset()))
    return under(facts, lambda asked: Conditions(not_before=asked.not_before, not_after=asked.not_after))


def undecided(
    policy: Policy, explanation: Explanation, subject: Subject, organization: UUID, now: int
) -> tuple[Principal, ...]:
    """Return the entries that may still mean the person through an organization other than this one."""
    matched = {contribution.who for contribution in explanation.contributions}
    return tuple(
        who
        for who in policy.index
        if who not in matched
        and explanation.right in policy.rights_of(who, now)
        and _elsewhere(who, subject, organization)
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
