"""How somebody is called, and the language and time zone in which they read."""

import zoneinfo
from typing import Any, cast

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.usecases.effects import Effect
from portal.usecases.preferences import set_preferences
from portal.web.account_pages import actor_of, signed_in
from portal.web.framework import carried_out


class PreferencesForm(forms.Form):
    """The person's own settings."""

    name = forms.CharField(
        label=gettext_lazy("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=[("", gettext_lazy("As in the browser")), *settings.LANGUAGES],
        required=False,
        help_text=gettext_lazy("Of these pages, and of mail to you."),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=[(name, name) for name in sorted(zoneinfo.available_timezones())],
        help_text=gettext_lazy("Times are shown in it, and a date means midnight there."),
    )


@require_http_methods(["GET", "POST"])
@signed_in
def preferences(request: HttpRequest) -> HttpResponse:
    """Show and change them."""
    person = cast(Any, request.user)
    initial = {"name": person.name, "language": person.language, "time_zone": person.time_zone}
    form = PreferencesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data

        def act() -> Effect:
            # In the language of the page that will say it.
            with translation.override(wanted["language"] or translation.get_language()):
                return set_preferences(person_id=person.id, actor=actor_of(request), **wanted)

        if carried_out(request, act):
            return redirect("preferences")
    return render(request, "pages/preferences.html", {"form": form})
