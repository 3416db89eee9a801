"""Labels: how sensitive documents are, the protection that comes with each, and giving one to a document."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.errors import NotFound
from chancery.policy.labels import Effect as LabelEffect
from chancery.policy.labels import Outcome
from chancery.policy.permission import Permission
from chancery.texts import message
from portal.languages import reader_languages, written_in
from portal.ordering import LABELS, in_order
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.labels import archive_label, create_label, edit_label, publish_label, relabel
from portal.web.confirming import confirmed, status_changed
from portal.web.fields import FreeTextField
from portal.web.framework import PageRequest, carried_out, page, paged, show
from portal.web.grant_lines import shown_grants
from portal.web.listing import Column, Listing
from protection.selectors.documents import Document, document_for
from protection.selectors.labels import ShownLabel, documents_with, label, labels, offered_labels
from protection.selectors.templates import kept_template, templates
from protection.services.relabel import MAX_JUSTIFICATION, Choice, Choices, MayNotRelabel, Where, choices_for
from protection.services.save_label import (
    MAX_SENSITIVITY,
    LabelDraft,
)
from tenants.organizations.selectors import OrganizationFacts

EFFECTS: Final = {
    LabelEffect.PROTECT: gettext_lazy("Protects by a template"),
    LabelEffect.NONE: gettext_lazy("Does not protect; protection that was chosen by hand stays"),
    LabelEffect.REMOVE: gettext_lazy("Removes protection: a document with this label has none"),
}
OUTCOMES: Final = {
    Outcome.KEPT: gettext_lazy("The protection does not change."),
    Outcome.REPLACED: gettext_lazy("The label's template takes the place of the protection, for every copy at once."),
    Outcome.REMOVED: gettext_lazy("The protection is removed, which can only be done where the file is."),
}


MANAGED: Final = {"state", "actions"}
"""Columns for those who manage labels."""
COLUMNS: Final = (
    Column("name", gettext_lazy("Label"), "name", sorts=True, stays=True),
    Column("state", gettext_lazy("State"), "state"),
    Column("sensitivity", gettext_lazy("Sensitivity"), "number", sorts=True),
    Column("effect", gettext_lazy("What it does"), "person"),
    Column("actions", gettext_lazy("Actions"), "more", stays=True),
)


class LabelForm(forms.Form):
    """What a label says; its name and description in the language of the page."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    description = FreeTextField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("People read it when they choose a label."),
    )
    sensitivity = forms.IntegerField(
        label=gettext_lazy("Sensitivity"),
        min_value=0,
        max_value=MAX_SENSITIVITY,
        help_text=gettext_lazy(
            "A number, for example 10 for Public, 20 for Internal, 30 for Confidential. People who go to a lower one"
            " have to say why."
        ),
    )
    effect = forms.ChoiceField(
        label=gettext_lazy("What it does"),
        choices=[(named.value, words) for named, words in EFFECTS.items()],
        initial=LabelEffect.PROTECT.value,
        widget=forms.RadioSelect(),
    )
    template = forms.ChoiceField(
        label=gettext_lazy("Template"),
        required=False,
        help_text=gettext_lazy(
            "For a label that protects. From then on people choose the label instead of this template."
        ),
    )

    def __init__(self, *args: Any, known: ShownLabel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        taken = {one.template.id for one in labels() if one.template is not None and one.status == "published"}
        # The label's own template stays in the list, also when nobody else may choose it any more.
        own = () if known is None or known.template is None else (known.template,)
        free = [one for one in templates(published_only=True) if one.id not in taken | {mine.id for mine in own}]
        choices = [(str(one.id), one.name(*reader_languages())) for one in (*own, *free)]
        self.fields["template"].choices = [("", _("None")), *choices]  # type: ignore[attr-defined]  # a ChoiceField's

    def draft(self) -> LabelDraft:
        """Return what the label is to say; texts in other languages are kept.  Only after the form is valid."""
        data = self.cleaned_data
        known = self.known
        language = written_in({} if known is None else known.names)
        chosen = LabelEffect(data["effect"])
        return LabelDraft(
            names={**({} if known is None else known.names), language: data["name"]},
            descriptions={**({} if known is None else known.descriptions), language: data["description"]},
            sensitivity=data["sensitivity"],
            effect=chosen,
            template=UUID(data["template"]) if data["template"] and chosen is LabelEffect.PROTECT else None,
        )


class RelabelForm(forms.Form):
    """Which label, and why it lowers the protection."""

    label = forms.ChoiceField(label=gettext_lazy("Label"), widget=forms.RadioSelect())
    justification = FreeTextField(
        label=gettext_lazy("Why the protection is lowered"),
        required=False,
        max_length=MAX_JUSTIFICATION,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "Needed for a label that is less sensitive than the present one. Kept in the audit log."
        ),
    )

    def __init__(self, *args: Any, choices: Iterable[Choice], place: OrganizationFacts | None, **kwargs: Any) -> None:
        """Offer those that the service can give; the others need a program where the file is."""
        super().__init__(*args, **kwargs)
        self.outcomes = {str(one.label.id): one for one in choices if one.becomes.where is Where.DONE}
        self.fields["label"].choices = [  # type: ignore[attr-defined]  # a ChoiceField's
            (identity, _in_words(one, place)) for identity, one in self.outcomes.items()
        ]

    def clean(self) -> dict[str, Any]:
        """Ask for the justification where the chosen label needs one."""
        data = super().clean() or {}
        chosen = self.outcomes.get(data.get("label", ""))
        if chosen is not None and chosen.lowers and not data.get("justification", "").strip():
            self.add_error("justification", _("This label is less sensitive than the present one: say why."))
        return data


