"""The part of a form that says which documents are asked for, for a super-user grant or a read permission."""

from datetime import date, datetime, time
from typing import Any, Final, cast
from uuid import UUID

from django import forms
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy

from portal.languages import reader_languages
from protection.selectors.labels import labels
from protection.selectors.templates import deleted_templates, templates

SCOPE_FIELDS: Final = ("owner", "template", "label", "group", "documents", "since", "until")


class ScopeForm(forms.Form):
    """Which documents; what is left empty narrows nothing."""

    owner = forms.CharField(
        label=gettext_lazy("Only documents of this owner"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("An address, also of a person who left."),
    )
    template = forms.TypedChoiceField(
        label=gettext_lazy("Only those by this template"), required=False, coerce=UUID, empty_value=None
    )
    label = forms.TypedChoiceField(
        label=gettext_lazy("Only those under this label"), required=False, coerce=UUID, empty_value=None
    )
    group = forms.CharField(
        label=gettext_lazy("Only those that grant something to this group"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("The address of a group."),
    )
    documents = forms.CharField(
        label=gettext_lazy("Only these documents"),
        required=False,
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Their ids, as the page of a document or chancery info shows them."),
    )
    since = forms.DateField(
        label=gettext_lazy("Protected from"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Protected before"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, data: Any, initial: dict[str, str]) -> None:
        """Offer templates, deleted ones too, and labels."""
        super().__init__(data, initial=initial)
        languages = reader_languages()
        for name, found in (("template", (*templates(), *deleted_templates())), ("label", labels())):
            choices = [(str(one.id), one.name(*languages)) for one in found]
            cast(forms.ChoiceField, self.fields[name]).choices = [("", gettext_lazy("Any")), *choices]

    def clean_documents(self) -> tuple[UUID, ...]:
        """Return the ids, each once."""
        try:
            return tuple(dict.fromkeys(UUID(text) for text in self.cleaned_data["documents"].split()))
        except ValueError:
            raise forms.ValidationError(gettext_lazy("One of them is no id of a document.")) from None

    def scope_members(self) -> dict[str, Any]:
        """Return the members of a ``ScopeRequest``; days begin in the reader's time zone."""
        data = self.cleaned_data
        return {
            "cids": data["documents"],
            "template": data["template"],
            "label": data["label"],
            "owner": data["owner"].strip(),
            "group": data["group"].strip().casefold(),
            "since": _midnight(data["since"]),
            "until": _midnight(data["until"]),
        }


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else make_aware(datetime.combine(day, time()))
