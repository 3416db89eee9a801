"""Protection templates as pages, API and clients show them; plain values."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from chancery.errors import NotFound
from chancery.policy.difference import Difference, differences
from chancery.policy.policy import Policy, parse_policy
from chancery.texts import message
from protection.models import Content, ExpiryOption, TemplateStatus, TemplateVersion

Expiry: TypeAlias = tuple[str, int | None, int | None]
"""When access ends by a template's rule: the option, with the date or the number of days that belongs to it."""


Offer: TypeAlias = tuple[tuple[str, ...], bool]
"""To whom a template is offered: its scope, and whether programs that cannot say who asks are offered it too."""


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
    scope: tuple[str, ...]
    offered_to_legacy: bool
    changed_at: datetime
    deleted_at: datetime | None

    def name(self, *languages: str) -> str:
        """Return the name in the first of these languages that it has, else its first name (promise C39)."""
        return in_language(self.names, languages)

    def description(self, *languages: str) -> str:
        """Return the description in the first of these languages that it has, else its first one."""
        return in_language(self.descriptions, languages)


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two states of a template.

    ``renamed`` tells whether a name or a description changed; ``expiry`` holds the rule before and after when that
    changed, ``offer`` to whom it was offered before and after.
    """

    changes: tuple[Difference, ...] = ()
    renamed: bool = False
    expiry: tuple[Expiry, Expiry] | None = None
    offer: tuple[Offer, Offer] | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a template, with what it changed against the one before it; the first changed nothing."""

    number: int
    author_id: UUID | None
    made_at: datetime
    names: Mapping[str, str]
    policy: Policy
    change: Change

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


def templates(*, published_only: bool = False, search: str = "") -> tuple[Template, ...]:
    """Return all templates but deleted ones, published ones first, then by name; those that a name matches."""
    rows = _current().filter(template__deleted_at=None)
    if published_only:
        rows = rows.filter(template__status=TemplateStatus.PUBLISHED)
    return _sorted(rows, search)


def offered_templates(known_as: frozenset[str], *, legacy: bool, search: str = "") -> tuple[Template, ...]:
    """Return the published templates that a person may choose from (promise C40), by name.

    ``known_as`` are the addresses that they and their groups of this organization have; ``legacy`` is a program that
    acts for people it cannot name.  One that a label in use is linked to is chosen by the label.
    """
    rows = _current().filter(template__deleted_at=None, template__status=TemplateStatus.PUBLISHED)
    rows = rows.exclude(template__labels__status=TemplateStatus.PUBLISHED)
    return _sorted(rows.filter(offered_to(known_as, legacy=legacy)), search)


def offered_template(template_id: UUID, known_as: frozenset[str], *, legacy: bool) -> Template:
    """Return one template that a person known by these addresses may choose.  Raises NotFound."""
    row = _current().filter(template_id=template_id, template__status=TemplateStatus.PUBLISHED)
    return _only(row.filter(offered_to(known_as, legacy=legacy), template__deleted_at=None))


def deleted_templates() -> tuple[Template, ...]:
    """Return the deleted templates, the newest deletion first."""
    rows = _current().filter(template__deleted_at__isnull=False).order_by("-template__deleted_at")
    return tuple(_template(row) for row in rows)


def template(template_id: UUID) -> Template:
    """Return one template that is not deleted.  Raises NotFound."""
    return _only(_current().filter(template_id=template_id, template__deleted_at=None))


def kept_template(template_id: UUID) -> Template:
    """Return one template, also a deleted one, since documents go on being protected by it.  Raises NotFound."""
    return _only(_current().filter(template_id=template_id))


def template_names(template_ids: Iterable[str], *languages: str) -> dict[str, str]:
    """Return the names of templates in the best language, deleted ones' too, by their ids as text."""
    rows = TemplateVersion.objects.filter(template_id__in=set(template_ids), number=F("template__current"))
    found = rows.values_list("template_id", "names", "language")
    return {
        str(identity): in_language(fallback_first(names, language), languages) for identity, names, language in found
    }


