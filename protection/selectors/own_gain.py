"""What one person may open by templates and groups, to see what he himself gained by a change (PROTOCOL P18)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from protection.licensing.evaluate import Allow, ContentFacts, OrganizationFacts, Request, evaluate
from protection.licensing.policy import Conditions
from protection.licensing.rights import Right
from protection.licensing.subject import Subject
from protection.selectors.kinds import Reach, Rule, reached, rules

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Reachable:
    """What policies give somebody: his rights by each template, and his groups, which documents may name."""

    templates: Mapping[UUID, frozenset[Right]]
    groups: Mapping[UUID, str]


def reachable(organization: UUID, subject: Subject, now: int) -> Reachable:
    """Return what the subject may do by templates as they stand, whatever the opening itself must meet."""
    return Reachable(
        {template: _rights(organization, rule, subject, now) for template, rule in rules().items()},
        {group.id: group.address for group in subject.groups if group.live},
    )


def documents_gained(before: Reachable, after: Reachable) -> int:
    """Return how many documents follow a template that now gives more, or name a group that was joined.

    It errs on the safe side: who owns one of them, or reaches it in another way too, has gained less than is counted.
    """
    more = frozenset(
        template for template, rights in after.templates.items() if rights - before.templates.get(template, frozenset())
    )
    joined = after.groups.keys() - before.groups.keys()
    if not more and not joined:
        return 0
    reach = Reach(templates=more, names=frozenset(after.groups[group] for group in joined), ids=frozenset(joined))
    return reached(reach)


def _rights(organization: UUID, rule: Rule, subject: Subject, now: int) -> frozenset[Right]:
    """Return what a template's policy gives, its conditions and ends left out: they pass, and rights stay."""
    policy = replace(rule.policy, conditions=Conditions(), expires=None, expires_after_opening_days=None)
    content = ContentFacts(_NOBODY, _NOBODY, _NOBODY, policy, bindings=rule.bindings)
    decision = evaluate(
        organization=OrganizationFacts(organization), content=content, subject=subject, request=Request(), now=now
    )
    return decision.rights if isinstance(decision, Allow) else frozenset()
