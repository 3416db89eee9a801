"""Budgets of openings in words, the same on pages, in answers and in mail."""

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.languages import grouped
from protection.models import BudgetFor
from protection.selectors.budgets import BudgetRow

WHO: Final = {
    BudgetFor.PEOPLE.value: gettext_lazy("All people"),
    BudgetFor.OUTSIDERS.value: gettext_lazy("Guests and people from elsewhere"),
    BudgetFor.GROUP.value: gettext_lazy("Members of a group"),
    BudgetFor.PERSON.value: gettext_lazy("One person or application"),
    BudgetFor.APPLICATIONS.value: gettext_lazy("All applications"),
}
"""Whom a budget can be for."""


def budget_in_words(row: BudgetRow) -> str:
    """Return whom a budget is for and what it allows each of them."""
    return _("{who}: {allowance}").format(who=who_in_words(row), allowance=allowance(row.openings, row.seconds))


def who_in_words(row: BudgetRow) -> str:
    """Return whom a budget is for, with the name of a group or person."""
    return row.subject_address or str(WHO[row.who])


def allowance(openings: int, seconds: int) -> str:
    """Return how many openings in how long."""
    return ngettext("{number} opening in {time}", "{number} openings in {time}", openings).format(
        number=grouped(openings), time=time_in_words(seconds)
    )


def time_in_words(seconds: int) -> str:
    """Return a time in the largest unit of which it is a whole number."""
    if seconds % 86_400 == 0:
        return ngettext("{number} day", "{number} days", seconds // 86_400).format(number=seconds // 86_400)
    if seconds % 3_600 == 0:
        return ngettext("{number} hour", "{number} hours", seconds // 3_600).format(number=seconds // 3_600)
    if seconds % 60 == 0:
        return ngettext("{number} minute", "{number} minutes", seconds // 60).format(number=seconds // 60)
    return ngettext("{number} second", "{number} seconds", seconds).format(number=seconds)
