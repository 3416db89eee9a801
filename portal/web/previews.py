"""What if? as a page: how far the answer is, what a change would do, and the button that makes it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from chancery.errors import ChanceryError, NotFound
from chancery.policy.difference import differences
from chancery.policy.policy import Principal
from chancery.policy.words import rights_in_words
from portal import clock
from portal.languages import grouped, reader_languages, translate
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect, effect
from portal.usecases.previews.ask import PreviewAsked
from portal.usecases.previews.drafts import template_of_change
from portal.usecases.previews.save import has_moved, preview_for, save
from portal.web.confirming import confirmed
from portal.web.framework import PageRequest, page, show, words_of
from portal.words.changes import shown_changes
from portal.words.codes import preview_error_in_words
from portal.words.policies import who_in_words
from portal.words.read_permissions import unchanged_in_words
from portal.words.roles import role_in_words
from protection.selectors.previews import PreviewFacts
from protection.selectors.templates import Change, Template, template
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.selectors.groups import group_in
from tenants.directory.selectors.people import names_of, person_in
from tenants.naming import NameRefused

SECTIONS: Final = {"template": "templates", "group": "people", "person": "people"}
SAVED: Final = gettext_lazy("The change is saved. It counts from the next opening on.")
MOVED: Final = gettext_lazy(
    "People or groups were changed after the answer you saw, so a few things may differ from it."
)


def ask(request: PageRequest, action: Callable[[], PreviewAsked]) -> HttpResponse | None:
    """Ask what a change would do and lead on to the answer; None, with the reason said, when that is refused."""
    try:
        return redirect("preview", action().id)
    except (ChanceryError, DirectoryRefused, NameRefused) as error:
        if isinstance(error, NotFound | NotHere):
            raise
        messages.error(request, words_of(error))
        return None


@require_GET
@page()
def preview(request: PageRequest, preview_id: UUID) -> HttpResponse:
    """Show how far the answer is, or the answer."""
    found = preview_for(caller=request.caller, preview=preview_id)
    title, back, sentences = _ABOUT[found.kind](request, found)
    context = {
        "preview": replace(found, error=preview_error_in_words(found.kind, found.error)),
        "working": found.state in {"waiting", "running"},
        "percent": 100 * found.done // found.total if found.total else 0,
        "title": title,
        "back": back,
        "sentences": sentences,
        "moved": has_moved(request.organization.id, found),
        **_proposer(request, found),
        "applications": unchanged_in_words(found.result, clock.now()),
        "answer": None if found.result is None else _in_words(request, found.result),
    }
    return show(request, "preview", SECTIONS[found.kind], context)


def _proposer(request: PageRequest, found: PreviewFacts) -> dict[str, Any]:
    """Return who proposes a change to somebody else, and whether they would gain by it: who saves it agrees to that."""
    if found.asked_by == request.caller.person:
        return {}
    gains = [] if found.result is None else found.result["gains"]
    names = names_of(request.organization.id, [found.asked_by])
    return {
        "proposer": names.get(found.asked_by, ""),
        "proposer_gains": any(one["person"] == str(found.asked_by) for one in gains),
    }


@require_POST
@page()
def preview_save(request: PageRequest, preview_id: UUID) -> HttpResponse:
    """Make the change exactly as it was previewed."""
    found = preview_for(caller=request.caller, preview=preview_id)

    about = reverse("templates") if found.kind == "template" else reverse(found.kind, args=[found.target])

    def act(stated: Stated) -> Effect:
        done = save(caller=request.caller, organization_id=request.organization.id, preview=preview_id, stated=stated)
        return effect(True, str(SAVED), "", str(MOVED) if done.moved else "")

    leave = reverse("preview", args=[preview_id])
    return confirmed(request, leave, act, done=about, section="templates" if found.kind == "template" else "people")


def previewed(request: PageRequest, found: Template) -> Template:
    """Return a template as it is, or as the draft of the preview that the address names, to change that again."""
    named = request.GET.get("preview", "")
    try:
        asked = preview_for(caller=request.caller, preview=UUID(named)) if named else None
    except (ValueError, NotFound):
        return found
    return found if asked is None or asked.target != found.id else as_drafted(found, asked)


def as_drafted(found: Template, asked: PreviewFacts) -> Template:
    """Return a template as the draft of a preview would make it, to change the draft again."""
    draft = template_of_change(asked.change)
    return Template(
        id=found.id,
        status=found.status,
        is_default=found.is_default,
        version=asked.seen["version"],
        names=draft.names,
        descriptions=draft.descriptions,
        policy=draft.policy,
        expiry_option=draft.expiry_option,
        expires=draft.expires,
        expires_after_days=draft.expires_after_days,
        scope=draft.scope,
        offered_to_legacy=draft.offered_to_legacy,
        changed_at=found.changed_at,
        deleted_at=found.deleted_at,
    )


About = tuple[str, str, list[str]]
"""What is changed, the address of its page, and in which respects it would be changed."""


def _about_template(request: PageRequest, found: PreviewFacts) -> About:
    organization, now = request.organization, template(found.target)
    new = as_drafted(now, found)
    ends = tuple((one.expiry_option, one.expires, one.expires_after_days) for one in (now, new))
    offers = tuple((one.scope, one.offered_to_legacy) for one in (now, new))
    change = Change(
        changes=differences(now.policy, new.policy),
        renamed=(now.names, now.descriptions) != (new.names, new.descriptions),
        expiry=None if ends[0] == ends[1] else (ends[0], ends[1]),
        offer=None if offers[0] == offers[1] else (offers[0], offers[1]),
    )
    sentences = shown_changes(change, organization.id, organization.name)
    return now.name(*reader_languages()), f"/templates/{found.target}/?preview={found.id}", sentences


def _about_group(request: PageRequest, found: PreviewFacts) -> About:
    group = group_in(request.organization.id, found.target)
    sentences = [
        said.format(member=one.get("address") or _("A member"))
        for name, said in (
            ("add", _("{member} would be in it.")),
            ("remove", _("{member} would no longer be in it.")),
        )
        for one in found.change[name]
    ]
    archived = found.change["archived"]
    if archived is not None:
        sentences.append(_("It would be archived.") if archived else _("It would no longer be archived."))
    return group.name, f"/groups/{found.target}/", sentences


def _about_person(request: PageRequest, found: PreviewFacts) -> About:
    person = person_in(request.organization.id, found.target)
    role, disabled = found.change["role"], found.change["disabled"]
    sentences = [] if role is None else [_("The role would be: {role}.").format(role=role_in_words(role))]
    if disabled is not None:
        sentences.append(_("The person would be disabled.") if disabled else _("The person would be enabled."))
    return person.name or person.email, f"/people/{found.target}/", sentences


_ABOUT: Final = {"template": _about_template, "group": _about_group, "person": _about_person}


def _in_words(request: PageRequest, result: Mapping[str, Any]) -> dict[str, Any]:
    organization = request.organization
    return {
        **result,
        "gains": [{**line, "what": _what(line, _gained)} for line in result["gains"]],
        "loses": [{**line, "what": _what(line, _lost)} for line in result["loses"]],
        "undecided": [
            who_in_words(Principal.parse(who), organization.id, organization.name) for who in result["undecided"]
        ],
        "nothing": not (result["gains"] or result["loses"]),
    }


def _what(line: Mapping[str, Any], said: Callable[[int, str], str]) -> str:
    """Return what comes or goes for one person: documents as a whole, and rights on documents that stay open."""
    whole = [said(line["openings"], "")] if line["openings"] else []
    rest = {right: documents for right, documents in line["rights"].items() if documents > line["openings"]}
    parts = [said(max(rest.values()), translate(rights_in_words(rest)))] if rest else []
    return "; ".join(whole + parts)


def _gained(number: int, rights: str) -> str:
    """Say that so many documents open, or that these rights come on so many."""
    sentence = (
        ngettext("may also: {rights} ({number} document)", "may also: {rights} ({number} documents)", number)
        if rights
        else ngettext("opens {number} document", "opens {number} documents", number)
    )
    return sentence.format(number=grouped(number), rights=rights)


def _lost(number: int, rights: str) -> str:
    """Say that so many documents open no more, or that these rights go on so many."""
    sentence = (
        ngettext("may no longer: {rights} ({number} document)", "may no longer: {rights} ({number} documents)", number)
        if rights
        else ngettext("can no longer open {number} document", "can no longer open {number} documents", number)
    )
    return sentence.format(number=grouped(number), rights=rights)
