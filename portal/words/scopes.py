"""Scopes in words: which documents a super-user grant or a read permission covers."""

from collections.abc import Iterator

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped, reader_languages
from protection.selectors.labels import label_names
from protection.selectors.scopes import Scope
from protection.selectors.templates import template_names


def scope_in_words(scope: Scope) -> tuple[str, ...]:
    """Return one sentence for each condition; all of them have to be met."""
    if scope.is_everything:
        return (_("All documents of the organization."),)
    return tuple(_conditions(scope))


def _conditions(scope: Scope) -> Iterator[str]:
    languages = reader_languages()
    if scope.cids is not None:
        number = len(scope.cids)
        words = ngettext("{number} document that is named.", "{number} documents that are named.", number)
        yield words.format(number=grouped(number))
    if scope.template is not None:
        names = template_names([str(scope.template)], *languages)
        yield _("Documents by the template “{name}”.").format(name=next(iter(names.values()), scope.template))
    if scope.label is not None:
        names = label_names([str(scope.label)], *languages)
        yield _("Documents under the label “{name}”.").format(name=next(iter(names.values()), scope.label))
    if scope.owner is not None:
        yield _("Documents that {owner} owns.").format(owner=scope.owner_address)
    if scope.group is not None:
        yield _("Documents that grant something to the group {group}.").format(group=scope.group_address)
    if scope.since is not None:
        when = date_format(localtime(scope.since), "DATETIME_FORMAT")
        yield _("Documents protected on {when} or later.").format(when=when)
    if scope.until is not None:
        when = date_format(localtime(scope.until), "DATETIME_FORMAT")
        yield _("Documents protected before {when}.").format(when=when)
