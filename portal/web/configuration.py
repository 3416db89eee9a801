"""All settings in one view, and as a file to take along or to take over."""

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from chancery.policy.permission import Permission
from portal.usecases.configuration import (
    LONGEST,
    configuration_of,
    exported_configuration,
    import_configuration,
)
from portal.web.confirming import confirmed, sends_text
from portal.web.framework import PageRequest, page, show


class SettingsFileForm(forms.Form):
    """A file with settings, or its text: the question sends the fields again, and a file cannot be among them."""

    text = forms.CharField(required=False, max_length=LONGEST, widget=forms.HiddenInput)
    file = forms.FileField(label=gettext_lazy("File with settings"), required=False)

    def clean_file(self) -> str:
        """Return the text of the file."""
        file = self.cleaned_data["file"]
        try:
            return "" if file is None else str(file.read(LONGEST + 1).decode())
        except UnicodeDecodeError:
            raise forms.ValidationError(_("This file is no text in UTF-8.")) from None

    def settings(self) -> str:
        """Return what is to be taken."""
        return str(self.cleaned_data["file"] or self.cleaned_data["text"])


@require_http_methods(["GET", "POST"])
@page(Permission.SETTINGS_READ)
def configuration(request: PageRequest) -> HttpResponse:
    """Show every setting with its default and who changed it; take a file, which asks first."""
    manages = request.caller.may(Permission.SETTINGS_MANAGE)
    form = SettingsFileForm(request.POST or None, request.FILES or None)

    def shown() -> HttpResponse:
        rows = configuration_of(caller=request.caller).rows
        return show(request, "configuration", "settings", {"rows": rows, "form": form, "manages": manages})

    if request.method != "POST" or not manages or not form.is_valid():
        return shown()
    text = form.settings()
    if request.FILES:
        sends_text(request, text=text)
    return confirmed(
        request,
        reverse("configuration"),
        lambda stated: import_configuration(caller=request.caller, text=text, stated=stated),
        section="settings",
        refused=shown,
    )


@require_GET
@page(Permission.SETTINGS_READ)
def configuration_file(request: PageRequest) -> HttpResponse:
    """Send all settings as a file."""
    made = exported_configuration(caller=request.caller, organization=request.organization)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return HttpResponse(made.text, content_type="application/json", headers=headers)
