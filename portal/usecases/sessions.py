"""Sessions: what a person is signed in with, and ending it, for oneself and as an administrator.

A session is a browser that is signed in, or a program that holds tokens, such as the command line on one computer.
Administrators see and end those of members for whom their organization speaks (docs/protocol.md P12): an account that
another organization manages is that one's affair, like its devices.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.browsers import browser_in_words
from portal.identity.page_tokens import end_page_tokens
from portal.languages import grouped
from portal.usecases.cached_licenses import kept_until
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, copies_until
from portal.usecases.effects import Effect, effect
from portal.usecases.losses import listed
from portal.usecases.roles import require_scope
from tenants.actor import Actor
from tenants.directory.address_holders import vouches
from tenants.directory.errors import NotHere, NotPermitted
from tenants.directory.selectors.people import PersonFacts, person_in
from tenants.directory.selectors.sessions import SessionFacts, sessions_in_use
from tenants.directory.services.end_sessions import end_sessions as end_sessions_service


@dataclass(frozen=True, slots=True)
class Session:
    """One browser or program; ``current`` says that it is the one that asks.  ``ip`` is "" for a program."""

    id: UUID
    kind: str
    name: str
    ip: str
    since: datetime
    last_used: datetime
    current: bool
    devices: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Sessions:
    """What a person is signed in with, what was used last at first.

    ``shown`` is false where another organization manages the account; then there are no rows.
    """

    rows: tuple[Session, ...]
    shown: bool = True


def own_sessions(*, actor: Actor, current: str) -> Sessions:
    """Return the person's own; ``current`` is the key of the session, or the family of the tokens, that asks."""
    return Sessions(tuple(_shown(one, current) for one in sessions_in_use(_person(actor))))


def member_sessions(*, caller: Caller, person_id: UUID) -> Sessions:
    """Return those of a member of the organization.  Raises NotHere."""
    person = person_in(caller.organization, person_id)
    if not _speaks_for(caller, person):
        return Sessions((), shown=False)
    return Sessions(tuple(_shown(one, "") for one in sessions_in_use(person_id)))


def end_own_session(*, actor: Actor, session_id: UUID, stated: Stated) -> Effect:
    """End one of the person's own sessions, asked first.  Raises NotHere."""
    return _end(_person(actor), [_one(_person(actor), session_id)], actor, stated, _question)


def end_other_sessions(*, actor: Actor, current: str, stated: Stated) -> Effect:
    """End all of the person's sessions but the one that asks, asked first."""
    others = [one for one in sessions_in_use(_person(actor)) if one.key != current]
    return _end(_person(actor), others, actor, stated, _question)


def end_member_session(*, caller: Caller, person_id: UUID, session_id: UUID, stated: Stated) -> Effect:
    """End one session of a member, asked first and with a reason.  Raises NotHere and NotPermitted."""
    person = _member(caller, person_id)
    return _end(person_id, [_one(person_id, session_id)], caller.directory_actor, stated, _of_member(person))


def end_member_sessions(*, caller: Caller, person_id: UUID, stated: Stated) -> Effect:
    """End all sessions of a member, asked first and with a reason.  Raises NotHere and NotPermitted."""
    person = _member(caller, person_id)
    return _end(person_id, sessions_in_use(person_id), caller.directory_actor, stated, _of_member(person))


def _person(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise NotPermitted(_("Sign in first."))
    return actor.person_id


def _shown(one: SessionFacts, current: str) -> Session:
    return Session(
        id=one.id,
        kind=one.kind,
        name=_name(one),
        ip=one.ip,
        since=one.since,
        last_used=one.last_used,
        current=one.key == current,
        devices=one.devices,
    )


def _name(one: SessionFacts) -> str:
    return browser_in_words(one.described) if one.kind == "browser" else one.described


def _one(person_id: UUID, session_id: UUID) -> SessionFacts:
    found = next((one for one in sessions_in_use(person_id) if one.id == session_id), None)
    if found is None:
        raise NotHere(_("There is no such session; it may have ended."))
    return found


def _speaks_for(caller: Caller, person: PersonFacts) -> bool:
    return not person.guest and (person.is_service or vouches(caller.organization, person.id))


def _member(caller: Caller, person_id: UUID) -> PersonFacts:
    """Return a member whose sessions the caller may end."""
    person = person_in(caller.organization, person_id)
    require_scope(caller, person)
    if not _speaks_for(caller, person):
        raise NotPermitted(
            _("Another organization manages this account. Here you can disable the person, or block a device.")
        )
    return person


def _end(
    person_id: UUID,
    sessions: Sequence[SessionFacts],
    actor: Actor,
    stated: Stated,
    question: Callable[[Sequence[SessionFacts], datetime | None], ConfirmationPrompt],
) -> Effect:
    names = listed([_name(one) for one in sessions])
    moments = [kept_until(person_id, device) for one in sessions for device in one.devices]
    until = max((one for one in moments if one is not None), default=None)

    def act(reason: str) -> None:
        end_sessions_service(person_id=person_id, sessions=sessions, title=names, reason=reason, actor=actor)
        end_page_tokens(person_id)

    if sessions:
        confirmed(question(sessions, until), stated, act)
    return effect(
        bool(sessions),
        _("Signed out: {names}.").format(names=names),
        _("There is nothing else that is signed in."),
        latest_offline_moment=until,
    )


def _question(sessions: Sequence[SessionFacts], until: datetime | None) -> ConfirmationPrompt:
    one = len(sessions) == 1
    asked = ngettext("Sign {number} session out?", "Sign {number} sessions out?", len(sessions))
    revoked = (_("Their devices are revoked: they get no license from now on."), copies_until(until))
    return ConfirmationPrompt(
        question=_("Sign {name} out?").format(name=f"“{_name(sessions[0])}”")
        if one
        else asked.format(number=grouped(len(sessions))),
        consequences=(
            _("From the next request on these are signed in no more, at no organization: {names}.").format(
                names=listed([_name(one) for one in sessions])
            ),
            *(revoked if any(one.devices for one in sessions) else ()),
            _("Whoever knows how to sign in can do so again; a device then gets new keys."),
        ),
        button=_("Sign out"),
        confirm="",
    )


def _of_member(
    person: PersonFacts,
) -> Callable[[Sequence[SessionFacts], datetime | None], ConfirmationPrompt]:
    def asked(sessions: Sequence[SessionFacts], until: datetime | None) -> ConfirmationPrompt:
        plain = _question(sessions, until)
        address = person.email or person.name
        return ConfirmationPrompt(
            question=_("Sign {address} out?").format(address=address),
            consequences=plain.consequences,
            button=plain.button,
            confirm=address,
            needs_reason=True,
        )

    return asked
