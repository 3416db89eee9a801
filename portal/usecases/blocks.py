"""Blocks: whom the organization keeps out, in person, by a mail domain or by their organization (docs/protocol.md P19).

A block beats every grant, an owner's, an issuer's and a super user's too.  Who is blocked reads what a stranger reads.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import InvalidPolicy
from chancery.policy.policy import Principal, PrincipalKind
from chancery.policy.subject import Subject
from chancery.texts import message
from portal import clock
from portal.languages import grouped
from portal.subjects.recipients import entry_named
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, copies_until, if_any, moment_in_words
from portal.usecases.effects import Effect, effect
from protection.selectors.affected import affected_by_people, affected_by_service
from tenants.directory.errors import NotHere
from tenants.directory.selectors.blocks import (
    ADDRESS,
    DOMAIN,
    ORGANIZATION,
    BlockedName,
    BlockFacts,
    blocked_name,
    members_named,
)
from tenants.directory.selectors.blocks import block as block_of
from tenants.directory.selectors.blocks import blocks as blocks_of
from tenants.directory.selectors.domains import domains_in, organization_of_domain
from tenants.directory.services.block import block as block_service
from tenants.directory.services.block import unblock as unblock_service

MOST_AT_ONCE: Final = 500
"""Names of one call: each is an event of its own, in one transaction."""
_OF_ORGANIZATION: Final = f"{PrincipalKind.ORGANIZATION.value}:"
_KINDS: Final = {
    PrincipalKind.ADDRESS: ADDRESS,
    PrincipalKind.DOMAIN: DOMAIN,
    PrincipalKind.ORGANIZATION: ORGANIZATION,
}


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks in the order of their names; ``next`` is the name after which the next page begins, "" at the end."""

    rows: tuple[BlockFacts, ...]
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedBlocks:
    """Whom to keep out: addresses, mail domains, and organizations as ``organization:`` with an id or mail domain.

    ``subdomains`` means all domains below the named ones, too.  ``until`` is when the blocks end by
    themselves, in seconds since 1970.
    """

    who: Sequence[str]
    subdomains: bool = False
    until: int | None = None


def visible_blocks(*, caller: Caller, search: str = "", after: str = "", limit: int = 50) -> Blocks:
    """Return whom the organization keeps out, a page of it; ``search`` is a part of the name."""
    found = blocks_of(caller.organization, after=after, search=search, limit=limit + 1)
    return Blocks(found[:limit], found[limit - 1].value if len(found) > limit else "")


def block(*, caller: Caller, wanted: WantedBlocks, stated: Stated) -> Effect:
    """Keep people out, once that is confirmed: all of the names or none.

    Raises InvalidPolicy, NameRefused, NotPermitted for oneself, and what ``confirmed`` raises.
    """
    names = _names(caller, wanted)
    if wanted.until is not None and wanted.until <= clock.now():
        raise InvalidPolicy(message("The end of the block has passed."), remedy=message("Name a later moment."))
    until = _kept_until(names)

    def act(reason: str) -> int:
        return block_service(
            organization_id=caller.organization,
            names=names,
            reason=reason,
            until=None if wanted.until is None else datetime.fromtimestamp(wanted.until, UTC),
            actor=caller.directory_actor,
        )

    number = confirmed(_question(caller, names, wanted, until), stated, act)
    return effect(
        number,
        ngettext("{number} block is in force.", "{number} blocks are in force.", number).format(number=grouped(number)),
        _("All of these are blocked."),
        *([copies_until(until)] if until else []),
        blocked=number,
        latest_offline_moment=until,
    )


def unblock(*, caller: Caller, block_id: UUID, stated: Stated) -> Effect:
    """Let somebody in again, asked first.  Raises NotHere, NotPermitted and what ``confirmed`` raises."""
    found = block_of(caller.organization, block_id)
    if found is None:
        raise NotHere(_("There is no such block."))
    prompt = ConfirmationPrompt(
        question=_("Let {who} in again?").format(who=found.value),
        consequences=(_("They get again what they are granted, at their next opening."),),
        button=_("Let in again"),
        confirm=found.value,
        offers="reason",
        gives=True,
    )

    def act(reason: str) -> str:
        return unblock_service(
            organization_id=caller.organization, block_id=block_id, reason=reason, actor=caller.directory_actor
        )

    confirmed(prompt, stated, act)
    return effect(True, _("{who} is let in again, to what they are granted.").format(who=found.value), "")


