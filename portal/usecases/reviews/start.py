"""Begin an access review, and close one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import InvalidPolicy, NotFound
from chancery.texts import message
from portal.languages import grouped
from portal.notifications.reviews import mail_review_waits
from portal.subjects.named_groups import groups_meant
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed_by_outcome, moment_in_words
from portal.usecases.effects import Effect, effect
from portal.usecases.reviews.gather import gathered
from portal.usecases.role_assignments import require_manager
from portal.usecases.self_granted_access import enabled_with_role
from protection.models import ReviewKind
from protection.selectors.reviews import ReviewFacts, review
from protection.services.reviews import MOST_REVIEWERS, ReviewTerms, close_review, start_review
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.people import PersonFacts
from tenants.naming import address, one_line
from tenants.organizations.selectors import OrganizationFacts

LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedReview:
    """What is to be reviewed, by whom, until when; no ``reviewers`` are all administrators."""

    name: str
    kinds: Sequence[str]
    groups: Sequence[str] = ()
    reviewers: Sequence[str] = ()
    days: int = 14
    every_months: int | None = None
    removes: bool = False


def begin_review(*, caller: Caller, organization: OrganizationFacts, wanted: WantedReview, stated: Stated) -> Effect:
    """Begin a review; asked first where what nobody keeps is taken away.

    Raises PermissionMissing, NotFound, NameRefused, InvalidPolicy and what ``confirmed`` raises.
    """
    require_manager(caller)
    name = one_line(wanted.name)[:LONGEST_NAME]
    if not name:
        raise InvalidPolicy(message("Give the review a name."))
    reviewers = _reviewers(caller, wanted.reviewers)
    groups = tuple(groups_meant(caller.organization, [one for one in wanted.groups if one.strip()]))
    if (ReviewKind.GROUPS in wanted.kinds) != bool(groups):
        raise InvalidPolicy(message("Name groups exactly where their members are reviewed."))
    terms = ReviewTerms(
        name=name,
        kinds=tuple(dict.fromkeys(wanted.kinds)),
        groups=groups,
        reviewers=tuple((one.id, one.email) for one in reviewers),
        days=wanted.days,
        every_months=wanted.every_months,
        removes=wanted.removes,
    )

    def act(_reason: str) -> ReviewFacts:
        items = gathered(caller.organization, terms.kinds, groups)
        return review(start_review(actor=caller.actor, terms=terms, items=items))

    with transaction.atomic():
        made = confirmed_by_outcome(stated, act, lambda made: _question(made) if made.removes else None)
        mail_review_waits([one for one in reviewers if one.id != caller.person], organization, made)
    done = ngettext(
        "The review “{name}” has begun, with {number} item.",
        "The review “{name}” has begun, with {number} items.",
        made.items,
    ).format(name=made.name, number=grouped(made.items))
    alone = [] if len(reviewers) > 1 else [_("There is one reviewer, who does not answer about what is their own.")]
    return effect(True, done, "", *alone, id=str(made.id), items=made.items)


def end_review(*, caller: Caller, review_id: UUID, stated: Stated) -> Effect:
    """Close a review and stop repeating it, asked first where something is open or it is repeated.

    Raises PermissionMissing, NotFound and as ``confirmed``.
    """
    require_manager(caller)
    found = review(review_id)
    changed = confirmed_by_outcome(
        stated,
        lambda _reason: close_review(actor=caller.actor, review=review_id),
        lambda changed: (
            _closing(found) if changed and (found.next_at or (found.open and not found.closed_at)) else None
        ),
    )
    done = (
        _("The review “{name}” is closed and not repeated any more.")
        if found.next_at
        else _("The review “{name}” is closed.")
    )
    return effect(
        changed,
        done.format(name=found.name),
        _("The review “{name}” is closed already.").format(name=found.name),
    )


def _reviewers(caller: Caller, named: Sequence[str]) -> list[PersonFacts]:
    """Return administrators: those who could take away what is reviewed."""
    administrators = enabled_with_role(caller.organization, ADMINISTRATOR)
    wanted = [address(one) for one in named if one.strip()]
    if not wanted:
        return administrators[:MOST_REVIEWERS]
    known = {one.email: one for one in administrators}
    missing = [one for one in wanted if one not in known]
    if missing:
        raise NotFound(
            message("{address} is no administrator here.", address=missing[0]),
            remedy=message("Reviewers are administrators: they could take away what they look at."),
        )
    return [known[one] for one in dict.fromkeys(wanted)]


def _question(made: ReviewFacts) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Take away by itself what nobody keeps?"),
        consequences=(
            ngettext("{number} item is reviewed.", "{number} items are reviewed.", made.items).format(
                number=grouped(made.items)
            ),
            _("What nobody has kept on {when} is taken away then, in your name.").format(
                when=moment_in_words(made.due_at)
            ),
            _("The last administrator stays, and nobody loses what is theirs in their own name."),
        ),
        button=_("Begin the review"),
        confirm=str(made.items),
        needs_fresh=True,
    )


def _closing(found: ReviewFacts) -> ConfirmationPrompt:
    open_items = (
        ()
        if found.closed_at or not found.open
        else (
            ngettext(
                "{number} item was not answered; it stays as it is.",
                "{number} items were not answered; they stay as they are.",
                found.open,
            ).format(number=grouped(found.open)),
            _("Nothing in it can be answered then."),
        )
    )
    repeated = (
        ()
        if found.next_at is None
        else (_("It is not repeated any more: none begins on {when}.").format(when=moment_in_words(found.next_at)),)
    )
    question = _("Stop repeating the review “{name}”?") if found.closed_at else _("Close the review “{name}”?")
    return ConfirmationPrompt(
        question=question.format(name=found.name),
        consequences=(*open_items, *repeated),
        button=_("Stop repeating") if found.closed_at else _("Close it"),
        confirm=found.name,
    )
