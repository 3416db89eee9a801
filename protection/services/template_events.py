"""How services write into the ledger what happened to a template: its name and version, and what differs."""

from typing import Any

from chancery.ledger.kinds import Kind
from chancery.policy.difference import differences
from chancery.policy.policy import Policy, parse_policy
from protection.actor import Actor
from protection.models import ProtectionTemplate, TemplateVersion
from protection.selectors.templates import change_between
from protection.services.recording import record_action, stated


def record_template(
    kind: Kind,
    actor: Actor,
    row: ProtectionTemplate,
    *,
    version: TemplateVersion | None = None,
    before: TemplateVersion | None = None,
    **details: Any,
) -> None:
    """Record what happened to a template; ``version`` is what it says now, read here if it is not given.

    With ``before``, the version that it said until now, the event states every difference, for a new template
    everything that it grants.
    """
    said = version or TemplateVersion.objects.get(template=row, number=row.current)
    changes: list[dict[str, Any]] = []
    if kind is Kind.TEMPLATE_CREATED:
        changes = stated(differences(Policy(), parse_policy(said.policy)))
    elif before is not None:
        changes = _between(before, said)
    known = {"template": str(row.id), "version": said.number, "names": said.names, "language": said.language}
    record_action(kind, actor, changes=changes, details={**known, **details})


def _between(before: TemplateVersion, after: TemplateVersion) -> list[dict[str, Any]]:
    change = change_between(before, after)
    found = stated(change.changes)
    if before.names != after.names:
        found.append({"member": "names", "before": before.names, "after": after.names})
    if before.descriptions != after.descriptions:
        found.append({"member": "descriptions"})
    if change.expiry is not None:
        found.append({"member": "expiry", "before": list(change.expiry[0]), "after": list(change.expiry[1])})
    if change.offer is not None:
        (scope, legacy), (new_scope, new_legacy) = change.offer
        found.append({"member": "scope", "before": list(scope), "after": list(new_scope)})
        if legacy != new_legacy:
            found.append({"member": "offered_to_legacy", "before": legacy, "after": new_legacy})
    return found
