"""Sign-on connections: make, change and end one, and loosen an account from its subject.

Whoever controls a connection signs everybody of its domains in.  So each change takes a sign-in of the last ten minutes
with a second factor, asks first, and is mailed to every administrator.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.identity.sign_on.discovery import ProviderMetadata
from portal.identity.sign_on.protocols import read_described
from portal.identity.sign_on.saml.keys import made_key
from portal.identity.sign_on.saml.mapping import usual_mapping
from portal.identity.sign_on.secrets import seal
from portal.notifications.sign_on import mail_sign_on_changed
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed, confirmed_by_outcome
from portal.usecases.effects import Effect, effect
from portal.usecases.provisioning.connections import administrators
from tenants.directory.errors import DirectoryRefused, NotHere, NotPermitted
from tenants.directory.selectors.people import person_known_as
from tenants.organizations.selectors import OrganizationFacts
from tenants.sign_on.selectors import SignOnFacts, sign_on_connection
from tenants.sign_on.services import accounts, connections
from tenants.sign_on.services.connections import OwnKey, ReadMetadata

PROTOCOLS: Final = ("oidc", "saml")
KEYS: Final = ("new", "use")
"""What is done about the key of a connection that speaks SAML: a next one is made, and later it is used."""
STATES: Final = ("off", "test", "on", "enforced")
SETTINGS: Final = (
    *("name", "client_id", "domains", "subject_claim", "address_claim", "name_claim", "groups_claim"),
    *("second_factors", "asks_for", "makes_accounts", "state", "groups"),
)
"""What a change may hold as it is; the secret, the metadata and the break-glass administrators are read first."""


@dataclass(frozen=True, slots=True)
class MadeSignOn:
    """A connection that was made, and in words what it still needs."""

    connection: SignOnFacts
    effect: Effect


def connect(
    *,
    caller: Caller,
    organization: OrganizationFacts,
    name: str,
    protocol: str = "oidc",
    client_id: str = "",
    domains: Sequence[str],
    metadata_url: str = "",
    metadata: str = "",
    stated: Stated,
) -> MadeSignOn:
    """Make a connection from what its provider says of itself; it signs nobody in yet.

    Raises ProviderFailed, DirectoryRefused, DomainRefused, NameRefused, NotPermitted and what ``confirmed`` raises.
    """
    require_second_factor(caller)
    speaks_saml = protocol == "saml"
    _require_client_id(client_id, speaks_saml=speaks_saml)
    read = read_described(protocol, url=metadata_url, text=metadata)

    def act(_reason: str) -> SignOnFacts:
        known_as = uuid4()
        made = connections.create_sign_on(
            organization_id=organization.id,
            connection_id=known_as,
            name=name,
            protocol=protocol,
            client_id=client_id,
            read=_kept(read),
            domains=domains,
            mapping=usual_mapping(read.issuer) if speaks_saml else None,
            key=OwnKey(*made_key(known_as)) if speaks_saml else None,
            actor=caller.directory_actor,
        )
        _mail(caller, organization, made.name)
        return made

    prompt = ConfirmationPrompt(
        question=_("Connect the identity provider {issuer}?").format(issuer=read.issuer),
        consequences=(*said_of(read), _("It signs nobody in before you turn it on. All administrators get a mail.")),
        button=_("Connect it"),
        confirm=name.strip(),
        needs_fresh=True,
        gives=True,
    )
    made = confirmed(prompt, stated, act)
    return MadeSignOn(made, effect(True, _connected(made), ""))


def change(
    *,
    caller: Caller,
    organization: OrganizationFacts,
    connection_id: UUID,
    changes: Mapping[str, Any],
    stated: Stated,
) -> Effect:
    """Change a connection: members of ``SETTINGS``, ``client_secret``, ``break_glass`` as addresses, and the metadata.

    ``key`` is one of ``KEYS``.  Raises ProviderFailed, DirectoryRefused, DomainRefused, NameRefused, NotHere,
    NotPermitted and what ``confirmed`` raises.
    """
    require_second_factor(caller)
    found = sign_on_connection(organization.id, connection_id)  # Before a provider is asked in its name.
    values = _values(found, changes)
    read = None
    if changes.get("metadata_url") or changes.get("metadata"):
        where, text = changes.get("metadata_url", ""), changes.get("metadata", "")
        read = read_described(found.protocol, url=where, text=text)
    key = changes.get("key", "")

    def differs(pair: tuple[SignOnFacts, SignOnFacts]) -> bool:
        return pair[0] != pair[1] or "sealed_secret" in values or read is not None or bool(key)

    def act(_reason: str) -> tuple[SignOnFacts, SignOnFacts]:
        before, after = connections.change_sign_on(
            organization_id=organization.id,
            connection_id=connection_id,
            values=values,
            read=None if read is None else _kept(read),
            next_key=OwnKey(*made_key(connection_id)) if key == "new" else None,
            use_next_key=key == "use",
            actor=caller.directory_actor,
        )
        if differs((before, after)):
            _mail(caller, organization, after.name)
        return before, after

    def asked(pair: tuple[SignOnFacts, SignOnFacts]) -> ConfirmationPrompt | None:
        return _changing(*pair, read, key) if differs(pair) else None

    made = confirmed_by_outcome(stated, act, asked)
    after = made[1]
    return effect(differs(made), _state(after), _state(after), *_warnings(after))


def end(*, caller: Caller, organization: OrganizationFacts, connection_id: UUID, stated: Stated) -> Effect:
    """End a connection with all that it signed in.  Raises NotHere, NotPermitted and what ``confirmed`` raises."""
    require_second_factor(caller)
    found = sign_on_connection(organization.id, connection_id)

    def act(reason: str) -> None:
        connections.end_sign_on(
            organization_id=organization.id, connection_id=connection_id, reason=reason, actor=caller.directory_actor
        )
        _mail(caller, organization, found.name)

    prompt = ConfirmationPrompt(
        question=_("End single sign-on by “{name}”?").format(name=found.name),
        consequences=(
            _("Whoever is signed in by it is signed out everywhere. Accounts, groups and documents stay."),
            _("Its people sign in by a mailed code from now on, or by what they have set up themselves."),
        ),
        button=_("End it"),
        confirm=found.name,
        needs_reason=True,
        needs_fresh=True,
    )
    confirmed(prompt, stated, act)
    return effect(True, _("Single sign-on by “{name}” has ended.").format(name=found.name), "")


def unlink(
    *, caller: Caller, organization: OrganizationFacts, connection_id: UUID, address: str, stated: Stated
) -> Effect:
    """Forget who somebody is at the provider, so that the next one who comes with their address is they.

    Raises NotHere, NotPermitted and what ``confirmed`` raises.
    """
    require_second_factor(caller)
    found = sign_on_connection(organization.id, connection_id)
    person_id = person_known_as(organization.id, address)
    if person_id is None:
        raise NotHere(_("There is no member with the address {address} here.").format(address=address))
    state = _("{address} has not signed in by “{name}” yet.").format(address=address, name=found.name)

    def act(_reason: str) -> bool:
        return accounts.unlink(connection=found, person_id=person_id, actor=caller.directory_actor)

    prompt = ConfirmationPrompt(
        question=_("Bind the account of {address} anew?").format(address=address),
        consequences=(
            _("Whoever comes next with this address from “{name}” gets the account with all documents.").format(
                name=found.name
            ),
            _("Do this only if it is the same person. A successor gets an account of their own."),
        ),
        button=_("Bind it anew"),
        confirm=address,
        needs_fresh=True,
    )
    done = _("The account of {address} is bound at its next sign-in by “{name}”.").format(
        address=address, name=found.name
    )
    return effect(confirmed(prompt, stated, act), done, state)


def lift(*, organization: OrganizationFacts, actor: Any) -> Effect:
    """Let members sign in by themselves again; for the operator, when a provider is gone."""
    number = connections.lift_enforcement(organization_id=organization.id, actor=actor)
    done = _("Single sign-on of {name} is no longer enforced.").format(name=organization.name)
    return effect(number, done, _("Single sign-on of {name} is not enforced.").format(name=organization.name))


def require_second_factor(caller: Caller) -> None:
    """Let pass who signed in with a second factor.  Raises NotPermitted."""
    if not caller.used_second_factor:
        raise NotPermitted(_("Single sign-on is changed only by who signed in with a second factor."))


def said_of(read: ProviderMetadata) -> tuple[str, ...]:
    """Return what was read of a provider, in words."""
    leaves = read.members.get("end_session_endpoint") or read.members.get("slo")
    if "sso" in read.members:
        signs = _("It signs by {number} certificates; the last one ends on {moment}.").format(
            number=len(read.keys["certificates"]),
            moment=date_format(
                timezone.localtime(datetime.fromtimestamp(max(one["ends"] for one in read.keys["certificates"]), UTC))
            ),
        )
    else:
        signs = _("Its tokens are signed by {algorithms}, with {number} keys.").format(
            algorithms=", ".join(read.members["algorithms"]), number=len(read.keys["keys"])
        )
    return (
        _("It sends people to {address}.").format(
            address=read.members.get("sso") or read.members["authorization_endpoint"]
        ),
        signs,
        _("Signing out here signs out there, too.") if leaves else _("It has no page for signing out."),
    )


def _require_client_id(client_id: str, *, speaks_saml: bool) -> None:
    if speaks_saml == bool(client_id.strip()):
        raise DirectoryRefused(
            _("In SAML there is no client id; the provider reads the metadata of this connection.")
            if speaks_saml
            else _("Give the id that the client has at the provider.")
        )


def _connected(made: SignOnFacts) -> str:
    return (
        _("“{name}” is connected, and off. Give the provider its metadata, then test it.")
        if made.protocol == "saml"
        else _("“{name}” is connected, and off. Give it the client secret, then test it.")
    ).format(name=made.name)


def _values(found: SignOnFacts, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changes about a connection, as it is kept.  Raises DirectoryRefused."""
    values = {name: changes[name] for name in SETTINGS if name in changes}
    if "break_glass" in changes:
        values["break_glass"] = [_administrator(found.organization_id, one) for one in changes["break_glass"]]
    if changes.get("client_secret"):
        if found.protocol == "saml":
            raise DirectoryRefused(_("In SAML there is no client secret."))
        values["sealed_secret"] = seal(found.id, changes["client_secret"])
    return values