def template_names_at(versions: Collection[tuple[str, int]], *languages: str) -> dict[tuple[str, int], str]:
    """Return the names that templates had in these versions, each given as id and number, in the best language."""
    if not versions:
        return {}
    rows = TemplateVersion.objects.filter(
        template_id__in={identity for identity, _ in versions}, number__in={number for _, number in versions}
    )
    found = rows.values_list("template_id", "number", "names", "language")
    return {
        (str(identity), number): in_language(fallback_first(names, language), languages)
        for identity, number, names, language in found
    }


def versions(template_id: UUID) -> tuple[Version, ...]:
    """Return all versions of a template that is not deleted, newest first.  Raises NotFound."""
    rows = list(TemplateVersion.objects.filter(template_id=template_id, template__deleted_at=None).order_by("number"))
    if not rows:
        raise NotFound(message("There is no such template."))
    return tuple(_version(row, before) for row, before in reversed(list(zip(rows, [None, *rows], strict=False))))


def documents_under(template_id: UUID) -> int:
    """Return how many registered documents the template protects."""
    return Content.objects.filter(template_id=template_id).count()


def documents_ended(template_id: UUID, option: str, expires: int | None, days: int | None, now: int) -> int:
    """Return to how many of the documents that a template protects access has ended by such a rule."""
    known = Content.objects.filter(template_id=template_id)
    if option == ExpiryOption.ON_DATE:
        return known.count() if expires is not None and expires <= now else 0
    if option == ExpiryOption.AFTER_DAYS and days is not None:
        return known.filter(published_at__lte=datetime.fromtimestamp(now, UTC) - timedelta(days=days)).count()
    return 0


def documents_by_template(template_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many registered documents each of these templates protects; none stands for 0."""
    rows = Content.objects.filter(template_id__in=template_ids).values("template_id").annotate(number=Count("cid"))
    return {row["template_id"]: row["number"] for row in rows if row["template_id"] is not None}


def _current() -> QuerySet[TemplateVersion]:
    return TemplateVersion.objects.filter(number=F("template__current")).select_related("template")


def offered_to(known_as: frozenset[str], *, legacy: bool) -> Q:
    """Return what a version's scope must be for a person known by these addresses to be offered the template."""
    found = Q(scope=[]) | Q(scope__has_any_keys=sorted(known_as))
    return found | Q(offered_to_legacy=True) if legacy else found


def _sorted(rows: QuerySet[TemplateVersion], search: str) -> tuple[Template, ...]:
    wanted = search.strip().casefold()
    found = [_template(row) for row in rows if not wanted or _matches(row, wanted)]
    return tuple(sorted(found, key=lambda one: (one.status != TemplateStatus.PUBLISHED, one.name().casefold())))


def _matches(row: TemplateVersion, wanted: str) -> bool:
    texts = (*row.names.values(), *row.descriptions.values())
    return str(row.template_id) == wanted or any(wanted in text.casefold() for text in texts)


def _only(rows: QuerySet[TemplateVersion]) -> Template:
    row = rows.first()
    if row is None:
        raise NotFound(message("There is no such template."))
    return _template(row)


def _version(row: TemplateVersion, before: TemplateVersion | None) -> Version:
    return Version(
        number=row.number,
        author_id=row.author_id,
        made_at=row.made_at,
        names=fallback_first(row.names, row.language),
        policy=parse_policy(row.policy),
        change=Change() if before is None else change_between(before, row),
    )


def change_between(before: TemplateVersion, after: TemplateVersion) -> Change:
    """Return what differs between two versions, stored or only meant."""
    return Change(
        changes=differences(parse_policy(before.policy), parse_policy(after.policy)),
        renamed=(before.names, before.descriptions) != (after.names, after.descriptions),
        expiry=None if _expiry(before) == _expiry(after) else (_expiry(before), _expiry(after)),
        offer=None if _offer(before) == _offer(after) else (_offer(before), _offer(after)),
    )


def _offer(row: TemplateVersion) -> Offer:
    return tuple(row.scope), row.offered_to_legacy


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
        scope=tuple(row.scope),
        offered_to_legacy=row.offered_to_legacy,
        changed_at=row.made_at,
        deleted_at=row.template.deleted_at,
    )
