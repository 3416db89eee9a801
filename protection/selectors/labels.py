"""Labels as pages, API and clients show them; plain values, the least sensitive first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from audit.selectors.events import MAX_PAGE, Filter, events
from chancery.errors import NotFound
from chancery.ledger.kinds import Kind
from chancery.policy.labels import Effect, Existing
from chancery.texts import message
from protection.models import Content, Label, TemplateStatus, TemplateVersion
from protection.selectors.templates import fallback_first, in_language, offered_to


@dataclass(frozen=True, slots=True)
class LabelTemplate:
    """The template by which a label protects, as a publisher must name it."""

    id: UUID
    version: int
    names: Mapping[str, str]

    def name(self, *languages: str) -> str:
        """Return the name in the first of these languages that it has, else its first name."""
        return in_language(self.names, languages)


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """One label."""

    id: UUID
    status: str
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    sensitivity: int
    effect: Effect
    template: LabelTemplate | None
    version: int

    def name(self, *languages: str) -> str:
        """Return the name in the first of these languages that it has, else its first name (promise C39)."""
        return in_language(self.names, languages)

    def description(self, *languages: str) -> str:
        """Return the description in the first of these languages that it has, else its first one."""
        return in_language(self.descriptions, languages)


def labels() -> tuple[ShownLabel, ...]:
    """Return all labels, those in use first."""
    rows = Label.objects.order_by("-status", "sensitivity", "created_at")
    return _shown(rows)


def offered_labels(known_as: frozenset[str], *, legacy: bool) -> tuple[ShownLabel, ...]:
    """Return the labels that a person may choose, as ``offered_templates`` does for templates."""
    found = _shown(Label.objects.filter(status=TemplateStatus.PUBLISHED).order_by("sensitivity", "created_at"))
    linked = [one.template.id for one in found if one.template is not None]
    current = TemplateVersion.objects.filter(
        offered_to(known_as, legacy=legacy), template_id__in=linked, number=F("template__current")
    )
    reachable = set(current.values_list("template_id", flat=True))
    return tuple(one for one in found if one.template is None or one.template.id in reachable)


def label(label_id: UUID) -> ShownLabel:
    """Return one label, also one that is archived.  Raises NotFound."""
    found = _shown(Label.objects.filter(id=label_id))
    if not found:
        raise NotFound(message("There is no such label."))
    return found[0]


def label_named(app_data: Mapping[str, object], template: UUID | None) -> UUID | None:
    """Return the label under which a file says it was protected, None unless it is one of here that goes with it.

    With a policy of the file's own that is one that does not protect.  A publisher writes it themselves, so it counts
    for no more than the template that they could have named by itself.
    """
    named = app_data.get("label")
    try:
        wanted = UUID(named) if isinstance(named, str) else None
    except ValueError:
        return None
    if wanted is None:
        return None
    fitting = Q(template_id=template) if template is not None else Q(effect=Effect.NONE)
    return Label.objects.filter(fitting, id=wanted).values_list("id", flat=True).first()


def label_names(label_ids: Iterable[str], *languages: str) -> dict[str, str]:
    """Return the names of labels by their ids as text, each in the first of these languages that it has."""
    rows = Label.objects.filter(id__in=set(label_ids)).values_list("id", "names", "language")
    return {
        str(identity): in_language(fallback_first(names, language), languages) for identity, names, language in rows
    }


def label_names_over_time(label_ids: Iterable[str], *languages: str) -> dict[str, tuple[tuple[datetime, str], ...]]:
    """Return since when labels that were edited have had which names, the oldest first, from the audit log.

    Of a label that never was edited nothing is returned: its name is the one of now.
    """
    rows = Label.objects.filter(id__in=set(label_ids), version__gt=1).values_list("id", flat=True)
    edited = {str(identity) for identity in rows}
    found: dict[str, list[tuple[datetime, str]]] = {}
    kinds = (Kind.LABEL_CREATED.value, Kind.LABEL_EDITED.value)
    for event in reversed(events(filter=Filter(kinds=kinds), limit=MAX_PAGE).events) if edited else ():
        names, identity = event.details.get("names"), str(event.details.get("label"))
        if identity in edited and isinstance(names, dict):
            texts = fallback_first(names, str(event.details.get("language", "")))
            found.setdefault(identity, []).append((event.received_at, in_language(texts, languages)))
    return {identity: tuple(names) for identity, names in found.items()}


def documents_with(label_id: UUID) -> int:
    """Return how many registered documents carry a label."""
    return Content.objects.filter(label_id=label_id).count()


def existing_protection(content: Content) -> Existing:
    """Return where a document's protection came from; a label counts while the document still follows its template."""
    if content.template_id is None:
        return Existing.POLICY
    by_label = content.label is not None and content.label.template_id == content.template_id
    return Existing.LABEL if by_label else Existing.TEMPLATE


def _shown(rows: QuerySet[Label]) -> tuple[ShownLabel, ...]:
    found = list(rows)
    linked = {row.template_id for row in found if row.template_id is not None}
    versions = TemplateVersion.objects.filter(template_id__in=linked, number=F("template__current"))
    templates = {
        one.template_id: LabelTemplate(one.template_id, one.number, fallback_first(one.names, one.language))
        for one in versions
    }
    return tuple(
        ShownLabel(
            id=row.id,
            status=row.status,
            names=fallback_first(row.names, row.language),
            descriptions=fallback_first(row.descriptions, row.language),
            sensitivity=row.sensitivity,
            effect=Effect(row.effect),
            template=None if row.template_id is None else templates[row.template_id],
            version=row.version,
        )
        for row in found
    )