def _kept(read: ProviderMetadata) -> ReadMetadata:
    return ReadMetadata(read.issuer, read.members, read.keys)


def _administrator(organization: UUID, address: str) -> UUID:
    person_id = person_known_as(organization, address)
    found = next((one for one in administrators(organization) if one.id == person_id), None)
    if found is None:
        raise DirectoryRefused(_("{address} is no administrator here.").format(address=address))
    return found.id


def _changing(before: SignOnFacts, after: SignOnFacts, read: ProviderMetadata | None, key: str) -> ConfirmationPrompt:
    lines = [] if read is None else [*said_of(read)]
    if before.issuer != after.issuer:
        lines.append(_("It is another provider: accounts are bound anew, and sessions of the old one end."))
    elif before.subject_claim != after.subject_claim:
        lines.append(_("People have another name at the provider: accounts are bound anew, and sessions end."))
    if key == "new":
        lines.append(_("A next key is made. Let the provider read the metadata before the key is used."))
    if key == "use":
        lines.append(_("Requests are signed by the next key. A provider that does not know it refuses them."))
    if after.enforced and not before.enforced:
        lines.append(_("Its people are signed out now, and sign in by it alone: no password, code or passkey counts."))
        named = ", ".join(one.address for one in after.break_glass if one.counts)
        lines.append(_("Without it can sign in, with a second factor: {names}.").format(names=named))
    if before.signs_in and not after.signs_in:
        lines.append(_("Whoever is signed in by it is signed out everywhere."))
    if after.makes_accounts and not before.makes_accounts:
        lines.append(_("Whoever the provider signs in from your domains gets an account by that."))
    lines.append(_("All administrators get a mail."))
    return ConfirmationPrompt(
        question=_("Change single sign-on by “{name}”?").format(name=before.name),
        consequences=tuple(lines),
        button=_("Change it"),
        confirm=before.name,
        needs_fresh=True,
        gives=not (after.enforced and not before.enforced),
    )


def _state(after: SignOnFacts) -> str:
    words = {
        "off": _("“{name}” signs nobody in."),
        "test": _("“{name}” can be tested and signs nobody in."),
        "on": _("“{name}” signs in the people of {domains}."),
        "enforced": _("The people of {domains} sign in by “{name}” alone."),
    }
    return words[after.state].format(name=after.name, domains=", ".join(after.domains))


def _warnings(after: SignOnFacts) -> tuple[str, ...]:
    lost = _("The organization does not speak for {domains} any more.").format(domains=", ".join(after.lost_domains))
    secret = _("It has no client secret. Most providers ask for one.")
    groups = _("Groups are named, but no claim that holds them.")
    return (
        *((lost,) if after.lost_domains else ()),
        *((secret,) if after.protocol == "oidc" and not after.has_secret else ()),
        *((groups,) if after.groups and not after.groups_claim else ()),
    )


def _mail(caller: Caller, organization: OrganizationFacts, name: str) -> None:
    mail_sign_on_changed(
        administrators(organization.id),
        connection=name,
        who=caller.address or caller.name,
        page=f"{organization.origin}/people/sign-on/",
    )
