"""Fields of forms that follow a rule of ours beside those of the framework."""

from typing import Any

from django import forms

from portal.languages import reason_of
from tenants.naming import NameRefused, free_text


class FreeTextField(forms.CharField):
    """A reason, note, message or description, which may have several lines."""

    def to_python(self, value: Any) -> str:
        """Return the text with line feeds as its only line ends, which browsers send as two characters."""
        text = super().to_python(value) or ""
        try:
            return free_text(text)
        except NameRefused as error:
            raise forms.ValidationError(reason_of(error)) from error
