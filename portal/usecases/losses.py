"""Changes by which many lose access at once, said before they are made: who loses it, and until when copies live."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.policy.losses import Losses, are_many, losses
from chancery.policy.policy import Policy, PrincipalKind
from portal import clock
from portal.languages import reader_languages
from portal.usecases.confirmation import ConfirmationPrompt, copies_until, counted, if_any
from portal.usecases.consequences import people_lately
from portal.words.policies import who_in_words
from protection.selectors.affected import affected_by_document, affected_by_people, affected_by_template
from protection.selectors.documents import taken_back, title_of
from protection.selectors.requests import given_on
from protection.selectors.templates import Template, documents_ended
from tenants.directory.selectors.groups import groups_at, people_held
from tenants.directory.services.change_group import GroupChange
from tenants.organizations.selectors import OrganizationFacts, organization_by_id

SOON: Final = 3600
"""Access that ends within so many seconds is lost by the change: else an end in a minute would be set unasked."""
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
    found = losses(before, after, clock.now() + SOON, unaffected=taken.addresses | personal)
    if not found.are_many(_groups(found, organization.id)):
        return None
    reach, title = affected_by_document(cid), title_of(cid)
    nobody = _("From then on, only its owner and the person who protected it can open it.")
    return ConfirmationPrompt(
        question=_("Take access to “{title}” from many at once?").format(title=title or cid),
        consequences=(
            _who(found, organization),
            *([nobody] if not found.left else []),
            ngettext(
                "{number} person has opened it in the last thirty days.",
                "{number} people have opened it in the last thirty days.",
                reach.people,
            ).format(number=counted(reach.people)),
            copies_until(reach.until),
        ),
        button=_("Take access away"),
        confirm=title or str(cid),
    )


def losing_template(organization_id: UUID, before: Template, after: Template) -> ConfirmationPrompt | None:
    """Say who would lose access by another version of a template; None where it protects nothing or few lose any."""
    now = clock.now() + SOON
    found = losses(before.policy, after.policy, now)
    ended = _ended(after, now) - _ended(before, now)
    organization = organization_by_id(organization_id)
    if organization is None or not (found.are_many(_groups(found, organization_id)) or ended > 0):
        return None
    reach, name = affected_by_template(before.id), before.name(*reader_languages())
    if not reach.documents:
        return None
    return ConfirmationPrompt(
        question=_("Take access to all that “{name}” protects from many at once?").format(name=name),
        consequences=(
            ngettext(
                "{number} document is protected by it.", "{number} documents are protected by it.", reach.documents
            ).format(number=counted(reach.documents)),
            *([_who(found, organization)] if found.lost else []),
            *([_("From then on, only the owners can open them.")] if found.lost and not found.left else []),
            *if_any(
                max(ended, 0),
                ngettext(
                    "Access to {number} document ends at once.", "Access to {number} documents ends at once.", ended
                ),
            ),
            people_lately(reach.people),
            copies_until(reach.until),
        ),
        button=_("Take access away"),
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
                names=_listed([one.address or one.label for one in removed])
            ),
            *([_("It has no members left.")] if not after.members else []),
            copies_until(reach.until),
            _("They can be added again."),
        ),
        button=_("Take them out"),
        confirm=after.address,
    )


def _ended(found: Template, now: int) -> int:
    return documents_ended(found.id, found.expiry_option, found.expires, found.expires_after_days, now)


def _groups(found: Losses, organization_id: UUID) -> frozenset[str]:
    """Return which of those who lose access are groups of the organization."""
    addresses = [who.value for who in found.lost if who.kind is PrincipalKind.ADDRESS]
    return frozenset(groups_at(organization_id, addresses)) if addresses else frozenset()


def _who(found: Losses, organization: OrganizationFacts) -> str:
    names = [who_in_words(who, organization.id, organization.name) for who in found.lost]
    return _("These lose access: {names}.").format(names=_listed(names))


def _listed(names: Sequence[str]) -> str:
    first, rest = ", ".join(names[:NAMED]), len(names) - NAMED
    if rest <= 0:
        return first
    return ngettext("{names} and {number} more", "{names} and {number} more", rest).format(
        names=first, number=counted(rest)
    )
