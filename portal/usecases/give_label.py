"""Give a document another label: it says what that did to its protection, and asks first where many lose access."""

from uuid import UUID

from django.utils.translation import gettext as _

from chancery.policy.labels import Outcome
from portal.languages import reader_languages
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Danger, Stated, confirmed_by_outcome
from portal.usecases.effects import Effect, effect
from portal.usecases.losses import losing_document
from protection.selectors.labels import label as label_of
from protection.services.relabel import Relabeled, Where, relabel
from tenants.organizations.selectors import OrganizationFacts


def give_label(
    *,
    caller: Caller,
    organization: OrganizationFacts,
    cid: UUID,
    label: UUID,
    justification: str,
    stated: Stated,
) -> Effect:
    """Give it.  Raises what ``relabel`` raises, and ConfirmationRequired."""

    def act(_reason: str) -> Relabeled:
        return relabel(
            actor=caller.actor,
            cid=cid,
            label=label,
            justification=justification,
            holder=caller.holder,
            audience=caller.audience,
        )

    def danger_of(done: Relabeled) -> Danger | None:
        return None if done.policies is None else losing_document(organization, cid, *done.policies)

    done = confirmed_by_outcome(stated, act, danger_of)
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
