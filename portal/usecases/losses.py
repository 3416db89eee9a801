"""Changes by which many lose access at once, said before they are made: who loses it, and until when copies live."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.policy.evaluate import DAY
from chancery.policy.explain import asked_at_opening
from chancery.policy.losses import Losses, are_many, losses
from chancery.policy.policy import Policy, PrincipalKind
from portal import clock
from portal.languages import grouped, reader_languages, translate
from portal.usecases.confirmation import ConfirmationPrompt, copies_until, if_any, moment_in_words
from portal.usecases.consequences import people_lately
from portal.words.policies import who_in_words
from protection.selectors.affected import affected_by_document, affected_by_people, affected_by_template
from protection.selectors.documents import opened_between, taken_back, title_of
from protection.selectors.kept import kept_by_people
from protection.selectors.requests import given_on
from protection.selectors.sight import Sight
from protection.selectors.templates import Template, documents_ended
from tenants.directory.selectors.groups import groups_at, people_held
from tenants.directory.services.change_group import GroupChange
from tenants.organizations.selectors import OrganizationFacts, organization_by_id

SOON: Final = 3600
"""Access that ends within so many seconds is lost by the change: else an end in a minute would be set unasked."""
KEEPERS: Final = 25
"""Of how many people a question says until when they can open what their devices keep."""
NAMED: Final = 5
"""How many of those who lose access a question names."""


def losing_document(
    organization: OrganizationFacts, cid: UUID, before: Policy, after: Policy
) -> ConfirmationPrompt | None:
    """Say who would lose access to a document by another policy; None where that is nobody or only a few.

    Access given to one person beside the policy stays, and what is taken back is lost already.
    """
    taken = taken_back(cid)
    if taken.everybody_since is not None:
        return None
    personal = {one.address for one in given_on(cid) if not one.taken}
    now = clock.now() + SOON
    found = losses(before, after, now, unaffected=taken.addresses | personal)
    over = _over({"content_id": cid}, before, after, now)
    if not (found.are_many(_groups(found, organization.id)) or over):
        return None
    reach, title = affected_by_document(cid), title_of(cid)
    question, button = _("Take access to “{title}” from many at once?"), _("Take access away")
    if _only_drawn(found) and not over:
        question, button = _("Make “{title}” viewer only?"), _("Make it viewer only")
    nobody = _("From then on, only its owner can open it, and the person who protected it unless it was handed over.")
    return ConfirmationPrompt(
        question=question.format(title=title or cid),
        consequences=(
            *_lost(found, after, organization, nobody),
            *_over_in_words(over),
            _opened_lately(reach.people),
            copies_until(reach.until),
        ),
        button=button,
        confirm=title or str(cid),
    )


def losing_template(organization_id: UUID, before: Template, after: Template) -> ConfirmationPrompt | None:
    """Say who would lose access by another version of a template; None where it protects nothing or few lose any."""
    now = clock.now() + SOON
    found = losses(before.policy, after.policy, now)
    ended = _ended(after, now) - _ended(before, now)
    over = _over({"content__template_id": before.id}, before.policy, after.policy, now)
    organization = organization_by_id(organization_id)
    if organization is None or not (found.are_many(_groups(found, organization_id)) or ended > 0 or over):
        return None
    reach, name = affected_by_template(before.id), before.name(*reader_languages())
    if not reach.documents:
        return None
    question, button = _("Take access to all that “{name}” protects from many at once?"), _("Take access away")
    if _only_drawn(found) and ended <= 0 and not over:
        question, button = _("Make all that “{name}” protects viewer only?"), _("Make it viewer only")
    return ConfirmationPrompt(
        question=question.format(name=name),
        consequences=(
            ngettext(
                "{number} document is protected by it.", "{number} documents are protected by it.", reach.documents
            ).format(number=grouped(reach.documents)),
            *_lost(found, after.policy, organization, _("From then on, only the owners can open them.")),
            *if_any(
                max(ended, 0),
                ngettext(
                    "Access to {number} document ends at once.", "Access to {number} documents ends at once.", ended
                ),
            ),
            *_over_in_words(over),
            people_lately(reach.people),
            copies_until(reach.until),
        ),
        button=button,
        confirm=name,
    )


def losing_group(change: GroupChange) -> ConfirmationPrompt | None:
    """Say who would lose what a group gives; None where that is nobody or only a few."""
    before, after, removed = change.before, change.after, change.removed
    nested = any(one.kind == "group" for one in removed)
    if before.archived or after.archived or not (nested or are_many(len(removed), len(after.members))):
        return None
    reach = affected_by_people(people_held(removed))
    return ConfirmationPrompt(
        question=_("Take many members out of {address} at once?").format(address=after.address),
        consequences=(
            _("These lose what the group gives them: {names}.").format(
                names=listed([one.address or one.label for one in removed])
            ),
            *([_("It has no members left.")] if not after.members else []),
            copies_until(reach.until),
            _("They can be added again."),
        ),
        button=_("Take them out"),
        confirm=after.address,
    )


def losing_everybody(
    cid: UUID, sight: Sight, *, at: datetime | None = None, issuer_too: bool = False
) -> ConfirmationPrompt:
    """Say what taking a document back from everybody does, now or at a moment."""
    reach, title = affected_by_document(cid), title_of(cid)
    question = (
        _("Take access to “{title}” back from everybody?").format(title=title or cid)
        if at is None
        else _("End everybody's access to “{title}” on {when}?").format(title=title or cid, when=moment_in_words(at))
    )
    left = (
        _("From then on, nobody can open it, not even the person who protected it.")
        if issuer_too
        else _("From then on, only the person who protected it can open it, or nobody if it was handed over.")
    )
    return ConfirmationPrompt(
        question=question,
        consequences=(
            left,
            _opened_lately(reach.people),
            *kept_in_words(cid, sight, reach.until, at, issuer_too=issuer_too),
            _("Access can be given back at any time.")
            if at is None
            else _("It can be changed or canceled until then."),
        ),
        button=_("Take access back") if at is None else _("Set the end"),
        confirm=title or str(cid),
    )


def losing_many(cid: UUID, sight: Sight, who: str, *, at: datetime | None = None) -> ConfirmationPrompt:
    """Say what taking access from a mail domain or an organization does, now or at a moment."""
    reach, title = affected_by_document(cid), title_of(cid)
    question = (
        _("Take access to “{title}” back from {who}?").format(title=title or cid, who=who)
        if at is None
        else _("End access of {who} to “{title}” on {when}?").format(
            title=title or cid, who=who, when=moment_in_words(at)
        )
    )
    return ConfirmationPrompt(
        question=question,
        consequences=(
            _("It reaches all its people, guests included, whatever else gives them access."),
            *kept_in_words(cid, sight, reach.until, at),
            _("Access can be given back at any time.")
            if at is None
            else _("It can be changed or canceled until then."),
        ),
        button=_("Take access back") if at is None else _("Set the end"),
        confirm=title or str(cid),
    )


def kept_in_words(
    cid: UUID, sight: Sight, until: datetime | None, at: datetime | None = None, *, issuer_too: bool = False
) -> Iterator[str]:
    """Yield until when copies kept on devices can be opened, for each person; ``at`` is when access is to end.

    Licenses are asked for anew when an end is set, and those that are issued from then on end with it.
    """
    if at is not None and (until is None or until <= at):
        yield _("No license that a device keeps lasts longer.")
        return
    yield copies_until(until)
    kept = kept_by_people(cid, sight, issuer_too=issuer_too)
    if len(kept) > 1:
        names = [f"{one.address or _('a person without an address')}: {moment_in_words(one.until)}" for one in kept]
        yield _("By person: {names}.").format(names=listed(names, KEEPERS))


def _opened_lately(people: int) -> str:
    return ngettext(
        "{number} person has opened it in the last thirty days.",
        "{number} people have opened it in the last thirty days.",
        people,
    ).format(number=grouped(people))


def _over_in_words(over: int) -> tuple[str, ...]:
    return if_any(
        over,
        ngettext(
            "The time of {number} person who has opened it is over at once.",
            "The time of {number} people who have opened it is over at once.",
            over,
        ),
    )


def _over(documents: Mapping[str, UUID], before: Policy, after: Policy, now: int) -> int:
    """Return for how many people, whose time counts from their first opening, it is over by another policy."""
    had, has = before.expires_after_opening_days, after.expires_after_opening_days
    if has is None or (had is not None and had <= has):
        return 0
    return opened_between(documents, 0 if had is None else now - had * DAY, now - has * DAY)


def _only_drawn(found: Losses) -> bool:
    return bool(found.drawn) and not found.lost and not found.stricter


def _lost(found: Losses, after: Policy, organization: OrganizationFacts, nobody: str) -> Iterator[str]:
    """Yield who loses access, and what those who do not have to meet from then on."""
    if found.lost:
        yield _who(found, organization)
        if not found.left:
            yield nobody
    if found.drawn:
        names = [who_in_words(who, organization.id, organization.name) for who in found.drawn]
        yield _(
            "These see drawn pages in their browser from then on, and never get the file. They can no longer edit it,"
            " copy from it, save it, open it without a network or in another program: {names}."
        ).format(names=listed(names))
    if found.stricter:
        asked = " ".join(translate(text) for text in asked_at_opening(after.conditions))
        begins = after.conditions.not_before
        if begins is not None and begins > clock.now() + SOON:
            yield _("Nobody else can open it before {when}.").format(
                when=moment_in_words(datetime.fromtimestamp(begins, UTC))
            )
        if asked:
            yield _("Those who cannot meet the conditions lose access. {conditions}").format(conditions=asked)


def _ended(found: Template, now: int) -> int:
    return documents_ended(found.id, found.expiry_option, found.expires, found.expires_after_days, now)


def _groups(found: Losses, organization_id: UUID) -> frozenset[str]:
    """Return which of those who lose access are groups of the organization."""
    addresses = [who.value for who in found.lost if who.kind is PrincipalKind.ADDRESS]
    return frozenset(groups_at(organization_id, addresses)) if addresses else frozenset()


def _who(found: Losses, organization: OrganizationFacts) -> str:
    names = [who_in_words(who, organization.id, organization.name) for who in found.lost]
    return _("These lose access: {names}.").format(names=listed(names))


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """Return the first of several names, and how many more there are."""
    first, rest = ", ".join(names[:most]), len(names) - most
    if rest <= 0:
        return first
    return ngettext("{names} and {number} more", "{names} and {number} more", rest).format(
        names=first, number=grouped(rest)
    )
