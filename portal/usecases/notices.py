"""Of what people are mailed about their documents: what they choose, and how they end it."""

from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from chancery.errors import NotFound
from chancery.texts import message
from portal.usecases.caller import Caller
from portal.usecases.effects import Effect, effect
from protection.models import NoticeOf
from protection.selectors.documents import decided_among, document_for
from protection.selectors.notices import Choices, WhatIsNew, choices_of, what_is_new
from protection.selectors.sight import Sight
from protection.services import notices
from protection.services.visit import last_visit, visit
from tenants.actor import Actor as DirectoryActor

IN_WORDS = {
    NoticeOf.EVERY.value: gettext_lazy("Every opening and refusal, at once"),
    NoticeOf.FIRST.value: gettext_lazy("The first opening by each person"),
    NoticeOf.REFUSALS.value: gettext_lazy("Refusals only"),
    NoticeOf.DAILY.value: gettext_lazy("One mail a day, in the morning"),
    NoticeOf.NONE.value: pgettext_lazy("what is mailed", "Nothing"),
}
"""What can be chosen."""
AS_FOR_ALL = ""
"""The choice of a document that goes by what is chosen for all."""


def notice_choices(*, caller: Caller) -> Choices:
    """Return what the caller has chosen."""
    return choices_of(caller.person)


def choose_notices(*, caller: Caller, of: str, cid: UUID | None = None) -> Effect:
    """Choose of what to be mailed, for one document or for all that the caller decides about.

    For a document ``AS_FOR_ALL`` gives up its own choice.  Raises NotFound for a document that is not the caller's.
    """
    if cid is None:
        changed = notices.choose(person=caller.person, of=of, cid=None)
        words = _("For all your documents you are mailed: {what}.").format(what=IN_WORDS[of])
        return effect(changed, words, _("You have chosen this already."))
    title = document_for(caller.actor, cid).row.title or str(cid)
    if not decided_among(caller.person, [cid]):
        raise NotFound(message("There is no such document of yours."))
    if of == AS_FOR_ALL:
        changed = notices.follow_all(person=caller.person, cid=cid)
        words = _("For “{title}” you are mailed what you chose for all your documents.").format(title=title)
    else:
        changed = notices.choose(person=caller.person, of=of, cid=cid)
        words = _("For “{title}” you are mailed: {what}.").format(title=title, what=IN_WORDS[of])
    return effect(changed, words, _("You have chosen this already."))


def stop_notices(*, actor: DirectoryActor) -> Effect:
    """End all mail about openings to a person at the current organization; they named themselves by a mail's link."""
    changed = actor.person_id is not None and notices.stop(person=actor.person_id)
    return effect(
        changed,
        _("You get no more mail about your documents here."),
        _("You get no mail about your documents here."),
    )


def news_for(*, caller: Caller, sight: Sight, visiting: bool) -> WhatIsNew:
    """Return what is new to the caller since their last visit; ``visiting`` notes that they are here now.

    Nothing is new to somebody who is here for the first time, nor where it is not shown who opened documents.
    """
    since = visit(person=caller.person) if visiting else last_visit(person=caller.person)
    if since is None or not sight.sorts:
        return WhatIsNew(since, 0, ())
    return what_is_new(caller.person, since)
