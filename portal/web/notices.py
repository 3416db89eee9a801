"""Mail about openings: what a person chooses for all documents or one, and the link of a mail that ends it."""

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from portal.identity.notice_links import read_stop_token
from portal.request_facts import client_address
from portal.usecases.notices import AS_FOR_ALL, IN_WORDS, choose_notices, notice_choices, stop_notices
from portal.web.framework import PageRequest, carried_out, page, show, show_to_all
from tenants.actor import Actor


class NoticesForm(forms.Form):
    """Of what to be mailed for all documents."""

    of = forms.ChoiceField(
        label=gettext_lazy("For all my documents"),
        choices=list(IN_WORDS.items()),
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "What you do yourself is never mailed. About one document you get four mails an hour at most; what happens"
            " beyond them comes together in one."
        ),
    )


@require_http_methods(["GET", "POST"])
@page()
def notices(request: PageRequest) -> HttpResponse:
    """Show and change what the reader is mailed."""
    chosen = notice_choices(caller=request.caller)
    form = NoticesForm(request.POST or None, initial={"of": chosen.of})
    if request.method == "POST" and form.is_valid():
        of = form.cleaned_data["of"]
        if carried_out(request, lambda: choose_notices(caller=request.caller, of=of)):
            return redirect("notices")
    context = {"form": form, "chosen": [(one, IN_WORDS[one.of]) for one in chosen.documents]}
    return show(request, "notices", "documents", context)


@require_POST
@page()
def document_notices(request: PageRequest, cid: UUID) -> HttpResponse:
    """Change what the reader is mailed about one document."""
    of = request.POST.get("of", "")
    if of not in {AS_FOR_ALL, *IN_WORDS}:
        raise Http404
    carried_out(request, lambda: choose_notices(caller=request.caller, of=of, cid=cid))
    if request.POST.get("back") == "notices":
        return redirect("notices")
    return redirect("document", cid)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to end the mail, and end it by POST, from the page or by the reader's mail program (RFC 8058).

    The token says whose mail it is, so no cookie counts here.
    """
    organization = request.organization  # type: ignore[attr-defined]  # the middleware sets it
    person = read_stop_token(token, organization.id)
    if person is None:
        raise Http404
    effect = None
    if request.method == "POST":
        effect = stop_notices(actor=Actor(person_id=person, name="", source="mail", ip=client_address(request)))
    return show_to_all(request, "notices_stop", "documents", {"effect": effect, "organization": organization})
