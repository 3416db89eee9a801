"""Access reviews in words: what is reviewed, and what became of it."""

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.words.roles import role_in_words, roles_in_words
from protection.models import ReviewAnswer, ReviewKind
from protection.selectors.reviews import ItemFacts

KINDS: Final = {
    ReviewKind.ROLES: gettext_lazy("Roles of people, groups and applications"),
    ReviewKind.SUPER_USERS: gettext_lazy("Who may ask for super-user grants"),
    ReviewKind.READ_PERMISSIONS: gettext_lazy("Read permissions of applications"),
    ReviewKind.APPLICATIONS: gettext_lazy("Applications"),
    ReviewKind.GUESTS: gettext_lazy("Guests in groups"),
    ReviewKind.GROUPS: gettext_lazy("Members of the groups named below"),
}
"""What a review can be of."""

_ANSWERS: Final = {
    ReviewAnswer.OPEN: gettext_lazy("Open"),
    ReviewAnswer.KEPT: gettext_lazy("Kept"),
    ReviewAnswer.REMOVED: gettext_lazy("Removed"),
    ReviewAnswer.GONE: gettext_lazy("Ended before"),
}
"""What becomes of an item."""

STATES: Final = {
    "open": gettext_lazy("Open"),
    "overdue": gettext_lazy("Overdue"),
    "closed": gettext_lazy("Closed"),
}


def answer_in_words(item: ItemFacts) -> str:
    """Return what became of an item."""
    return str(_ANSWERS[ReviewAnswer(item.answer)])


def item_in_words(item: ItemFacts) -> str:
    """Return what an item is about, beside whom it concerns."""
    match item.kind:
        case ReviewKind.ROLES:
            return _("the role {role}").format(role=role_in_words(item.what))
        case ReviewKind.SUPER_USERS:
            return _("may ask for super-user grants")
        case ReviewKind.READ_PERMISSIONS:
            return _("read permission {number}").format(number=item.what)
        case ReviewKind.APPLICATIONS:
            held = item.what.split()
            roles = roles_in_words(held) if held else _("no role")
            return _("an application with: {roles}").format(roles=roles)
        case ReviewKind.GUESTS:
            return _("a guest in the group {group}").format(group=item.what)
        case _:
            return _("a member of the group {group}").format(group=item.what)
