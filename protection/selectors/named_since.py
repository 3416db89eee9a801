"""Since when a document's policy has named somebody without a break, from its history and that of its templates."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chancery.policy.case import ContentFacts
from chancery.policy.policy import Principal
from chancery.policy.subject import Subject
from protection.models import ContentChange, TemplateVersion

_CHUNK: Final = 20
"""States read at once: most questions end with the newest ones, and one policy can be large."""


def named_since(cid: UUID, entries: Collection[Principal]) -> dict[Principal, datetime]:
    """Return for each entry of the present policy the start of the unbroken time in which it was there."""
    return _unbroken(_states(cid), entries)


def _unbroken(
    states: Iterable[tuple[datetime, frozenset[str]]], entries: Collection[Principal]
) -> dict[Principal, datetime]:
    since: dict[Principal, datetime] = {}
    waiting = {str(who): who for who in entries}
    for at, named in states if waiting else ():
        waiting = {text: who for text, who in waiting.items() if text in named}
        if not waiting:
            break
        since.update(dict.fromkeys(waiting.values(), at))
    return since


def dated(content: ContentFacts, subject: Subject, *, published: int, template: UUID | None) -> ContentFacts:
    """Return the content with the age of those entries whose address or domain changed hands (decision 20).

    It costs queries where there are such entries, which is hardly ever.  What a file said from the beginning is as old
    as the file, whenever it was registered; what its template says is as old as in the template.
    """
    if not subject.handovers or content.policy is None:
        return content
    entries = [who for who in content.policy.index if changed_hands(who, subject.handovers)]
    if not entries:
        return content
    ages = (
        document_ages(content.cid, entries, published=published)
        if template is None
        else template_ages(template, entries)
    )
    return replace(content, since=ages)


def template_ages(template: UUID, entries: Collection[Principal]) -> dict[Principal, float]:
    """Return since when a template has named these entries of its present version."""
    return {who: at.timestamp() for who, at in _unbroken(_versions(template), entries).items()}


def document_ages(cid: UUID, entries: Collection[Principal], *, published: int) -> dict[Principal, float]:
    """Return since when a document with a policy of its own has named these entries of its present policy."""
    since = named_since(cid, entries)
    states = ContentChange.objects.filter(content_id=cid).order_by("at", "id")
    first = states.values_list("at", flat=True).first()
    return {who: _from_the_file(published, at) if at == first else at.timestamp() for who, at in since.items()}


def changed_hands(who: Principal, handovers: Collection[str]) -> bool:
    """Tell whether an entry's address, or its domain, is among those that changed hands."""
    return who.value in handovers or who.value.rpartition("@")[2] in handovers


def _from_the_file(published: int, registered: datetime) -> float:
    """Return when a file was protected: it says so in whole seconds, and the registration says it better if sooner."""
    return min(registered.timestamp(), published + 1)


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


def _versions(
    template: UUID, start: datetime | None = None, end: datetime | None = None
) -> Iterator[tuple[datetime, frozenset[str]]]:
    """Yield the versions of a template, while a document followed it or all, the newest first."""
    rows = TemplateVersion.objects.filter(template_id=template).order_by("-number")
    if end is not None:
        rows = rows.filter(made_at__lt=end)
    for at, policy in rows.values_list("made_at", "policy").iterator(chunk_size=_CHUNK):
        yield at if start is None else max(at, start), _named(policy)
        if start is not None and at <= start:
            return


def _named(policy: dict[str, Any]) -> frozenset[str]:
    return frozenset(grant["who"] for grant in policy.get("grants", ()))