def _in_words(choice: Choice, place: OrganizationFacts | None) -> str:
    """Return a label with what it does to the protection and, where it replaces it, who may open it then.

    Without a place that is left out: who is in a template is the business of those who may read templates.
    """
    name, outcome = choice.label.name(*reader_languages()), OUTCOMES[choice.becomes.outcome]
    linked = choice.label.template
    if choice.becomes.outcome is not Outcome.REPLACED or linked is None or place is None:
        return _("{name}: {outcome}").format(name=name, outcome=outcome)
    grants = shown_grants(kept_template(linked.id).policy, place.id, place.name)
    who = "; ".join(f"{grant.who} ({grant.meaning})" for grant in grants) or _("only the owner")
    return _("{name}: {outcome} Then it opens for: {who}.").format(name=name, outcome=outcome, who=who)


@require_GET
@page(Permission.TEMPLATES_READ)
def label_list(request: PageRequest) -> HttpResponse:
    """Show all labels to those who manage them, and those they may give to everybody else."""
    manages = request.caller.may(Permission.TEMPLATES_MANAGE)
    found = labels() if manages else offered_labels(request.caller.known_as, legacy=request.caller.is_application)
    columns = [column for column in COLUMNS if manages or column.name not in MANAGED]
    listing = Listing(request, "labels", columns, order="sensitivity")
    languages = reader_languages()
    rows = [
        {
            "label": one,
            "name": one.name(*languages),
            "description": one.description(*languages),
            "effect": EFFECTS[one.effect],
            "template": "" if one.template is None else one.template.name(*languages),
        }
        for one in in_order(found, LABELS, listing.sort)
    ]
    context = {"shown": paged(request, rows), "listing": listing, "manages": manages}
    return show(request, "labels", "labels", context)


@require_http_methods(["GET", "POST"])
@page(Permission.TEMPLATES_MANAGE)
def label_new(request: PageRequest) -> HttpResponse:
    """Make a label and publish it, unless the person wants to wait."""
    form = LabelForm(request.POST or None)
    publish = request.method == "GET" or bool(request.POST.get("publish"))
    if request.method == "POST" and form.is_valid():
        draft = form.draft()
        if carried_out(request, lambda: create_label(caller=request.caller, draft=draft, publish=publish)):
            return redirect("labels")
    return show(request, "label_edit", "labels", {"form": form, "new": True, "publish": publish})


