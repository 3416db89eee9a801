"""Labels: create, edit, publish, archive, and give one to a document; each says what it changed."""

from uuid import UUID

from django.utils.translation import gettext as _

from chancery.policy.labels import Outcome
from portal.languages import reader_languages
from portal.usecases import consequences
from portal.usecases.archiving import archived, published
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed_by_outcome
from portal.usecases.effects import Effect, effect
from portal.usecases.losses import losing_document
from protection.selectors.labels import label
from protection.selectors.labels import label as label_of
from protection.selectors.templates import in_language
from protection.services.relabel import Relabeled, Where
from protection.services.relabel import relabel as relabel_service
from protection.services.save_label import LabelDraft
from protection.services.save_label import archive_label as archive_label_service
from protection.services.save_label import create_label as create_label_service
from protection.services.save_label import edit_label as edit_label_service
from protection.services.save_label import publish_label as publish_label_service
from tenants.organizations.selectors import OrganizationFacts


def create_label(*, caller: Caller, draft: LabelDraft, publish: bool) -> Effect:
    """Create a label, and offer it at once where that is asked for."""
    made = create_label_service(actor=caller.actor, draft=draft, publish=publish)
    done = (
        _("The label “{name}” is made and offered.")
        if publish
        else _("The label “{name}” is made. It is archived until you publish it.")
    )
    return effect(True, done.format(name=in_language(draft.names, reader_languages())), "", id=str(made))


def edit_label(*, caller: Caller, label_id: UUID, draft: LabelDraft, based_on: int | None = None) -> Effect:
    """Change what a label says; documents that carry it keep their protection."""
    before = label(label_id).version
    version = edit_label_service(actor=caller.actor, label=label_id, draft=draft, based_on=based_on)
    done = _("The label is changed; it is at version {version} now.").format(version=version)
    return effect(version != before, done, _("The label says this already."), version=version)


def publish_label(*, caller: Caller, label_id: UUID) -> Effect:
    """Publish a label."""
    return published(
        label(label_id),
        lambda: publish_label_service(actor=caller.actor, label=label_id),
        _("The label “{name}” is offered from now on."),
        _("The label “{name}” is published already."),
    )


def archive_label(*, caller: Caller, label_id: UUID, stated: Stated) -> Effect:
    """Archive a label."""
    return archived(
        label(label_id),
        stated,
        lambda: consequences.archiving_label(label_id),
        lambda: archive_label_service(actor=caller.actor, label=label_id),
        _("The label “{name}” is no longer offered. Documents keep it, and their protection."),
        _("The label “{name}” is archived already."),
    )


def relabel(
    *,
    caller: Caller,
    organization: OrganizationFacts,
    cid: UUID,
    label: UUID,
    justification: str,
    stated: Stated,
) -> Effect:
    """Give a document another label.  Raises what ``relabel`` raises, and ConfirmationRequired."""

    def act(_reason: str) -> Relabeled:
        return relabel_service(
            actor=caller.actor,
            cid=cid,
            label=label,
            justification=justification,
            rights_on=caller.rights_on,
            known_as=caller.known_as,
            legacy=caller.is_application,
        )

    def prompt_of(done: Relabeled) -> ConfirmationPrompt | None:
        return None if done.policies is None else losing_document(organization, cid, *done.policies)

    done = confirmed_by_outcome(stated, act, prompt_of)
    name = label_of(label).name(*reader_languages())
    said = _("The label is “{name}” now. {outcome}").format(name=name, outcome=_outcome(done))
    state = _("The document has the label “{name}” already.").format(name=name)
    return effect(done.changed, said, state, outcome=done.outcome.value, where=done.where.value)


def _outcome(done: Relabeled) -> str:
    if done.outcome is Outcome.KEPT:
        return _("The protection is as it was.")
    if done.where is Where.AT_THE_FILE:
        return (
            _("The protection is removed from the copy at hand; other copies keep theirs.")
            if done.outcome is Outcome.REMOVED
            else _("The copy at hand is protected anew by the label's template; other copies keep their protection.")
        )
    return _("The label's template protects every copy from the next opening on.")
