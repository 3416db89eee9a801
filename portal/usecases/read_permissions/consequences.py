"""What a read permission lets an application do, said to who asks for it and to who approves it."""

from collections.abc import Iterator

from django.utils.translation import gettext as _


def effects_in_words(*, for_people: bool) -> Iterator[str]:
    """Yield what follows from a permission."""
    if for_people:
        yield _("It reads what the policy lets the person read at that moment, and never more.")
    else:
        yield _(
            "It reads them whatever their policies grant, also expired ones, but none to which access was taken back."
        )
    yield _("It can view the content and take text out of it. It cannot edit, print, export or own anything.")
    yield _("What it stores elsewhere, in an index for example, is not protected there.")
    yield _("Owners see on the page of each document what the application read, why, and who approved it.")
