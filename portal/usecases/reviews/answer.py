"""Keep or remove what is reviewed."""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, moment_in_words
from portal.usecases.effects import Effect, effect
from portal.usecases.reviews.remove import is_own, removed
from portal.usecases.reviews.visible import may_answer
from portal.words.reviews import item_in_words
from protection.models import ReviewAnswer
from protection.selectors.reviews import ItemFacts, review, review_item
from protection.services.reviews import answer_item, lock_item
from tenants.directory.errors import NotPermitted


def keep_item(*, caller: Caller, review_id: UUID, item: int, stated: Stated) -> Effect:
    """Attest that somebody keeps what they may, with the reason.

    Raises NotFound, ItemAnswered, NotPermitted and what ``confirmed`` raises.
    """
    found = _answered_by(caller, review_id, item)
    names = {"whom": found.whom, "what": item_in_words(found)}
    prompt = ConfirmationPrompt(
        question=_("Keep this: {whom}, {what}?").format(**names),
        consequences=tuple(_known(found)),
        button=_("Keep it"),
        confirm=found.whom,
        needs_reason=True,
        gives=True,
    )

    def act(reason: str) -> None:
        answer_item(actor=caller.actor, review=review_id, item=item, answer=ReviewAnswer.KEPT, reason=reason)

    confirmed(prompt, stated, act)
    return effect(True, _("Kept: {whom}, {what}.").format(**names), "")


def remove_item(*, caller: Caller, review_id: UUID, item: int, stated: Stated) -> Effect:
    """Take away what somebody may, at once, as where it stands.

    Raises NotFound, ItemAnswered, NotPermitted, LastAdministrator and what ``confirmed`` raises.
    """
    found = _answered_by(caller, review_id, item)
    names = {"whom": found.whom, "what": item_in_words(found)}
    prompt = ConfirmationPrompt(
        question=_("Take this away: {whom}, {what}?").format(**names),
        consequences=(*_known(found), _("It ends at once, as if it were taken away where it stands.")),
        button=_("Take it away"),
        confirm=found.whom,
        needs_reason=True,
        needs_fresh=True,
    )
    answer = confirmed(
        prompt, stated, lambda reason: take_away(caller=caller, review_id=review_id, item=found, reason=reason)
    )
    if answer == ReviewAnswer.GONE:
        return effect(True, _("It had ended already: {whom}, {what}.").format(**names), "")
    return effect(True, _("Taken away: {whom}, {what}.").format(**names), "")


@transaction.atomic
def take_away(
    *, caller: Caller, review_id: UUID, item: ItemFacts, reason: str, by_itself: bool = False
) -> ReviewAnswer:
    """Take away what an item is about and keep the answer, or that it had ended.  Raises as ``remove_item`` does."""
    lock_item(review=review_id, item=item.id)
    took = removed(caller=caller, item=item, reason=reason)
    answer = ReviewAnswer.REMOVED if took else ReviewAnswer.GONE
    answer_item(actor=caller.actor, review=review_id, item=item.id, answer=answer, reason=reason, by_itself=by_itself)
    return answer


def _answered_by(caller: Caller, review_id: UUID, item: int) -> ItemFacts:
    """Return an item that the caller may answer.  Raises NotFound, ItemAnswered and NotPermitted."""
    found, row = review(review_id), review_item(review_id, item)
    lock_item(review=review_id, item=item)
    if may_answer(caller, found, row):
        return row
    if is_own(caller, row):
        raise NotPermitted(_("This is your own. Another reviewer answers about it."))
    raise NotPermitted(_("You are not among the reviewers, or could not take this away."))


def _known(found: ItemFacts) -> Iterator[str]:
    if found.since is not None:
        yield _("Since {when}.").format(when=moment_in_words(found.since))
    if found.given_by:
        yield _("Given by {whom}.").format(whom=found.given_by)
    if found.last_used is not None:
        yield _("Last used or seen here on {when}.").format(when=moment_in_words(found.last_used))
    else:
        yield _("Never used, as far as is recorded.")
