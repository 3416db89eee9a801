"""One person, group or domain replaced, added or removed across many documents: asked about once, undone as one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import InvalidPolicy, NotFound
from chancery.policy.permission import Permission
from chancery.policy.policy import Principal, PrincipalKind
from chancery.policy.rights import in_order, parse_rights
from chancery.texts import message
from portal.languages import grouped
from portal.subjects.recipients import entry_named
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, moment_in_words, require_confirmation
from portal.usecases.effects import Effect, effect
from portal.usecases.sight import sight_of
from portal.words.everywhere import skipped_in_words
from portal.words.policies import rights_as_level, who_in_words
from protection.selectors.everywhere import (
    EverywhereFacts,
    WouldBe,
    everywhere_change,
    skipped_by_reason,
    unfinished,
    would_be,
)
from protection.selectors.hand_overs import owners
from protection.services.change import Widening
from protection.services.everywhere import (
    BATCH,
    Everywhere,
    begin_everywhere,
    drafted,
    everywhere_batch,
    undo_everywhere,
)
from tenants.directory.selectors.people import person_known_as
from tenants.organizations.selectors import OrganizationFacts

REPLACE, ADD, REMOVE = "replace", "add", "remove"
ACTS: Final = (REPLACE, ADD, REMOVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EverywhereRequest:
    """What a person asks for: entries as people write them, and which documents are meant.

    ``everybody`` means the documents of all, which administrators narrow; ``owner`` is an address or a person's id.
    """

    act: str
    who: str = ""
    to: str = ""
    rights: Sequence[str] = ()
    until: int | None = None
    everybody: bool = False
    owner: str = ""
    template: UUID | None = None
    label: UUID | None = None
    protected_from: datetime | None = None
    protected_until: datetime | None = None


def change_everywhere(
    *, caller: Caller, organization: OrganizationFacts, asked: EverywhereRequest, stated: Stated
) -> Effect:
    """Change all documents that match, once that is confirmed; many of them in the background.

    Raises InvalidPolicy, NotFound, Widening and what ``require_confirmation`` raises.
    """
    wanted = _read(caller, organization, asked)
    found = would_be(drafted(caller.actor, wanted), _person(organization, wanted.who), sight_of(caller=caller))
    if not found.changed:
        return effect(
            False,
            "",
            _("There is no document that this would change."),
            *skipped_in_words(found.skipped),
            id=None,
            documents=0,
            skipped=found.skipped,
        )
    prompt = _question(organization, wanted, found)
    reason = require_confirmation(prompt, stated)
    with transaction.atomic():
        made = begin_everywhere(actor=caller.actor, asked=wanted, reason=reason)
        if made.total <= BATCH:
            everywhere_batch(made.id)
    return _outcome(everywhere_change(caller.actor, made.id), found)


def undo_change(*, caller: Caller, change_id: UUID, stated: Stated) -> Effect:
    """Undo a change of many documents as one; what others changed since stays as they set it.

    Who asked for it may, and administrators what one of them asked for by role.  Raises NotFound, CannotUndo and what
    ``require_confirmation`` raises.
    """
    found = everywhere_change(caller.actor, change_id)
    by_role = found.administrator and caller.may(Permission.DOCUMENTS_REVOKE)
    own = caller.person == found.asker and not found.administrator
    if not (own or by_role):
        raise NotFound(message("There is no such change, or you may not undo it."))
    with transaction.atomic():
        begun = undo_everywhere(actor=caller.actor, change=change_id)
        require_confirmation(
            ConfirmationPrompt(
                question=_("Undo this change?"),
                consequences=(
                    ngettext(
                        "{number} document gets back who had access before.",
                        "{number} documents get back who had access before.",
                        found.changed,
                    ).format(number=grouped(found.changed)),
                    _("Documents whose access was changed since stay as they are."),
                ),
                button=_("Undo it"),
                confirm=str(found.changed),
                offers="reason",
                gives=True,
            ),
            stated,
        )
        if begun.total <= BATCH:
            everywhere_batch(change_id)
    made = everywhere_change(caller.actor, change_id)
    done = _("The change is undone.") if made.state == "undone" else _("The change is being undone.")
    return effect(True, done, "", id=str(made.id), state=made.state)


def carry_on_everywhere() -> int:
    """Carry out what is asked for in the current organization; return how many documents were looked at."""
    number = 0
    for one in unfinished():
        while (made := everywhere_batch(one)) is not None:
            number = made.done
    return number


def _read(caller: Caller, organization: OrganizationFacts, asked: EverywhereRequest) -> Everywhere:
    """Return what is asked for as it is stored."""
    if asked.everybody:
        if not caller.may(Permission.DOCUMENTS_REVOKE):
            raise NotFound(message("There is no such document, or you may not manage it."))
        if asked.act != REMOVE:
            raise Widening(message("Administrators may narrow a document's policy or restore it, not widen it."))
    who = _entry(asked.who, organization, needed=asked.act in {REPLACE, REMOVE})
    to = _entry(asked.to, organization, needed=asked.act in {REPLACE, ADD})
    if who is not None and who == to:
        raise InvalidPolicy(message("Both entries are the same."), remedy=message("Name another one."))
    rights = in_order(parse_rights(asked.rights)) if asked.act == ADD else ()
    return Everywhere(
        act=asked.act,
        who=who if asked.act in {REPLACE, REMOVE} else None,
        to=to if asked.act in {REPLACE, ADD} else None,
        rights=tuple(rights),
        until=asked.until if asked.act == ADD else None,
        administrator=asked.everybody,
        owner=_owner(organization, asked.owner) if asked.owner else None,
        template=asked.template,
        label=asked.label,
        protected_from=asked.protected_from,
        protected_until=asked.protected_until,
    )


def _entry(text: str, organization: OrganizationFacts, *, needed: bool) -> Principal | None:
    if not needed:
        return None
    if not text.strip():
        raise InvalidPolicy(message("Nobody is named."), remedy=message("Name an address, a group or a domain."))
    return entry_named(text, organization.id)


def _owner(organization: OrganizationFacts, named: str) -> UUID:
    """Return who is meant as owner, by id or address, also somebody who has left."""
    try:
        return UUID(named)
    except ValueError:
        pass
    address = Principal.of_address(named).value
    known = person_known_as(organization.id, address) or next((one.id for one in owners(address)), None)
    if known is None:
        raise NotFound(message("No document here is owned by {owner}.", owner=named))
    return known


def _person(organization: OrganizationFacts, who: Principal | None) -> UUID | None:
    if who is None or who.kind is not PrincipalKind.ADDRESS:
        return None
    return person_known_as(organization.id, who.value)


def _question(organization: OrganizationFacts, wanted: Everywhere, found: WouldBe) -> ConfirmationPrompt:
    names = {
        "who": "" if wanted.who is None else who_in_words(wanted.who, organization.id, organization.name),
        "to": "" if wanted.to is None else who_in_words(wanted.to, organization.id, organization.name),
        "number": grouped(found.changed),
    }
    question = {
        REPLACE: ngettext(
            "Replace {who} by {to} in {number} document?", "Replace {who} by {to} in {number} documents?", found.changed
        ),
        ADD: ngettext("Add {to} to {number} document?", "Add {to} to {number} documents?", found.changed),
        REMOVE: ngettext(
            "Remove {who} from {number} document?", "Remove {who} from {number} documents?", found.changed
        ),
    }[wanted.act].format(**names)
    return ConfirmationPrompt(
        question=question,
        consequences=tuple(_consequences(wanted, found, names)),
        button={REPLACE: _("Replace"), ADD: _("Add"), REMOVE: _("Remove")}[wanted.act],
        confirm=str(found.changed),
        needs_reason=wanted.administrator,
        offers="" if wanted.administrator else "reason",
        gives=wanted.act == ADD,
    )


def _consequences(wanted: Everywhere, found: WouldBe, names: dict[str, str]) -> Iterable[str]:
    if wanted.act == ADD:
        yield _("{to} gains access: {rights}.").format(to=names["to"], rights=rights_as_level(wanted.rights))
    if wanted.act == REPLACE:
        yield _("{to} gains what {who} had in each, with the same ends.").format(**names)
    if wanted.who is not None:
        yield _("{who} loses access, unless a group, a domain or another entry gives it to them.").format(**names)
        yield _kept(found)
    yield from skipped_in_words(found.skipped)
    yield _("It can be undone as one.")


def _kept(found: WouldBe) -> str:
    if not found.copies or found.until is None:
        return _("Connected devices stop within a minute; what others keep, they open until its license ends.")
    return ngettext(
        "{number} kept copy stays readable on devices that do not connect, until {when} at the latest; connected"
        " devices stop within a minute.",
        "{number} kept copies stay readable on devices that do not connect, until {when} at the latest; connected"
        " devices stop within a minute.",
        found.copies,
    ).format(number=grouped(found.copies), when=moment_in_words(found.until))


def _outcome(made: EverywhereFacts, found: WouldBe) -> Effect:
    if made.state == "running":
        words = ngettext(
            "{number} document is being changed.", "{number} documents are being changed.", found.changed
        ).format(number=grouped(found.changed))
    else:
        words = ngettext("{number} document is changed.", "{number} documents are changed.", made.changed).format(
            number=grouped(made.changed)
        )
    skipped = skipped_by_reason(made.id) if made.state == "done" else found.skipped
    return effect(
        True, words, "", *skipped_in_words(skipped), id=str(made.id), documents=found.changed, skipped=skipped
    )
