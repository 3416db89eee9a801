"""Merge two accounts of one person: get a code in one of them, enter it in the other."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.identity.strength import of_session
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.merging import MergeCodeGiven, give_merge_code, merge
from portal.web.account_pages import actor_of, signed_in
from portal.web.confirming import confirmed
from portal.web.framework import carried_out


class MergeForm(forms.Form):
    """The code of the other account."""

    code = forms.CharField(
        label=gettext_lazy("Code of the other account"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def merge_page(request: HttpRequest) -> HttpResponse:
    """Give a code of this account, or take in the one whose code is entered (``recent_sign_in``)."""
    given: list[MergeCodeGiven] = []
    form = MergeForm(request.POST if "code" in request.POST else None)
    if request.method == "POST" and "action_code" in request.POST:

        def give() -> Effect:
            given.append(give_merge_code(actor=actor_of(request), stated=Stated("", "", of_session(request))))
            return given[0].effect

        carried_out(request, give)
    elif request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        return confirmed(
            request,
            reverse("account_merge"),
            lambda stated: merge(actor=actor_of(request), code=code, stated=stated),
            done=reverse("account_email"),
        )
    return render(request, "pages/merge.html", {"form": form, "given": given[0] if given else None})
