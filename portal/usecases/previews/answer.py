"""Work out what a change would do: the directory says who people are before and after, protection decides both.

Runs in a worker.  Everything is read in a constant number of statements, whatever the number of people and
documents.  See promise C44.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from chancery.errors import ChanceryError, NotFound
from chancery.policy.explain import asked_at_opening, shown_only
from chancery.policy.policy import Policy, PrincipalKind
from chancery.policy.preview import Preview
from chancery.texts import message
from portal import clock
from portal.usecases.previews.drafts import members_of_change, template_of_change
from portal.usecases.previews.outcome import Replay, as_result, permissions_result
from portal.usecases.previews.people import ConcernedPeople, concerned_people, only_those_who_differ
from protection.selectors.equivalence_classes import (
    Documents,
    Reach,
    Rule,
    openings,
    organization_as_it_is,
    reached,
    rules,
    visitors,
)
from protection.selectors.previews import PreviewFacts
from protection.selectors.read_permissions import reading_all_of
from protection.services.answer_preview import answer_preview, give_up_preview, report_progress, take_preview
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.roles import USER
from tenants.directory.selectors.roles import held_roles
from tenants.directory.selectors.roster import Roster, roster_of

PARTS: Final = 3
"""Documents are read, then asked about, then what happened to them is: each counts as one part of the work."""
REPORTED_EVERY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Matter:
    """What a change is about: who is concerned, which documents it reaches, templates' rules before and after.

    ``everybody`` says that the documents change and not the people, so that all people have to be asked about.
    """

    people: ConcernedPeople
    reach: Reach
    before: Mapping[UUID, Rule]
    after: Mapping[UUID, Rule]
    everybody: bool = False
    more: Mapping[str, Any] | None = None


def answer_next(organization_id: UUID) -> bool:
    """Answer the oldest preview that waits in the current organization; tell whether there was one."""
    found = take_preview()
    if found is None:
        return False
    try:
        # What is kept is English, and translated when somebody reads it.
        with translation.override(settings.LANGUAGE_CODE):
            roster = roster_of(organization_id)
            result = _answer(found, _MATTERS[found.kind](found, roster))
    except NotHere:
        give_up_preview(found.id, NotFound.code)
    except DirectoryRefused:
        give_up_preview(found.id, "refused")
    except ChanceryError as error:
        give_up_preview(found.id, error.code)
    else:
        answer_preview(found.id, result=result, epoch=roster.epoch)
    return True


class _Progress:
    """Says how far the work is, now and then."""

    def __init__(self, preview: UUID, documents: int) -> None:
        self._preview, self._documents, self._last = preview, documents, 0.0

    def to(self, part: int, done: int) -> None:
        """Say how many documents of a part are done."""
        if time.monotonic() - self._last < REPORTED_EVERY:
            return
        self._last = time.monotonic()
        done = part * self._documents + min(done, self._documents)
        report_progress(self._preview, done, PARTS * self._documents)


def _answer(found: PreviewFacts, matter: Matter) -> dict[str, Any]:
    now = clock.now()
    progress = _Progress(found.id, reached(matter.reach))
    progress.to(0, 0)
    documents = Documents(matter.before, matter.after, now=now, handovers=matter.people.handovers)
    for done in documents.read(matter.reach):
        progress.to(0, done)
    organization = organization_as_it_is(matter.people.home.organization)
    preview, done = Preview(organization, matter.people.people, matter.people.home, now=now), 0
    for kind in documents.kinds:
        preview.add(kind)
        done += kind.count
        progress.to(1, done)
    replay = _replay(found.days, matter, documents, preview, progress)
    result = as_result(preview, documents, matter.people, replay, found.asked_by)
    read_all = [str(permission) for permission in reading_all_of(documents.places, now)]
    return {**result, "read_all": read_all, **(matter.more or {})}


def _replay(days: int, matter: Matter, documents: Documents, preview: Preview, progress: _Progress) -> Replay:
    """Decide the openings and refusals of the last days again, as of when they happened."""
    replay, places = Replay(days), matter.people.places
    people = None if matter.everybody else frozenset(places)
    for number, opening in enumerate(openings(matter.reach, days=days, people=people)):
        progress.to(2, number)
        found, place = documents.places.get(opening.cid), places.get(opening.person)
        if found is None:
            continue
        effect = None
        if place is not None:
            kind = documents.at(found, opening.last)
            effect = preview.effect(kind, place, found.single, opening.last)
        replay.add(opening, place, effect)
    return replay


def _about_template(found: PreviewFacts, roster: Roster) -> Matter:
    """A new version: its own documents, for everybody; addresses are resolved anew, since bindings are a version's."""
    before = rules()
    if found.target not in before:
        raise NotFound(message("There is no such template."))
    draft = template_of_change(found.change)
    old = before[found.target]
    new = Rule(draft.policy, (draft.expiry_option, draft.expires, draft.expires_after_days))
    named = roster.addresses_in_groups() | _addresses(old.policy) | _addresses(new.policy)
    seen = visitors(days=found.days, known=frozenset(roster.people))
    had, has = ({*asked_at_opening(rule.policy.conditions), *shown_only(rule.policy)} for rule in (old, new))
    return Matter(
        concerned_people(roster, roster, addresses=named, visitors=seen),
        Reach(templates=frozenset({found.target})),
        before,
        {**before, found.target: new},
        everybody=True,
        more={"at_opening": {"added": sorted(has - had), "removed": sorted(had - has)}},
    )


def _about_group(found: PreviewFacts, roster: Roster) -> Matter:
    """Other members: documents that name a group by which somebody is in or out of another one."""
    if found.target not in roster.groups:
        raise NotHere(_("There is no such group in this organization."))
    add, remove = (members_of_change(found.change[name]) for name in ("add", "remove"))
    after = roster.with_group(found.target, add=add, remove=remove, archived=found.change["archived"])
    named = roster.addresses_in_groups() | after.addresses_in_groups()
    seen = visitors(days=found.days, known=frozenset(roster.people))
    concerned = only_those_who_differ(concerned_people(roster, after, addresses=named, visitors=seen))
    moved = {group for one in concerned.people for group in {*one.before.groups} ^ {*one.after.groups}}
    reach = Reach(names=frozenset(group.address for group in moved), ids=frozenset(group.id for group in moved))
    now = rules()
    reach = replace(reach, templates=frozenset(template for template, rule in now.items() if rule.names(reach)))
    return Matter(concerned, reach, now, now)


def _about_person(found: PreviewFacts, roster: Roster) -> Matter:
    """Disabling or enabling concerns everything somebody may open; a role opens nothing (docs/protocol.md P18)."""
    if found.target not in roster.people:
        raise NotHere(_("There is no such person in this organization."))
    disabled, role = found.change["disabled"], found.change["role"]
    after = roster if disabled is None else roster.with_person(found.target, disabled=disabled)
    concerned = only_those_who_differ(concerned_people(roster, after, addresses=(), visitors={}))
    more = {}
    if role is not None:
        held = held_roles([roster.organization_id], people=[found.target])
        kept = [one.role for one in held if one.path]
        more["permissions"] = permissions_result(before=found.seen["roles"], after=[USER, role, *kept])
    now = rules()
    return Matter(concerned, Reach(everything=bool(concerned.people)), now, now, more=more)


def _addresses(policy: Policy) -> frozenset[str]:
    entries = (*policy.index, *policy.deny)
    return frozenset(who.value for who in entries if who.kind is PrincipalKind.ADDRESS)


_MATTERS: Final = {"template": _about_template, "group": _about_group, "person": _about_person}
