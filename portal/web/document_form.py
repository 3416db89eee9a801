"""The form in which the policy of a document that was already sent is changed."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.web.policies import PolicyForm
from protection.services.template_draft import MAX_EXPIRY_DAYS


class DocumentPolicyForm(PolicyForm):
    """A policy of the document's own, which can also end a number of days after the document was protected."""

    expires_after_days = forms.IntegerField(
        label=gettext_lazy("Or: days after it was protected"), required=False, min_value=1, max_value=MAX_EXPIRY_DAYS
    )
    field_order = ("grants", "deny", "expires", "expires_after_days")

    def clean(self) -> dict[str, Any]:
        """Refuse two ends: nobody could tell which one was meant."""
        data = super().clean()
        if data.get("expires_after_days") and "expires" in self.changed_data and data.get("expires"):
            self.add_error("expires_after_days", _("Name a last day or a number of days, not both."))
        return data
