"""One act on several objects: asked about once, done for each by itself, and answered for each.

Nothing here may do what the act on one object may not.  First each act is tried and taken back, which shows what it
would change and what it would ask; then one question is about all of them; then each is done in a transaction of its
own, with its own event, so that one that is refused keeps none of the others from being done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import ChanceryError
from portal.languages import reason_of, with_next_step
from portal.usecases.confirmation import (
    ConfirmationPrompt,
    ConfirmationRequired,
    FreshSignInRequired,
    Stated,
    require_confirmation,
)
from portal.usecases.effects import Effect
from tenants.directory.errors import DirectoryRefused
from tenants.naming import NameRefused

MOST: Final = 200
"""Objects of one call."""
Act: TypeAlias = Callable[[UUID, Stated], Effect]
_ANY_REASON: Final = "–"
"""For a trial, which is taken back."""
_REFUSALS: Final = (ChanceryError, DirectoryRefused, NameRefused)


@dataclass(frozen=True, slots=True)
class Tried:
    """What acts would change: each object's name and effect, and until when copies of any could be opened."""

    names: tuple[str, ...]
    ids: tuple[UUID, ...]
    until: datetime | None
    unchanged: int

    @property
    def number(self) -> int:
        """How many objects would change."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about all of them together, in the words of ``ConfirmationPrompt``."""

    question: str
    consequences: tuple[str, ...]
    button: str
    needs_reason: bool = False
    offers: Literal["", "reason", "message"] = ""
    gives: bool = False


def each(
    chosen: Sequence[UUID],
    *,
    name_of: Callable[[UUID], str],
    act: Act,
    done: Callable[[int], str],
    stated: Stated,
    question_of: Callable[[Tried], Question] | None = None,
) -> Effect:
    """Do an act for each object, and return what became of each in the member ``results``.

    ``done`` says what was done to how many.  With ``question_of`` it asks first where anything would change; what has
    to be stated is then how many objects change.  Raises ConfirmationRequired.
    """
    ids = list(dict.fromkeys(chosen))[:MOST]
    confirms: Mapping[UUID, str] = {}
    if question_of is not None:
        tried, confirms, is_fresh = _tried(ids, name_of, act, stated)
        if tried.number:
            _ask(question_of(tried), tried, stated, is_fresh=is_fresh)
    results = [
        _result(one, name_of, act, Stated(confirms.get(one, ""), stated.reason, stated.authentication)) for one in ids
    ]
    changed = sum(one["changed"] for one in results)
    refused = [f"{one['name']}: {one['message']}" for one in results if one["refused"]]
    warnings = [f"{one['name']}: {text}" for one in results for text in one["warnings"]]
    message = done(changed) if changed else _("Nothing changed.") if ids else _("Nothing was chosen.")
    return Effect(bool(changed), message, (*refused, *warnings), {"results": results})


def _told(stated: Stated, confirm: str, reason: str = "") -> Stated:
    """Return what one act is told, once all of them are confirmed."""
    return Stated(confirm, stated.reason or reason, stated.authentication)


def _tried(
    ids: Sequence[UUID], name_of: Callable[[UUID], str], act: Act, stated: Stated
) -> tuple[Tried, Mapping[UUID, str], bool]:
    """Do all and take it back; return what would change, what each act asks for, if the sign-in is recent enough."""
    confirms: dict[UUID, str] = {}
    names: list[str] = []
    changing: list[UUID] = []
    moments: list[datetime | None] = []
    is_fresh = True
    with transaction.atomic():
        for one in ids:
            try:
                effect, confirms[one] = _confirmed(act, one, stated)
                name = name_of(one)
            except FreshSignInRequired:
                is_fresh = False
                names.append(name_of(one))
                changing.append(one)
                continue
            except _REFUSALS:
                continue
            if effect.changed:
                names.append(name)
                changing.append(one)
                moments.append(effect.members.get("latest_offline_moment"))
        transaction.set_rollback(True)
    until = max((moment for moment in moments if moment is not None), default=None)
    return Tried(tuple(names), tuple(changing), until, len(ids) - len(changing)), confirms, is_fresh


def _confirmed(act: Act, one: UUID, stated: Stated) -> tuple[Effect, str]:
    """Try one act, telling it what it asks for, and return what that was."""
    try:
        with transaction.atomic():
            return act(one, _told(stated, "", _ANY_REASON)), ""
    except FreshSignInRequired:
        raise
    except ConfirmationRequired as asked:
        confirm = asked.prompt.confirm
    with transaction.atomic():
        return act(one, _told(stated, confirm, _ANY_REASON)), confirm


def _ask(asked: Question, tried: Tried, stated: Stated, *, is_fresh: bool) -> None:
    stays = ngettext(
        "{number} of those that were chosen stays as it is: nothing would change, or you may not do it.",
        "{number} of those that were chosen stay as they are: nothing would change, or you may not do it.",
        tried.unchanged,
    )
    prompt = ConfirmationPrompt(
        question=asked.question,
        consequences=(*asked.consequences, *((stays.format(number=tried.unchanged),) if tried.unchanged else ())),
        button=asked.button,
        confirm=str(tried.number),
        needs_reason=asked.needs_reason,
        offers=asked.offers,
        gives=asked.gives,
    )
    if not is_fresh:
        raise FreshSignInRequired(prompt)
    require_confirmation(prompt, stated)


def _result(one: UUID, name_of: Callable[[UUID], str], act: Act, stated: Stated) -> dict[str, Any]:
    name = str(one)
    try:
        name = name_of(one)
        with transaction.atomic():
            effect = act(one, stated)
    except _REFUSALS as refusal:
        why = with_next_step(refusal) if isinstance(refusal, ChanceryError) else reason_of(refusal)
        return _outcome(one, name, why, refused=getattr(refusal, "code", "refused"))
    except ConfirmationRequired:
        return _outcome(one, name, _("It has changed meanwhile. Try it again."), refused="conflict")
    return _outcome(one, name, effect.message, changed=effect.changed, warnings=effect.warnings)


def _outcome(
    one: UUID, name: str, message: str, *, changed: bool = False, refused: str = "", warnings: Sequence[str] = ()
) -> dict[str, Any]:
    return {
        "id": str(one),
        "name": name,
        "changed": changed,
        "refused": refused,
        "message": message,
        "warnings": list(warnings),
    }
