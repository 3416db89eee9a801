"""Protection templates as pages, API and clients show them; plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from django.db.models import F

from protection.errors import NotFound
from protection.licensing.difference import Difference, differences
from protection.licensing.policy import Policy, parse_policy
from protection.models import Content, TemplateStatus, TemplateVersion

Expiry: TypeAlias = tuple[str, int | None, int | None]
"""When access ends by a template's rule: the option, with the date or the number of days that belongs to it."""


@dataclass(frozen=True, slots=True)
class Template:
    """One template in its current version."""

    id: UUID
    status: str
    is_default: bool
    version: int
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    policy: Policy
    expiry_option: str
    expires: int | None
    expires_after_days: int | None
    changed_at: datetime

    def name(self, *languages: str) -> str:
        """Return the name in the first of these languages that it has, else its first name (C39)."""
        return in_language(self.names, languages)

    def description(self, *languages: str) -> str:
        """Return the description in the first of these languages that it has, else its first one."""
        return in_language(self.descriptions, languages)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a template, with what it changed against the one before it; the first changed nothing.

    ``renamed`` tells whether a name or a description changed, ``expiry`` holds the rule before and after as
    (option, date, days) when that changed.
    """

    number: int
    author_id: UUID | None
    made_at: datetime
    names: Mapping[str, str]
    policy: Policy
    changes: tuple[Difference, ...]
    renamed: bool
    expiry: tuple[Expiry, Expiry] | None

    def name(self, *languages: str) -> str:
        """Return the name it had in the first of these languages, else its first name."""
        return in_language(self.names, languages)


def in_language(texts: Mapping[str, str], languages: tuple[str, ...]) -> str:
    """Return a text in the best language; ``pt-BR`` is served by ``pt``."""
    for language in languages:
        found = texts.get(language) or texts.get(language.partition("-")[0])
        if found:
            return found
    return next(iter(texts.values()), "")


def fallback_first(texts: Mapping[str, str], language: str) -> dict[str, str]:
    """Return texts by language with the fallback's before all others."""
    return {name: texts[name] for name in sorted(texts, key=lambda name: (name != language, name))}


def templates(*, published_only: bool = False) -> tuple[Template, ...]:
    """Return all templates, published ones first, then by name."""
    rows = TemplateVersion.objects.filter(number=F("template__current")).select_related("template")
    if published_only:
        rows = rows.filter(template__status=TemplateStatus.PUBLISHED)
    found = [_template(row) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.status != TemplateStatus.PUBLISHED, one.name())))


def template(template_id: UUID) -> Template:
    """Return one template.  Raises NotFound."""
    row = (
        TemplateVersion.objects.filter(template_id=template_id, number=F("template__current"))
        .select_related("template")
        .first()
    )
    if row is None:
        raise NotFound("There is no such template.")
    return _template(row)


def versions(template_id: UUID) -> tuple[Version, ...]:
    """Return all versions of a template, newest first.  Raises NotFound."""
    rows = list(TemplateVersion.objects.filter(template_id=template_id).order_by("number"))
    if not rows:
        raise NotFound("There is no such template.")
    return tuple(_version(row, before) for row, before in reversed(list(zip(rows, [None, *rows], strict=False))))


def documents_under(template_id: UUID) -> int:
    """Return how many registered documents the template protects."""
    return Content.objects.filter(template_id=template_id).count()


def _version(row: TemplateVersion, before: TemplateVersion | None) -> Version:
    policy = parse_policy(row.policy)
    return Version(
        number=row.number,
        author_id=row.author_id,
        made_at=row.made_at,
        names=fallback_first(row.names, row.language),
        policy=policy,
        changes=() if before is None else differences(parse_policy(before.policy), policy),
        renamed=before is not None and (before.names, before.descriptions) != (row.names, row.descriptions),
        expiry=None if before is None or _expiry(before) == _expiry(row) else (_expiry(before), _expiry(row)),
    )


def _expiry(row: TemplateVersion) -> Expiry:
    return row.expiry_option, row.expires, row.expires_after_days


def _template(row: Any) -> Template:
    return Template(
        id=row.template_id,
        status=row.template.status,
        is_default=row.template.is_default,
        version=row.number,
        names=fallback_first(row.names, row.language),
        descriptions=fallback_first(row.descriptions, row.language),
        policy=parse_policy(row.policy),
        expiry_option=row.expiry_option,
        expires=row.expires,
        expires_after_days=row.expires_after_days,
        changed_at=row.made_at,
    )
