"""What one person may open by templates and groups, to see what they themselves gained by a change.

See docs/protocol.md P18.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import connection
from django.db.models import Q

from chancery.policy.case import Allow, Case, ContentFacts, OrganizationFacts, Request
from chancery.policy.evaluate import evaluate, given_to
from chancery.policy.policy import Conditions
from chancery.policy.rights import Right
from chancery.policy.subject import Subject
from protection.models import Content
from protection.selectors.equivalence_classes import Reach, Rule, reached

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Reachable:
    """What policies give somebody: their rights by each template, and their groups and addresses, which documents name.

    Each right has the moment at which it ends, infinite for never: who has it for longer has gained.
    """

    templates: Mapping[UUID, Mapping[Right, float]]
    groups: Mapping[UUID, str]
    addresses: frozenset[str] = frozenset()


def one_change_at_a_time(organization: UUID) -> None:
    """Hold off other watched changes of the organization until this transaction ends.

    Of two that each give nothing, but let somebody in together, the second then sees what the first has done.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"own gain at {organization}"])


def reachable(organization: UUID, known: Mapping[UUID, Rule], subject: Subject, now: int) -> Reachable:
    """Return what the subject may do by these templates, whatever the opening itself must meet."""
    return Reachable(
        {template: _rights(organization, rule, subject, now) for template, rule in known.items()},
        {group.id: group.address for group in subject.groups if group.live},
        subject.addresses,
    )


def together(these: Iterable[Reachable]) -> Reachable:
    """Return what somebody reaches who can act as each of these."""
    templates: dict[UUID, Mapping[Right, float]] = {}
    groups: dict[UUID, str] = {}
    addresses: frozenset[str] = frozenset()
    for one in these:
        groups |= one.groups
        addresses |= one.addresses
        for template, rights in one.templates.items():
            known = templates.get(template, {})
            templates[template] = {right: max(rights.get(right, 0), known.get(right, 0)) for right in {*known, *rights}}
    return Reachable(templates, groups, addresses)


def documents_gained(before: Reachable, after: Reachable) -> int:
    """Return how many documents give somebody more: by a template, an address, a group they joined or one they left.

    It errs on the safe side: who owns one of them, or reaches it in another way too, has gained less than is counted.
    """
    more = frozenset(
        template
        for template, rights in after.templates.items()
        if any(end > before.templates.get(template, {}).get(right, 0) for right, end in rights.items())
    )
    joined, left = after.groups.keys() - before.groups.keys(), before.groups.keys() - after.groups.keys()
    named = after.addresses - before.addresses
    found = 0
    if more or joined or named:
        names = named.union(after.groups[group] for group in joined)
        found = reached(Reach(templates=more, names=names, ids=frozenset(joined)))
    return found + (_shut_out_by({group: before.groups[group] for group in left}) if left else 0)


def _shut_out_by(groups: Mapping[UUID, str]) -> int:
    """Return how many documents deny one of these groups in a policy of their own, or are revoked for it."""
    denied = Q(policy__deny__has_any_keys=[f"address:{address}" for address in groups.values()])
    revoked = Q(revocations__identity__in=list(groups)) | Q(revocations__address__in=list(groups.values()))
    return Content.objects.filter(denied | revoked).distinct().count()


def _rights(organization: UUID, rule: Rule, subject: Subject, now: int) -> dict[Right, float]:
    """Return what a template's policy gives, its conditions and ends left out: they pass, and rights stay."""
    policy = replace(rule.policy, conditions=Conditions(), expires=None, expires_after_opening_days=None)
    content = ContentFacts(_NOBODY, _NOBODY, _NOBODY, policy, bindings=rule.bindings)
    case = Case(
        organization=OrganizationFacts(organization), content=content, subject=subject, request=Request(), now=now
    )
    return given_to(case).ends_by_right if isinstance(evaluate(case), Allow) else {}
