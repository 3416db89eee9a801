"""The worker's part of access reviews: remind, take away what nobody kept, and begin the next one."""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from chancery.errors import ChanceryError
from portal.languages import reason_of
from portal.notifications.reviews import mail_review_due, mail_review_put_off, mail_review_waits
from portal.usecases.caller import Caller, caller_at
from portal.usecases.reviews.answer import take_away
from portal.usecases.reviews.gather import gathered
from portal.usecases.reviews.remove import TAKES, is_own
from portal.usecases.self_granted_access import NOTIFIED_AT_MOST, enabled_with_role
from protection.models import Review, ReviewAnswer
from protection.selectors.reviews import ItemFacts, ReviewFacts, review, review_items
from protection.services.reviews import (
    MOST_ITEMS,
    MOST_REVIEWERS,
    ReviewTerms,
    close_review,
    next_overdue,
    next_reminder,
    next_repeated,
    note_failure,
    note_told,
    put_off,
    start_review,
    starter_of,
)
from tenants.directory.errors import DirectoryRefused
from tenants.directory.models import Person
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts, organization_by_id


def carry_on_reviews(organization_id: UUID) -> int:
    """Do what is due in the reviews of the current organization; return for how many something was."""
    organization, number = organization_by_id(organization_id), 0
    if organization is None:
        return 0
    while _remind(organization):
        number += 1
    while (due := next_overdue()) is not None:
        _see_to(organization, review(due))
        number += 1
    while _repeat(organization):
        number += 1
    return number


@transaction.atomic
def _remind(organization: OrganizationFacts) -> bool:
    found = next_reminder()
    if found is None:
        return False
    made = review(found)
    if made.open:
        mail_review_waits(_readers(organization, made), organization, made)
    return True


def _see_to(organization: OrganizationFacts, found: ReviewFacts) -> None:
    """Take away what nobody kept, each in a transaction of its own, and tell the reviewers what is left."""
    taken = 0
    if found.removes:
        callers = list(_callers(organization, found))
        for item in review_items(found.id, limit=MOST_ITEMS, answer=ReviewAnswer.OPEN):
            taken += _take(callers, found, item)
    # What was taken away before this worker was killed is answered; the rest is seen to by the next one.
    with transaction.atomic():
        if not note_told(found.id):
            return
        left = review(found.id)
        if not left.open:
            close_review(actor=None, review=found.id)
        mail_review_due(_readers(organization, left), organization, left, removed=taken)


def _take(callers: list[Caller], found: ReviewFacts, item: ItemFacts) -> int:
    """Take one thing away in the name of the first who may; what cannot be stays open, with the reason."""
    by = next((one for one in callers if one.may(TAKES[item.kind]) and not is_own(one, item)), None)
    failure = _("Nobody who started or answers this review may take it away, or it is their own.")
    if by is not None:
        reason = _("Nobody kept it in the review “{name}”.").format(name=found.name)
        try:
            take_away(caller=by, review_id=found.id, item=item, reason=reason, by_itself=True)
        except (ChanceryError, DirectoryRefused) as error:
            failure = reason_of(error)
        else:
            return 1
    note_failure(review=found.id, item=item.id, failure=failure)
    return 0


def _repeat(organization: OrganizationFacts) -> bool:
    """Begin the next review where its time has come, of what there is by now; return whether there was one.

    One that cannot begin is put off by its months, so that it neither ends unseen nor keeps others from theirs.
    """
    with transaction.atomic():
        row = next_repeated()
        if row is None:
            return False
        try:
            with transaction.atomic():
                _begin_again(organization, row)
        except ChanceryError as error:
            put_off(review=row.id, failure=reason_of(error))
            mail_review_put_off(_starter(organization, row), organization, review(row.id), error)
    return True


def _begin_again(organization: OrganizationFacts, row: Review) -> None:
    """Begin a review like one before.  Raises InvalidPolicy: there is nothing, too much, or nobody to review it."""
    present = enabled_with_role(organization.id, ADMINISTRATOR)
    reviewers = [one for one in present if one.id in row.reviewers] or present[:MOST_REVIEWERS]
    terms = ReviewTerms(
        name=row.name,
        kinds=tuple(row.kinds),
        groups=tuple(row.groups),
        reviewers=tuple((one.id, one.email) for one in reviewers),
        days=row.days,
        every_months=row.every_months,
        removes=row.removes,
    )
    items = gathered(organization.id, row.kinds, row.groups)
    made = review(start_review(actor=starter_of(row.id), terms=terms, items=items))
    mail_review_waits(reviewers, organization, made)


def _starter(organization: OrganizationFacts, row: Review) -> list[PersonFacts]:
    """Return who started a review, or the administrators where that one administers no more."""
    present = [one for one in enabled_with_role(organization.id, ADMINISTRATOR) if one.email]
    started = starter_of(row.id).person
    return [one for one in present if one.id == started] or present[:NOTIFIED_AT_MOST]


def _callers(organization: OrganizationFacts, found: ReviewFacts) -> Iterator[Caller]:
    """Yield who started the review and its reviewers, with what they may by now."""
    people = dict.fromkeys((starter_of(found.id).person, *found.reviewers))
    known = {one.id: one for one in Person.objects.filter(id__in=people)}
    for person in people:
        if person in known:
            caller = caller_at(organization, known[person], ip="", source="worker")
            if caller.active:
                yield caller


def _readers(organization: OrganizationFacts, found: ReviewFacts) -> list[PersonFacts]:
    present = enabled_with_role(organization.id, ADMINISTRATOR)
    return [one for one in present if one.id in found.reviewers and one.email] or present
