"""What applications sign in with: give one more secret or key, end one, and tell before the last one ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.identity.public_keys import keys_at, keys_in
from portal.notifications.applications import mail_credential_ends, mail_credential_made
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, moment_in_words
from portal.usecases.effects import Effect, effect
from portal.usecases.provisioning.connections import administrators
from portal.usecases.roles import require_second_factor
from portal.words.applications import credential_in_words
from tenants.directory.errors import DirectoryRefused, NotHere
from tenants.directory.selectors.credentials import CredentialFacts, credentials_of
from tenants.directory.selectors.domains import ApplicationFacts
from tenants.directory.selectors.people import names_of
from tenants.directory.services import application_credentials as services
from tenants.directory.services.warn_of_credential_end import warn_of_credential_ends
from tenants.organizations.selectors import OrganizationFacts, organization_by_id

WARNED_DAYS = (3, 14)
"""How many days before the last secret or key of an application ends administrators are mailed."""


@dataclass(frozen=True, slots=True)
class ShownCredential:
    """A secret or key as administrators see it; ``made_by`` is "" where nobody knows, or they have left."""

    facts: CredentialFacts
    name: str
    made_by: str


@dataclass(frozen=True, slots=True)
class ShownCredentials:
    """All of an application, the newest first."""

    rows: tuple[ShownCredential, ...]


@dataclass(frozen=True, slots=True)
class CredentialMade:
    """A new secret in clear, which is shown once, or a new key, and in words until when it is valid."""

    credential: services.MadeCredential
    effect: Effect


def shown_credentials(*, caller: Caller, application: ApplicationFacts) -> ShownCredentials:
    """Return what an application signs in with, the newest first; what is over, too."""
    rows = credentials_of(caller.organization, application.client_id)
    names = names_of(caller.organization, {one.made_by for one in rows if one.made_by is not None})
    return ShownCredentials(
        tuple(
            ShownCredential(one, credential_in_words(one), "" if one.made_by is None else names.get(one.made_by, ""))
            for one in rows
        )
    )


def add_secret(
    *, caller: Caller, organization: OrganizationFacts, application: ApplicationFacts, name: str, days: int
) -> CredentialMade:
    """Make one more secret and mail the administrators.  Raises DirectoryRefused, NameRefused and NotPermitted."""
    _require_usable(caller, application)
    made = services.add_secret(
        organization_id=caller.organization,
        client_id=application.client_id,
        name=name,
        days=days,
        actor=caller.directory_actor,
    )
    _mail_made(caller, organization, application, made)
    done = _("The secret “{name}” of {application} is made. It is valid until {until}.")
    return CredentialMade(
        made,
        effect(
            True,
            done.format(name=made.name, application=application.name, until=moment_in_words(made.expires_at)),
            "",
            _("It is shown this once only."),
        ),
    )


def add_keys(
    *,
    caller: Caller,
    organization: OrganizationFacts,
    application: ApplicationFacts,
    name: str,
    days: int,
    keys: str = "",
    keys_url: str = "",
) -> CredentialMade:
    """Let an application sign in by public keys, pasted or at an address, and mail the administrators.

    Raises DirectoryRefused, KeyRefused, NameRefused, NotPermitted and ProviderFailed.
    """
    _require_usable(caller, application)
    if bool(keys.strip()) == bool(keys_url.strip()):
        raise DirectoryRefused(_("Give the public key itself, or the address where it is: one of the two."))
    url = keys_url.strip()
    made = services.add_keys(
        organization_id=caller.organization,
        client_id=application.client_id,
        name=name,
        keys=keys_at(url) if url else keys_in(keys),
        keys_url=url,
        days=days,
        actor=caller.directory_actor,
    )
    _mail_made(caller, organization, application, made)
    done = _("{application} can sign in by the key “{name}” until {until}.")
    return CredentialMade(
        made,
        effect(
            True,
            done.format(name=made.name, application=application.name, until=moment_in_words(made.expires_at)),
            "",
        ),
    )


def end_credential(*, caller: Caller, application: ApplicationFacts, credential_id: UUID, stated: Stated) -> Effect:
    """End a secret or key at once, with its tokens.  Raises NotHere and what ``confirmed`` raises."""
    rows = shown_credentials(caller=caller, application=application).rows
    found = next((one for one in rows if one.facts.id == credential_id), None)
    if found is None:
        raise NotHere(_("This application has no such credential."))
    state = _("“{name}” is over already.").format(name=found.name)
    if not found.facts.valid:
        return effect(False, "", state)

    def act(reason: str) -> bool:
        return services.end_credential(
            organization_id=caller.organization,
            client_id=application.client_id,
            credential_id=credential_id,
            reason=reason,
            actor=caller.directory_actor,
        )

    left = [one for one in rows if one.facts.valid and one is not found]
    done = _("“{name}” has ended: nothing signs in with it any more.").format(name=found.name)
    return effect(confirmed(_ending(application, found, left), stated, act), done, state)


def warn_of_ends() -> int:
    """Mail the administrators of applications whose last secret or key ends soon; return for how many."""
    warned = 0
    with transaction.atomic():
        for organization_id, one in warn_of_credential_ends(steps=WARNED_DAYS):
            organization = organization_by_id(organization_id)
            if organization is None:
                continue
            page = application_page(organization, one.client_id)
            readers = administrators(organization_id)
            mail_credential_ends(readers, application=one.application, ends_at=one.expires_at, page=page)
            warned += 1
    return warned


def application_page(organization: OrganizationFacts, client_id: str) -> str:
    """Return where administrators look at an application."""
    return f"{organization.origin}/applications/{client_id}/"


def _require_usable(caller: Caller, application: ApplicationFacts) -> None:
    if application.disabled:
        raise DirectoryRefused(_("{name} is disabled.").format(name=application.name))
    require_second_factor(caller, application.roles)


def _mail_made(
    caller: Caller, organization: OrganizationFacts, application: ApplicationFacts, made: services.MadeCredential
) -> None:
    mail_credential_made(
        [one for one in administrators(caller.organization) if one.id != caller.person],
        application=application.name,
        who=caller.address or caller.name,
        until=made.expires_at,
        page=application_page(organization, application.client_id),
    )


def _ending(
    application: ApplicationFacts, found: ShownCredential, left: Sequence[ShownCredential]
) -> ConfirmationPrompt:
    return ConfirmationPrompt(
        question=_("End “{name}”?").format(name=found.name),
        consequences=(
            _("Nothing signs in as {application} with it any more, and the tokens that it gave end at once.").format(
                application=application.name
            ),
            _("What the application signs in with otherwise: {names}.").format(
                names=", ".join(one.name for one in left)
            )
            if left
            else _("It has no other secret or key, so it cannot sign in until it gets one."),
        ),
        button=_("End it"),
        confirm=found.name,
    )
