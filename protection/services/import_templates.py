"""Read templates out of a file: first what it would change, then, once that was seen, the change itself.

See promise C42.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import F

from chancery.errors import Conflict, InvalidPolicy
from chancery.ledger.kinds import Kind
from chancery.texts import message
from protection.actor import Actor
from protection.models import ProtectionTemplate, TemplateStatus, TemplateVersion
from protection.selectors.templates import Change, change_between
from protection.services.edit_template import edit_template
from protection.services.template_draft import TemplateDraft, add_version, checked_draft, draft_of, version_of
from protection.services.template_events import record_template
from protection.services.template_exchange.as_json import read_json
from protection.services.template_exchange.as_xml import read_xml
from protection.services.template_exchange.document import (
    MAX_TEXT,
    Document,
    Here,
    InvalidImport,
    WrittenTemplate,
    foreign_organizations,
    moved,
)


class Action(StrEnum):
    """What an import does with one template of the file."""

    CREATE = "create"
    CHANGE = "change"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Planned:
    """One template of the file and what becomes of it.

    ``version`` is the one that counts here now, None for a new template.  ``foreign`` are other organizations that its
    policy names: their ids mean nobody at an installation that does not know them.
    """

    id: UUID
    action: Action
    draft: TemplateDraft
    version: int | None
    change: Change
    foreign: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name after the import."""
        return next(iter(self.draft.names.values()))


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do.

    ``mapped`` is the organization whose "everybody" becomes this organization's; None when nothing had to be mapped.
    ``seen`` stands for exactly this plan: the person who sends it back has seen this and nothing else.
    """

    templates: tuple[Planned, ...]
    mapped: UUID | None
    seen: str


def plan_import(*, here: Here, text: str) -> Plan:
    """Read a file and return what importing it would do; nothing is changed.  Raises InvalidImport."""
    document = _read(text, here)
    states = _states({one.id for one in document.templates})
    planned = tuple(_planned(one, states.get(one.id), document.organization, here) for one in document.templates)
    elsewhere = document.organization is not None and document.organization != here.id
    return Plan(planned, document.organization if elsewhere else None, _seal(planned))


@transaction.atomic
def import_templates(*, actor: Actor, here: Here, text: str, seen: str) -> Plan:
    """Do what the plan with this ``seen`` said: all of it or, when anything is wrong, nothing.

    A known template gets a new version, which counts for what it protects; a new one arrives archived under the id that
    it has elsewhere, so that documents can name it.  Raises InvalidImport, and Conflict when a template was changed
    since the plan was made.
    """
    plan = plan_import(here=here, text=text)
    if plan.seen != seen:
        raise Conflict(
            message("What this file changes is not what you have seen: the file or a template was changed meanwhile."),
            remedy=message("Look at the changes again, then import."),
        )
    for one in plan.templates:
        if one.action is Action.CREATE:
            _create(actor, one)
        elif one.action is Action.CHANGE:
            edit_template(actor=actor, template=one.id, draft=one.draft, based_on=one.version)
    return plan


def _create(actor: Actor, one: Planned) -> None:
    template = ProtectionTemplate.objects.create(
        id=one.id, created_by=actor.person, status=TemplateStatus.ARCHIVED, current=1
    )
    version = add_version(template, 1, actor, one.draft)
    record_template(Kind.TEMPLATE_CREATED, actor, template, version=version, imported=True)


def _read(text: str, here: Here) -> Document:
    if len(text) > MAX_TEXT:
        raise InvalidImport(
            message("A file of templates has at most {most:,} characters.", most=MAX_TEXT),
            remedy=message("Import it in parts."),
        )
    stripped = text.lstrip("\ufeff").lstrip()
    if not stripped:
        raise InvalidImport(message("The file is empty."))
    document = read_xml(stripped, here=here) if stripped.startswith("<") else read_json(text.lstrip("\ufeff"))
    if not document.templates:
        raise InvalidImport(message("There is no template in the file."))
    known: set[UUID] = set()
    for one in document.templates:
        if one.id in known:
            raise InvalidImport(
                message("{where}: a template with the id {id} was named before.", where=one.where, id=one.id)
            )
        known.add(one.id)
    return document


def _states(ids: set[UUID]) -> Mapping[UUID, TemplateVersion]:
    rows = TemplateVersion.objects.filter(template_id__in=ids, number=F("template__current"))
    return {row.template_id: row for row in rows.select_related("template")}


def _planned(written: WrittenTemplate, row: TemplateVersion | None, origin: UUID | None, here: Here) -> Planned:
    if row is not None and row.template.deleted_at is not None:
        raise InvalidImport(
            message("{where}: this template is among the deleted ones here.", where=written.where),
            remedy=message("Bring it back first, or take it out of the file. Nothing was imported."),
        )
    # Before it meets what is said here: that was never meant for the organization of the file.
    written = replace(written, policy=moved(written.policy, origin, here.id))
    try:
        draft = checked_draft(written.draft(None if row is None else draft_of(row)))
    except InvalidPolicy as error:
        raise InvalidImport(
            message(
                "{where}: {message} {next_step}", where=written.where, message=error.message, next_step=error.next_step
            )
        ) from error
    change = Change() if row is None else change_between(row, version_of(draft))
    action = Action.CREATE if row is None else Action.KEEP if change == Change() else Action.CHANGE
    version = None if row is None else row.number
    return Planned(written.id, action, draft, version, change, foreign_organizations(draft.policy, here.id))


def _seal(planned: tuple[Planned, ...]) -> str:
    """Return a text that is the same only for the same plan."""
    facts = [
        (str(one.id), one.version, [list(one.draft.names.items()), dict(one.draft.descriptions)],
         one.draft.policy.as_json(), one.draft.expiry_option, one.draft.expires, one.draft.expires_after_days,
         one.draft.scope, one.draft.offered_to_legacy)
        for one in planned
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
