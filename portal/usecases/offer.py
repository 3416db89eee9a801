"""Offer templates and labels, stop offering them, delete and bring them back: each says what it changed."""

from collections.abc import Callable
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import reader_languages
from portal.usecases import dangers
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Danger, Stated, confirmed, confirmed_by_outcome
from portal.usecases.create import unusual
from portal.usecases.effects import Effect, effect
from portal.usecases.losses import losing_template
from portal.usecases.own_gain import watching_own_gain
from protection.selectors.labels import ShownLabel, label
from protection.selectors.templates import Template, documents_under, kept_template, template
from protection.services.delete_template import delete_template, undelete_template
from protection.services.edit_template import edit_template, restore_template_version
from protection.services.publish_template import archive_template, publish_template
from protection.services.save_label import archive_label, publish_label
from protection.services.template_draft import TemplateDraft


def say_template(
    *, caller: Caller, template_id: UUID, draft: TemplateDraft, based_on: int | None = None, stated: Stated
) -> Effect:
    """Change what a template says; it asks first where many lose access by it."""

    def act(_reason: str) -> int:
        return edit_template(actor=caller.actor, template=template_id, draft=draft, based_on=based_on)

    before = template(template_id)
    version = _new_version(caller, before, stated, act)
    return _said(template_id, before.version, version, draft)


def bring_back_version(*, caller: Caller, template_id: UUID, number: int, stated: Stated) -> Effect:
    """Say again what an earlier version of a template said; it asks first where many lose access by it."""

    def act(_reason: str) -> int:
        return restore_template_version(actor=caller.actor, template=template_id, number=number)

    before = template(template_id)
    version = _new_version(caller, before, stated, act)
    done = _("Version {number} is back. It counts from the next opening on, as version {version}.")
    already = _("The template “{name}” says this already.").format(name=before.name(*reader_languages()))
    return effect(version != before.version, done.format(number=number, version=version), already, version=version)


def _new_version(caller: Caller, before: Template, stated: Stated, act: Callable[[str], int]) -> int:
    def watched(reason: str) -> int:
        with watching_own_gain(caller=caller, changes="template", target=before.id):
            return act(reason)

    return confirmed_by_outcome(
        stated, watched, lambda _version: losing_template(caller.organization, before, template(before.id))
    )


def _said(template_id: UUID, before: int, version: int, draft: TemplateDraft) -> Effect:
    documents, name = documents_under(template_id), draft.names[next(iter(draft.names))]
    done = ngettext(
        "The template “{name}” is at version {version} now, from the next opening on, for {number} document.",
        "The template “{name}” is at version {version} now, from the next opening on, for {number} documents.",
        documents,
    ).format(name=name, version=version, number=documents)
    already = _("The template “{name}” says this already.").format(name=name)
    return effect(version != before, done, already, *unusual(draft), version=version)


def offer_template(*, caller: Caller, template_id: UUID) -> Effect:
    """Publish a template."""
    name = template(template_id).name(*reader_languages())
    return effect(
        publish_template(actor=caller.actor, template=template_id),
        _("The template “{name}” is offered from now on.").format(name=name),
        _("The template “{name}” is published already.").format(name=name),
    )


def shelve_template(*, caller: Caller, template_id: UUID, stated: Stated) -> Effect:
    """Archive a template."""
    return _shelved(
        template(template_id),
        stated,
        lambda: dangers.archiving_template(template_id),
        lambda: archive_template(actor=caller.actor, template=template_id),
        _("The template “{name}” is not offered any more. What it protects still opens."),
        _("The template “{name}” is archived already."),
    )


def _shelved(
    found: Template | ShownLabel,
    stated: Stated,
    danger: Callable[[], Danger],
    archive: Callable[[], object],
    done: str,
    state: str,
) -> Effect:
    """Archive what is offered, asked first; what is archived is not asked about."""
    name, changed = found.name(*reader_languages()), found.status == "published"
    if changed:
        confirmed(danger(), stated, lambda _reason: archive())
    return effect(changed, done.format(name=name), state.format(name=name))


def remove_template(*, caller: Caller, template_id: UUID, stated: Stated) -> Effect:
    """Delete an archived template."""
    name = template(template_id).name(*reader_languages())
    danger = dangers.deleting_template(template_id)
    confirmed(danger, stated, lambda _reason: delete_template(actor=caller.actor, template=template_id))
    done = _("The template “{name}” is deleted. What it protects opens as before, and it can be brought back.")
    return effect(True, done.format(name=name), "")


def bring_back_template(*, caller: Caller, template_id: UUID) -> Effect:
    """Bring a deleted template back."""
    undelete_template(actor=caller.actor, template=template_id)
    done = _("The template “{name}” is back, archived as it was.")
    return effect(True, done.format(name=kept_template(template_id).name(*reader_languages())), "")


def offer_label(*, caller: Caller, label_id: UUID) -> Effect:
    """Publish a label."""
    name = label(label_id).name(*reader_languages())
    return effect(
        publish_label(actor=caller.actor, label=label_id),
        _("The label “{name}” is offered from now on.").format(name=name),
        _("The label “{name}” is published already.").format(name=name),
    )


def shelve_label(*, caller: Caller, label_id: UUID, stated: Stated) -> Effect:
    """Archive a label."""
    return _shelved(
        label(label_id),
        stated,
        lambda: dangers.archiving_label(label_id),
        lambda: archive_label(actor=caller.actor, label=label_id),
        _("The label “{name}” is not offered any more. Documents keep it, and their protection."),
        _("The label “{name}” is archived already."),
    )
