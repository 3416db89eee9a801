"""Read permissions in words."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.languages import grouped
from portal.words.scopes import scope_in_words
from protection.selectors.read_permissions import PermissionFacts, active_permissions

KINDS: Final = {"all": gettext_lazy("Read all"), "for_user": gettext_lazy("Read for user")}
_NAMED: Final = 5


def permission_in_words(found: PermissionFacts) -> tuple[str, ...]:
    """Return which documents a permission covers, and for whom it reads."""
    people = (people_in_words(found.people_addresses, found.people_group_address),) if found.for_people else ()
    return (*scope_in_words(found.scope), *people)


def reading_in_words(found: PermissionFacts) -> str:
    """Say that an application reads a document, beside what a person may do with it."""
    when = "" if found.ends is None else date_format(localtime(found.ends), "DATETIME_FORMAT")
    words = (
        _("The application {application} reads it for this person, as far as they may, until {when}.")
        if found.for_people
        else _("The application {application} reads it whatever the policy grants, until {when}.")
    )
    return words.format(application=found.application, when=when)


def unchanged_in_words(result: Mapping[str, Any] | None, now: float) -> list[str]:
    """Say for which applications the change that was asked about changes nothing; ``result`` is the answer, if any."""
    read_all = set() if result is None else set(result.get("read_all", ()))
    words = _("The application {application} reads these documents or some of them anyway, so for it nothing changes.")
    return [words.format(application=one.application) for one in active_permissions(now) if str(one.id) in read_all]


def people_in_words(addresses: Sequence[str], group: str) -> str:
    """Return for whom an application reads."""
    if group:
        return _("It reads for members of the group {group}.").format(group=group)
    if not addresses:
        return _("It reads for every member of the organization.")
    shown, more = ", ".join(addresses[:_NAMED]), len(addresses) - _NAMED
    if more > 0:
        words = ngettext("It reads for {people} and {number} more.", "It reads for {people} and {number} others.", more)
        return words.format(people=shown, number=grouped(more))
    return _("It reads for {people}.").format(people=shown)
