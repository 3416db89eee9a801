"""Provisioning connections: make one, give it tokens, let it only try, let it go on, and end it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.notifications.provisioning import mail_token_made
from portal.usecases.applications import disable_application
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, moment_in_words
from portal.usecases.effects import Effect, effect
from portal.usecases.roles import require_second_factor
from tenants.connections.selectors import ConnectionFacts, TokenFacts, connection_in
from tenants.connections.services import change_connection, tokens
from tenants.connections.services.create_connection import create_connection as create_connection_service
from tenants.directory.errors import NotHere
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.domains import application_of_client
from tenants.directory.selectors.people import PersonFacts, people_in
from tenants.organizations.selectors import OrganizationFacts

_ALL = 10_000


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection that was made, and in words what it may do."""

    connection: ConnectionFacts
    effect: Effect


@dataclass(frozen=True, slots=True)
class TokenMade:
    """A new token in clear, which is shown once, and in words until when it is valid."""

    token: tokens.MadeToken
    effect: Effect


def connect(
    *, caller: Caller, name: str, may: Sequence[str], group_domain: str = "", dry_run: bool = False
) -> Connected:
    """Connect an identity provider.  Raises DirectoryRefused, NameRefused and NotPermitted."""
    require_second_factor(caller, may)
    made = create_connection_service(
        organization_id=caller.organization,
        name=name,
        may=may,
        group_domain=group_domain,
        dry_run=dry_run,
        actor=caller.directory_actor,
    )
    done = _("“{name}” is connected. It may manage: {may}.").format(name=made.name, may=", ".join(made.may))
    return Connected(made, effect(True, done, "", _("It can do nothing until it has a token.")))


@transaction.atomic
def make_token(
    *, caller: Caller, organization: OrganizationFacts, connection_id: UUID, days: int = tokens.DAYS
) -> TokenMade:
    """Make a token and mail the administrators.  Raises DirectoryRefused and NotPermitted."""
    found = connection_in(caller.organization, connection_id)
    require_second_factor(caller, found.may)
    made = tokens.make_token(
        organization_id=caller.organization, connection_id=connection_id, days=days, actor=caller.directory_actor
    )
    page = connection_page(organization, connection_id)
    who = caller.address or caller.name
    mail_token_made(
        administrators(caller.organization), connection=found.name, who=who, until=made.expires_at, page=page
    )
    done = _("The token is made. It is valid until {until}.").format(until=moment_in_words(made.expires_at))
    return TokenMade(made, effect(True, done, "", _("It is shown this once only.")))


def revoke_token(*, caller: Caller, connection_id: UUID, token_id: UUID, stated: Stated) -> Effect:
    """Revoke a token at once.  Raises NotHere and what ``confirmed`` raises."""
    found = connection_in(caller.organization, connection_id)
    token = next((one for one in found.tokens if one.id == token_id), None)
    if token is None:
        raise NotHere(_("This connection has no such token."))
    state = _("The token {hint}… is revoked already.").format(hint=token.hint)
    if token.revoked_at is not None:
        return effect(False, "", state)

    def act(_reason: str) -> bool:
        return tokens.revoke_token(
            organization_id=caller.organization,
            connection_id=connection_id,
            token_id=token_id,
            actor=caller.directory_actor,
        )

    done = _("The token {hint}… is revoked: no request with it is answered any more.").format(hint=token.hint)
    return effect(confirmed(_revoking(found, token), stated, act), done, state)


def set_dry_run(*, caller: Caller, connection_id: UUID, dry_run: bool) -> Effect:
    """Let a connection only try, or carry out what it asks for.  Raises NotHere."""
    found = connection_in(caller.organization, connection_id)
    changed = change_connection.set_dry_run(
        organization_id=caller.organization,
        connection_id=connection_id,
        dry_run=dry_run,
        actor=caller.directory_actor,
    )
    trying = _("“{name}” only tries: its requests are judged and listed here, and change nothing.")
    carrying_out = _("“{name}” changes people and groups.")
    words = (trying if dry_run else carrying_out).format(name=found.name)
    return effect(changed, words, words)


def resume(*, caller: Caller, connection_id: UUID, stated: Stated) -> Effect:
    """Let a connection go on that was stopped.  Raises NotHere and what ``confirmed`` raises."""
    found = connection_in(caller.organization, connection_id)
    state = _("“{name}” is not stopped.").format(name=found.name)
    if found.stopped_at is None:
        return effect(False, "", state)

    def act(reason: str) -> bool:
        return change_connection.resume_connection(
            organization_id=caller.organization,
            connection_id=connection_id,
            reason=reason,
            actor=caller.directory_actor,
        )

    done = _("“{name}” goes on. For an hour it is not stopped again.").format(name=found.name)
    return effect(confirmed(_resuming(found), stated, act), done, state)


def end(*, caller: Caller, connection_id: UUID, stated: Stated) -> Effect:
    """End a connection with its tokens; people and groups stay as they are.  Raises NotHere."""
    found = connection_in(caller.organization, connection_id)
    application = application_of_client(found.client_id)
    if application is None:
        raise NotHere(_("There is no such connection in this organization."))
    return disable_application(caller=caller, application=application, stated=stated)


def administrators(organization: UUID) -> list[PersonFacts]:
    """Return the administrators who are mailed."""
    found = people_in(organization, roles=[ADMINISTRATOR], limit=_ALL)
    return [one for one in found if one.email and not one.disabled]


def connection_page(organization: OrganizationFacts, connection_id: UUID) -> str:
    """Return where administrators look at a connection."""
    return f"{organization.origin}/people/provisioning/{connection_id}/"


def _revoking(found: ConnectionFacts, token: TokenFacts) -> ConfirmationPrompt:
    left = len([one for one in found.valid_tokens if one.id != token.id])
    stays = _("Another token of the connection stays valid.")
    return ConfirmationPrompt(
        question=_("Revoke the token {hint}…?").format(hint=token.hint),
        consequences=(
            _("No request with it is answered any more. This cannot be undone."),
            stays if left else _("“{name}” can change nothing until it has another token.").format(name=found.name),
        ),
        button=_("Revoke the token"),
        confirm=token.hint,
    )


def _resuming(found: ConnectionFacts) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("Let “{name}” go on?").format(name=found.name),
        consequences=(
            _("It was stopped because it disabled or deleted many people within an hour."),
            _("For the next hour it may disable and delete as many as it asks for."),
        ),
        button=_("Let it go on"),
        confirm=found.name,
        needs_reason=True,
        needs_fresh=True,
    )
