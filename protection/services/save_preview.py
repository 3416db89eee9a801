"""Save what was previewed: exactly that, once, and in one transaction with the change itself."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction

from chancery.errors import Conflict, NotFound
from chancery.texts import message
from protection.models import Preview, PreviewState
from protection.selectors.previews import PreviewFacts, preview_facts


@transaction.atomic
def save_preview(preview: UUID, make: Callable[[PreviewFacts], None]) -> PreviewFacts:
    """Make the change that a preview is about, and mark it as saved; ``make`` belongs to the package that knows how.

    Raises NotFound, and Conflict while there is no answer yet or when it was saved already.
    """
    row = Preview.objects.select_for_update().filter(id=preview).first()
    if row is None:
        raise NotFound(
            message("There is no such preview; previews are kept for a day."), remedy=message("Make the change again.")
        )
    if row.state == PreviewState.SAVED:
        raise Conflict(message("This change was saved already."), remedy=message("Nothing is left to do."))
    if row.state != PreviewState.DONE:
        raise Conflict(
            message("The preview of this change is not finished."),
            remedy=message("Wait for the answer, or ask again."),
        )
    found = preview_facts(preview)
    make(found)
    Preview.objects.filter(id=preview).update(state=PreviewState.SAVED)
    return found
