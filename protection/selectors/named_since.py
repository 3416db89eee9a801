"""Since when a document's policy has named somebody without a break, from its history and that of its templates."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from protection.licensing.policy import Principal
from protection.models import ContentChange, TemplateVersion

_CHUNK: Final = 20
"""States read at once: most questions end with the newest ones, and one policy can be large."""


def named_since(cid: UUID, entries: Collection[Principal]) -> dict[Principal, datetime]:
    """Return for each entry of the present policy the start of the unbroken time in which it was there."""
    since: dict[Principal, datetime] = {}
    waiting = {str(who): who for who in entries}
    for at, named in _states(cid) if waiting else ():
        waiting = {text: who for text, who in waiting.items() if text in named}
        if not waiting:
            break
        since.update(dict.fromkeys(waiting.values(), at))
    return since


def _states(cid: UUID) -> Iterator[tuple[datetime, frozenset[str]]]:
    """Yield what counted for a document, the newest first: when it began, and the entries that it named."""
    until = None
    rows = (
        ContentChange.objects.filter(content_id=cid).order_by("-at", "-id").values_list("at", "policy", "template_id")
    )
    for at, policy, template in rows.iterator(chunk_size=_CHUNK):
        if policy is not None:
            yield at, _named(policy)
        elif template is not None:
            yield from _versions(template, at, until)
        until = at


def _versions(template: UUID, start: datetime, end: datetime | None) -> Iterable[tuple[datetime, frozenset[str]]]:
    """Yield the versions of a template while a document followed it, the newest first."""
    rows = TemplateVersion.objects.filter(template_id=template).order_by("-number")
    if end is not None:
        rows = rows.filter(made_at__lt=end)
    for at, policy in rows.values_list("made_at", "policy").iterator(chunk_size=_CHUNK):
        yield max(at, start), _named(policy)
        if at <= start:
            return


def _named(policy: dict[str, Any]) -> frozenset[str]:
    return frozenset(grant["who"] for grant in policy.get("grants", ()))
