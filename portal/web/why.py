"""Why somebody may or may not do something with a document, as a page."""

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from chancery.policy.explain import Contribution
from chancery.policy.policy import Principal
from chancery.policy.rights import Right, in_order
from chancery.policy.words import right_in_words
from portal import clock
from portal.languages import reason_of, translate, translate_lazy
from portal.usecases.explain import Explained, explain_document
from portal.web.framework import PageRequest, moment_of, page, show
from portal.words.policies import rights_as_level, who_in_words
from portal.words.read_permissions import reading_in_words
from portal.words.why import blocker_words, only_the_right_is_missing
from protection.selectors.documents import document_for
from tenants.naming import NameRefused

BASIS = {
    "issuer": gettext_lazy("This person protected the document, so its policy does not limit them."),
    "owner": gettext_lazy("This person owns the document, so its policy does not limit them."),
}


class WhyForm(forms.Form):
    """Whom and what the question is about."""

    who = forms.CharField(label=gettext_lazy("Whose access"), max_length=320, widget=forms.EmailInput())
    right = forms.ChoiceField(
        label=gettext_lazy("To do what"),
        choices=[(right.value, translate_lazy(right_in_words(right))) for right in Right],
        initial=Right.VIEW.value,
    )


@require_GET
@page()
def document_why(request: PageRequest, cid: UUID) -> HttpResponse:
    """Ask about one person and one right, and answer below the question."""
    found = document_for(request.caller.actor, cid)
    form = WhyForm(request.GET or None)
    answer = None
    if request.GET and form.is_valid():
        try:
            answer = explain_document(
                caller=request.caller,
                organization=request.organization,
                cid=cid,
                address=form.cleaned_data["who"],
                right=Right(form.cleaned_data["right"]),
                now=clock.now(),
            )
        except NameRefused as error:
            form.add_error("who", reason_of(error))
    context = {"row": found.row, "form": form, "answer": None if answer is None else _shown(request, answer)}
    return show(request, "document_why", "documents", context)


def _shown(request: PageRequest, found: Explained) -> dict[str, object]:
    """Put an explanation into words."""
    explanation, organization = found.why.explanation, request.organization

    def named(who: Principal) -> str:
        return who_in_words(who, organization.id, organization.name)

    def entry(one: Contribution) -> dict[str, object]:
        return {
            "who": named(one.who),
            "rights": rights_as_level(in_order(one.rights)),
            "personal": one.personal,
            "until": moment_of(one.until),
            "path": () if one.group is None else found.paths.get(one.group, ()),
        }

    return {
        "who": found.who.address,
        "known": found.who.known,
        "allowed": explanation.allowed,
        "opens": only_the_right_is_missing(explanation),
        "what": translate(right_in_words(explanation.right)),
        "basis": "" if explanation.basis is None else BASIS.get(explanation.basis.value, ""),
        "entries": [entry(one) for one in explanation.contributions],
        "ended": [entry(one) for one in explanation.ended],
        "blockers": [
            {
                "words": blocker_words(explanation, one.reason),
                "detail": translate(one.detail),
                "entry": "" if one.entry is None else named(one.entry),
            }
            for one in explanation.blockers
        ],
        "at_opening": [translate(words) for words in found.why.at_opening],
        "undecided": [named(who) for who in found.why.undecided],
        "applications": [reading_in_words(one) for one in found.applications],
    }