@require_http_methods(["GET", "POST"])
@page(Permission.TEMPLATES_MANAGE)
def label_edit(request: PageRequest, label_id: UUID) -> HttpResponse:
    """Change what a label says; documents that carry it keep their protection."""
    found = label(label_id)
    language = written_in(found.names)
    initial = {
        "name": found.names.get(language, ""),
        "description": found.descriptions.get(language, ""),
        "sensitivity": found.sensitivity,
        "effect": found.effect.value,
        "template": "" if found.template is None else str(found.template.id),
    }
    form = LabelForm(request.POST or None, known=found, initial=initial)
    if request.method == "POST" and form.is_valid():
        caller, draft = request.caller, form.draft()
        seen = request.POST.get("based_on", "")
        based_on = int(seen) if seen.isdecimal() else None
        if carried_out(request, lambda: edit_label(caller=caller, label_id=label_id, draft=draft, based_on=based_on)):
            return redirect("labels")
    context = {
        "form": form,
        "name": found.name(*reader_languages()),
        "documents": documents_with(label_id),
        # What the person has seen, also when the form comes back with an error.
        "based_on": request.POST.get("based_on") or found.version,
    }
    return show(request, "label_edit", "labels", context)


@require_POST
@page(Permission.TEMPLATES_MANAGE)
def label_status(request: PageRequest, label_id: UUID) -> HttpResponse:
    """Publish or archive a label."""
    return status_changed(
        request,
        "labels",
        lambda: publish_label(caller=request.caller, label_id=label_id),
        lambda stated: archive_label(caller=request.caller, label_id=label_id, stated=stated),
    )


@require_http_methods(["GET", "POST"])
@page()
def document_label(request: PageRequest, cid: UUID) -> HttpResponse:
    """Let people who may give a document another label do so, and say what that does to its protection."""
    caller = request.caller
    found, document = labels_for(request, cid), _document_of(request, cid)
    if found is None:
        raise NotFound(message("There is no such document, or you may not manage it."))
    back = "document_access" if document is None else "document"
    place = request.organization if caller.may(Permission.TEMPLATES_READ) else None
    form = RelabelForm(request.POST or None, choices=found.others, place=place)

    def form_again() -> HttpResponse:
        return _label_page(request, cid, back, document, form, found)

    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data

        def act(stated: Stated) -> Effect:
            return relabel(
                caller=caller,
                organization=request.organization,
                cid=cid,
                label=UUID(wanted["label"]),
                justification=wanted["justification"],
                stated=stated,
            )

        return confirmed(request, reverse(back, args=[cid]), act, section="documents", refused=form_again)
    return form_again()


def _label_page(
    request: PageRequest, cid: UUID, back: str, document: Document | None, form: RelabelForm, found: Choices
) -> HttpResponse:
    languages = reader_languages()
    context = {
        "cid": cid,
        "document": document,
        "back": back,
        "form": form,
        "present": None if found.present is None else found.present.name(*languages),
        "at_the_file": [
            {
                "id": one.label.id,
                "name": one.label.name(*languages),
                "removes": one.becomes.outcome is Outcome.REMOVED,
                "lowers": one.lowers,
            }
            for one in found.others
            if one.becomes.where is Where.AT_THE_FILE
        ],
    }
    return show(request, "document_label", "documents", context)


def labels_for(request: PageRequest, cid: UUID) -> Choices | None:
    """Return the labels that the person may give to a document, None for a person who may give it none."""
    caller = request.caller
    try:
        return choices_for(
            actor=caller.actor,
            cid=cid,
            rights_on=caller.rights_on,
            known_as=caller.known_as,
            legacy=caller.is_application,
        )
    except (NotFound, MayNotRelabel):
        return None


def _document_of(request: PageRequest, cid: UUID) -> Document | None:
    """Return the document for a person who may see its page, None for one who may change it by a right on it alone."""
    try:
        return document_for(request.caller.actor, cid)
    except NotFound:
        return None
