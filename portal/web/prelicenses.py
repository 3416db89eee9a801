"""The page by which an owner sends licenses of a document ahead."""

import base64
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from chancery.errors import ChanceryError, NotFound
from chancery.policy.permission import Permission
from portal.usecases.prelicensing import LicensesSent, licenses_file_for
from portal.web.framework import PageRequest, page, show, words_of
from portal.words.prelicensing import not_ahead_in_words
from protection.selectors.documents import document_for


class RecipientsForm(forms.Form):
    """For whom."""

    to = forms.CharField(
        label=gettext_lazy("Only for these recipients"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy("One address on each line. Left empty: everyone whom the policy names by address."),
    )


@require_http_methods(["GET", "POST"])
@page(Permission.FILES_PROTECT)
def document_prelicenses(request: PageRequest, cid: UUID) -> HttpResponse:
    """Ask for whom, and show what each recipient got, with the file to send along."""
    found = document_for(request.caller.actor, cid)
    if request.caller.person not in {found.row.deciding_issuer, found.row.owner_id}:
        raise Http404
    form = RecipientsForm(request.POST or None)
    context = {"row": found.row, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            made = licenses_file_for(caller=request.caller, cid=cid, to=form.cleaned_data["to"].split() or None)
        except NotFound:
            raise
        except ChanceryError as error:
            messages.error(request, words_of(error))
        else:
            context |= {"made": made, "rows": _rows(made), "data": base64.b64encode(made.file).decode()}
    return show(request, "document_prelicenses", "documents", context)


def _rows(made: LicensesSent) -> list[dict[str, object]]:
    return [
        {"recipient": one.recipient, "licenses": one.licenses, "why": not_ahead_in_words(one.reason)}
        for one in made.results
    ]