def _names(caller: Caller, wanted: WantedBlocks) -> tuple[BlockedName, ...]:
    named = dict.fromkeys(one for one in (text.strip() for text in wanted.who) if one and not one.startswith("#"))
    if not named:
        raise InvalidPolicy(
            message("Nobody is named."), remedy=message("Name an address, a domain or an organization.")
        )
    if len(named) > MOST_AT_ONCE:
        raise InvalidPolicy(
            message("{number} names are too many for once.", number=len(named)),
            remedy=message("Name at most {most} at a time.", most=MOST_AT_ONCE),
        )
    own = {one.domain for one in domains_in(caller.organization) if one.proven_at}
    found = (_name(caller, text, own, subdomains=wanted.subdomains) for text in named)
    return tuple({one.value: one for one in found}.values())


def _name(caller: Caller, text: str, own: set[str], *, subdomains: bool) -> BlockedName:
    entry = _entry(caller, text)
    kind = _KINDS.get(entry.kind)
    if kind is None:
        raise InvalidPolicy(
            message("“{who}” means everybody.", who=text),
            remedy=message("Name an address, a domain or an organization."),
        )
    made = blocked_name(kind, entry.value, subdomains=subdomains and kind == DOMAIN)
    if caller.subject is not None and _means(made, caller.subject):
        raise InvalidPolicy(message("“{who}” means you, too.", who=text), remedy=message("Ask another administrator."))
    below = (one for one in own if one == made.value or (made.subdomains and one.endswith(f".{made.value}")))
    if next(below, None) is not None or made.value == str(caller.organization):
        raise InvalidPolicy(
            message("“{who}” means your own organization.", who=text), remedy=message("Block single addresses of it.")
        )
    return made


def _means(name: BlockedName, subject: Subject) -> bool:
    by_name = any(one == name.value or one.endswith(f"@{name.value}") for one in subject.addresses)
    below = name.subdomains and any(one.endswith(f".{name.value}") for one in subject.addresses)
    return by_name or below or any(str(place.organization) == name.value for place in subject.memberships)


def _entry(caller: Caller, text: str) -> Principal:
    """Return whom one name means; an organization may be named by a mail domain that it has proven."""
    named = text.removeprefix(_OF_ORGANIZATION).strip()
    if text.startswith(_OF_ORGANIZATION) and "." in named:
        found = organization_of_domain(named)
        if found is None:
            raise InvalidPolicy(
                message("No organization here has proven the mail domain {domain}.", domain=named),
                remedy=message("Block the mail domain itself."),
            )
        return Principal(PrincipalKind.ORGANIZATION, str(found))
    return entry_named(text, caller.organization)


def _kept_until(names: Sequence[BlockedName]) -> datetime | None:
    """Return the last moment at which something could be opened offline.

    Who belongs to a domain or an organization is not this one's to know (P20), so all that anybody keeps bounds it.
    """
    if any(one.kind != ADDRESS for one in names):
        return affected_by_service().until
    people = [one.person_id for one in names if one.person_id]
    return affected_by_people(people).until if people else None


def _question(
    caller: Caller, names: Sequence[BlockedName], wanted: WantedBlocks, until: datetime | None
) -> ConfirmationPrompt:
    single = names[0].value if len(names) == 1 else ""
    question = (
        _("Block {who}?").format(who=single)
        if single
        else _("Block these {number} people, domains and organizations?").format(number=grouped(len(names)))
    )
    return ConfirmationPrompt(
        question=question,
        consequences=tuple(_consequences(caller, names, wanted, until)),
        button=_("Block"),
        confirm=single or str(len(names)),
        needs_reason=True,
        needs_fresh=True,
    )


def _consequences(
    caller: Caller, names: Sequence[BlockedName], wanted: WantedBlocks, until: datetime | None
) -> Iterable[str]:
    yield _(
        "They get no license of this organization from now on, whatever they are granted, not even for what they"
        " protected or own. They cannot sign in here, ask for access or get a code by mail, and no mail is written to"
        " them."
    )
    yield _("They read what strangers read: nothing tells them that they are blocked.")
    here = members_named(caller.organization, names)
    yield from if_any(
        here,
        ngettext(
            "{number} person of this organization is among them.",
            "{number} people of this organization are among them.",
            here,
        ),
    )
    documents = affected_by_people([one.person_id for one in names if one.person_id]).documents
    yield from if_any(
        documents,
        ngettext(
            "{number} document that they protected or own does not change: others open it as before.",
            "{number} documents that they protected or own do not change: others open them as before.",
            documents,
        ),
    )
    yield copies_until(until)
    if wanted.until:
        ends = datetime.fromtimestamp(wanted.until, UTC)
        yield _("The block ends by itself: {when}.").format(when=moment_in_words(ends))
    yield _("The block can be taken back.")
