"""Templates: create, copy, edit, publish, archive, delete and bring back; each says what it changed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import reader_languages
from portal.usecases import consequences
from portal.usecases.archiving import archived, published
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, confirmed, confirmed_by_outcome
from portal.usecases.effects import Effect, effect
from portal.usecases.losses import losing_template
from portal.usecases.self_granted_access import guarding_self_granted_access
from portal.words.policies import ended_in_words
from protection.selectors.templates import Template, documents_under, in_language, kept_template, template, templates
from protection.services.create_template import copy_template as copy_template_service
from protection.services.create_template import create_template as create_template_service
from protection.services.delete_template import delete_template as delete_template_service
from protection.services.delete_template import undelete_template as undelete_template_service
from protection.services.edit_template import edit_template as edit_template_service
from protection.services.edit_template import restore_template_version as restore_template_version_service
from protection.services.import_templates import Action, Plan
from protection.services.import_templates import import_templates as import_templates_service
from protection.services.import_templates import plan_import as plan_import_service
from protection.services.publish_template import archive_template as archive_template_service
from protection.services.publish_template import publish_template as publish_template_service
from protection.services.template_draft import TemplateDraft
from protection.services.template_exchange.document import Here


@dataclass(frozen=True, slots=True)
class PlannedImport:
    """What an import would do, with the consequences of those of its changes by which many lose access.

    It is made only by sending back what stands for exactly this plan: so it was asked about.
    """

    plan: Plan
    consequences: Mapping[UUID, tuple[str, ...]]


def unusual(draft: TemplateDraft) -> Iterator[str]:
    """Say what is allowed but seldom meant: a template that lets nobody in, a name that another one has too."""
    if not draft.policy.grants:
        yield _("This template names no one: only the owner can open what it protects.")
    yield from ended_in_words(draft.policy)
    named = {name.casefold(): name for name in draft.names.values()}
    held = [{text.casefold() for text in one.names.values()} for one in templates()]
    for folded, name in named.items():
        if sum(folded in one for one in held) > 1:
            yield _("Another template is also called “{name}”, so people cannot tell them apart.").format(name=name)


@transaction.atomic
def create_template(*, caller: Caller, draft: TemplateDraft, publish: bool = False) -> Effect:
    """Create a template, and offer it at once where that is asked for."""
    made = create_template_service(actor=caller.actor, draft=draft)
    if publish:
        publish_template_service(actor=caller.actor, template=made)
    name = in_language(draft.names, reader_languages())
    done = (
        _("The template “{name}” is made and offered for protecting.")
        if publish
        else _("The template “{name}” is made. It is archived until you publish it.")
    )
    return effect(True, done.format(name=name), "", *unusual(draft), id=str(made))


def copy_template(*, caller: Caller, template_id: UUID, name: str = "") -> Effect:
    """Create an archived template that says what another one says now."""
    made = copy_template_service(actor=caller.actor, template=template_id, name=name)
    languages = reader_languages()
    done = _("The template “{name}” is made as a copy of “{model}”. It is archived until you publish it.")
    names = {"name": template(made).name(*languages), "model": template(template_id).name(*languages)}
    return effect(True, done.format(**names), "", id=str(made))


def edit_template(
    *, caller: Caller, template_id: UUID, draft: TemplateDraft, based_on: int | None = None, stated: Stated
) -> Effect:
    """Change what a template says; it asks first where many lose access by it."""

    def act(_reason: str) -> int:
        return edit_template_service(actor=caller.actor, template=template_id, draft=draft, based_on=based_on)

    before = template(template_id)
    version = _new_version(caller, before, stated, act)
    return _edited(template_id, before.version, version, draft)


def restore_template_version(*, caller: Caller, template_id: UUID, number: int, stated: Stated) -> Effect:
    """Say again what an earlier version of a template said; it asks first where many lose access by it."""

    def act(_reason: str) -> int:
        return restore_template_version_service(actor=caller.actor, template=template_id, number=number)

    before = template(template_id)
    version = _new_version(caller, before, stated, act)
    done = _("Version {number} is back. It counts from the next opening on, as version {version}.")
    already = _("The template “{name}” says this already.").format(name=before.name(*reader_languages()))
    return effect(version != before.version, done.format(number=number, version=version), already, version=version)


def _new_version(caller: Caller, before: Template, stated: Stated, act: Callable[[str], int]) -> int:
    def watched(reason: str) -> int:
        with guarding_self_granted_access(caller=caller, changes="template", target=before.id):
            return act(reason)

    return confirmed_by_outcome(
        stated, watched, lambda _version: losing_template(caller.organization, before, template(before.id))
    )


def _edited(template_id: UUID, before: int, version: int, draft: TemplateDraft) -> Effect:
    documents, name = documents_under(template_id), draft.names[next(iter(draft.names))]
    done = ngettext(
        "The template “{name}” is at version {version} now, from the next opening on, for {number} document.",
        "The template “{name}” is at version {version} now, from the next opening on, for {number} documents.",
        documents,
    ).format(name=name, version=version, number=documents)
    already = _("The template “{name}” says this already.").format(name=name)
    return effect(version != before, done, already, *unusual(draft), version=version)


def publish_template(*, caller: Caller, template_id: UUID) -> Effect:
    """Publish a template."""
    return published(
        template(template_id),
        lambda: publish_template_service(actor=caller.actor, template=template_id),
        _("The template “{name}” is offered from now on."),
        _("The template “{name}” is published already."),
    )


def archive_template(*, caller: Caller, template_id: UUID, stated: Stated) -> Effect:
    """Archive a template."""
    return archived(
        template(template_id),
        stated,
        lambda: consequences.archiving_template(template_id),
        lambda: archive_template_service(actor=caller.actor, template=template_id),
        _("The template “{name}” is no longer offered. What it protects still opens."),
        _("The template “{name}” is archived already."),
    )


def delete_template(*, caller: Caller, template_id: UUID, stated: Stated) -> Effect:
    """Delete an archived template."""
    name = template(template_id).name(*reader_languages())
    prompt = consequences.deleting_template(template_id)
    confirmed(prompt, stated, lambda _reason: delete_template_service(actor=caller.actor, template=template_id))
    done = _("The template “{name}” is deleted. What it protects opens as before, and it can be brought back.")
    return effect(True, done.format(name=name), "")


def undelete_template(*, caller: Caller, template_id: UUID) -> Effect:
    """Bring a deleted template back."""
    undelete_template_service(actor=caller.actor, template=template_id)
    done = _("The template “{name}” is back, archived as it was.")
    return effect(True, done.format(name=kept_template(template_id).name(*reader_languages())), "")


def plan_import(*, caller: Caller, here: Here, text: str) -> PlannedImport:
    """Return what importing a file of templates would do, and who would lose access by it; nothing is changed."""
    plan = plan_import_service(here=here, text=text)
    consequences = {}
    for one in plan.templates:
        if one.action is not Action.CHANGE:
            continue
        before = template(one.id)
        danger = losing_template(caller.organization, before, _as_planned(before, one.draft))
        if danger is not None:
            consequences[one.id] = danger.consequences
    return PlannedImport(plan, consequences)


def _as_planned(before: Template, draft: TemplateDraft) -> Template:
    return replace(
        before,
        policy=draft.policy,
        expiry_option=draft.expiry_option,
        expires=draft.expires,
        expires_after_days=draft.expires_after_days,
    )


def import_templates(*, caller: Caller, here: Here, text: str, seen: str) -> Plan:
    """Import a file of templates exactly as it was seen before.  Raises what the service raises."""
    with guarding_self_granted_access(caller=caller, changes="templates"):
        return import_templates_service(actor=caller.actor, here=here, text=text, seen=seen)
