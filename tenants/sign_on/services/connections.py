"""Make, change and end a sign-on connection; what may sign people in is asked for here, who may ask in the portal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants import naming
from tenants.actor import Actor
from tenants.connections.groups import is_provisioned
from tenants.directory.access import end_access_of
from tenants.directory.change import note
from tenants.directory.errors import DirectoryRefused, DomainRefused, NotHere
from tenants.directory.members import held_by
from tenants.directory.models import Group, MailDomain
from tenants.directory.role_groups import given_by_groups
from tenants.events import DirectoryKind
from tenants.sign_on.models import SignOnConnection, SignOnGroup, SignOnKey
from tenants.sign_on.selectors import SIGNS_IN, SignOnFacts, people_of, sign_on_connection
from tenants.sign_on.services.sessions import end_sign_on_sessions

MOST: Final = 20
"""How many connections an organization has."""
PLAIN: Final = (
    *("name", "client_id", "subject_claim", "address_claim", "name_claim", "groups_claim", "asks_for"),
    *("makes_accounts", "state"),
)
"""What a change states before and after; of the rest it says that it changed."""


@dataclass(frozen=True, slots=True)
class ReadMetadata:
    """What was read of a provider: who it says it is, where it is asked, and its keys."""

    issuer: str
    members: Mapping[str, Any]
    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A new key of a connection, sealed for the connection, with its certificate in base64."""

    sealed: bytes
    certificate: str


@transaction.atomic
def create_sign_on(
    *,
    organization_id: UUID,
    connection_id: UUID | None = None,
    name: str,
    protocol: str = SignOnConnection.Protocol.OIDC,
    client_id: str,
    read: ReadMetadata,
    domains: Sequence[str],
    mapping: Mapping[str, Any] | None = None,
    key: OwnKey | None = None,
    actor: Actor,
) -> SignOnFacts:
    """Make a connection that signs nobody in yet.

    One that speaks SAML has a key of its own, for which its id was chosen before, and no client id.  ``mapping`` are
    claims by members of ``SignOnConnection``.  Raises DirectoryRefused, DomainRefused and NameRefused.
    """
    plain = _name(organization_id, name)
    if SignOnConnection.objects.within(organization_id).count() >= MOST:
        raise DirectoryRefused(_("An organization has {most} sign-on connections at most.").format(most=MOST))
    speaks_saml = protocol == SignOnConnection.Protocol.SAML
    row = SignOnConnection.objects.create(
        id=connection_id or uuid4(),
        organization_id=organization_id,
        name=plain,
        protocol=protocol,
        issuer=read.issuer,
        metadata=dict(read.members),
        keys=dict(read.keys),
        read_at=timezone.now(),
        client_id="" if speaks_saml else _text(client_id, 255),
        domains=_domains(organization_id, domains),
        **{"second_factors": ["mfa"], **(mapping or {})},
    )
    if key is not None:
        row.own_keys.create(use=SignOnKey.Use.CURRENT, sealed_key=key.sealed, certificate=key.certificate)
    _note(DirectoryKind.SIGN_ON_CONNECTED, row, actor)
    return sign_on_connection(organization_id, row.id)


@transaction.atomic
def change_sign_on(
    *,
    organization_id: UUID,
    connection_id: UUID,
    values: Mapping[str, Any],
    read: ReadMetadata | None = None,
    next_key: OwnKey | None = None,
    use_next_key: bool = False,
    actor: Actor,
) -> tuple[SignOnFacts, SignOnFacts]:
    """Change what is given and return the connection before and after.

    ``values`` are members of ``SignOnConnection``, beside them ``groups`` as pairs of a claim's value and a group's
    address.  A provider of another name knows people by other subjects, so their accounts are bound anew.  ``next_key``
    is shown to the provider before it signs, which it does once ``use_next_key`` says so.
    Raises DirectoryRefused, DomainRefused, NameRefused and NotHere.
    """
    row = _locked(organization_id, connection_id)
    before = sign_on_connection(organization_id, connection_id)
    wanted = dict(values)
    groups = wanted.pop("groups", None)
    if "name" in wanted and wanted["name"] != row.name:
        wanted["name"] = _name(organization_id, wanted["name"])
    if "domains" in wanted:
        wanted["domains"] = _domains(organization_id, wanted["domains"])
    if read is not None:
        wanted |= {"issuer": read.issuer, "metadata": dict(read.members), "keys": dict(read.keys)}
        wanted["read_at"] = timezone.now()
    for name, value in wanted.items():
        setattr(row, name, value)
    row.save(update_fields=[*wanted]) if wanted else None
    if groups is not None:
        _set_groups(row, groups)
    after = sign_on_connection(organization_id, connection_id)
    _require_possible(after, before)
    parts = _differences(before, after, secret="sealed_secret" in wanted)
    parts += _rotated(row, next_key, use_next=use_next_key)
    if not parts:
        return before, after
    is_other = before.issuer != after.issuer or before.subject_claim != after.subject_claim
    if is_other:
        SocialAccount.objects.filter(provider=row.provider).delete()
    if is_other or not after.signs_in:
        end_sign_on_sessions(connection_id=row.id)
    if after.enforced and (not before.enforced or set(after.domains) != set(before.domains)):
        named = {one.person_id for one in after.break_glass if one.counts}
        end_access_of([person for person in people_of(after) if person not in named])
    _note(DirectoryKind.SIGN_ON_CHANGED, row, actor, changes=parts)
    return before, after


@transaction.atomic
def end_sign_on(*, organization_id: UUID, connection_id: UUID, reason: str, actor: Actor) -> None:
    """End a connection with all sessions and tokens that came out of it; accounts stay.  Raises NotHere."""
    row = _locked(organization_id, connection_id)
    end_sign_on_sessions(connection_id=row.id)
    SocialAccount.objects.filter(provider=row.provider).delete()
    _note(DirectoryKind.SIGN_ON_ENDED, row, actor, details={"reason": reason} if reason else {})
    row.delete()


@transaction.atomic
def forget_sign_on(*, organization_id: UUID) -> None:
    """Remove the connections of an organization that was erased, with what they signed in; its ledger is gone."""
    for row in SignOnConnection.objects.within(organization_id).select_for_update().order_by("id"):
        end_sign_on_sessions(connection_id=row.id)
        SocialAccount.objects.filter(provider=row.provider).delete()
        row.delete()


@transaction.atomic
def lift_enforcement(*, organization_id: UUID, actor: Actor) -> int:
    """Let the members of an organization sign in by themselves again; return how many connections were enforced."""
    rows = SignOnConnection.objects.within(organization_id).select_for_update()
    enforced = list(rows.filter(state=SignOnConnection.State.ENFORCED).order_by("id"))
    for row in enforced:
        row.state = SignOnConnection.State.ON
        row.save(update_fields=["state"])
        changes = [{"member": "sign_on_state", "before": "enforced", "after": "on"}]
        _note(DirectoryKind.SIGN_ON_CHANGED, row, actor, changes=changes)
    return len(enforced)


@transaction.atomic
def keep_keys(*, connection_id: UUID, keys: Mapping[str, Any]) -> None:
    """Keep keys of the provider that were read anew, because a token named one that was not known."""
    SignOnConnection.objects.of_installation().filter(id=connection_id).update(keys=dict(keys), read_at=timezone.now())


def _rotated(row: SignOnConnection, next_key: OwnKey | None, *, use_next: bool) -> list[dict[str, Any]]:
    """Keep a key to come, or let it sign from now on.  Raises DirectoryRefused."""
    if next_key is None and not use_next:
        return []
    if row.protocol != SignOnConnection.Protocol.SAML:
        raise DirectoryRefused(_("Only a connection that speaks SAML has keys of its own."))
    uses = SignOnKey.Use
    if next_key is not None:
        row.own_keys.filter(use=uses.NEXT).delete()
        row.own_keys.create(use=uses.NEXT, sealed_key=next_key.sealed, certificate=next_key.certificate)
        return [{"member": "sign_on_key", "before": None, "after": "next"}]
    if not row.own_keys.filter(use=uses.NEXT).exists():
        raise DirectoryRefused(_("There is no next key yet. Make one and let the provider read the metadata first."))
    row.own_keys.filter(use=uses.PREVIOUS).delete()
    row.own_keys.filter(use=uses.CURRENT).update(use=uses.PREVIOUS)
    row.own_keys.filter(use=uses.NEXT).update(use=uses.CURRENT)
    return [{"member": "sign_on_key", "before": "next", "after": "current"}]


def _require_possible(after: SignOnFacts, before: SignOnFacts) -> None:
    """Refuse a state in which people could not sign in.  Raises DirectoryRefused."""
    if after.protocol == SignOnConnection.Protocol.OIDC and after.subject_claim != before.subject_claim:
        raise DirectoryRefused(_("In OpenID Connect the subject is always the claim sub."))
    if after.protocol == SignOnConnection.Protocol.SAML and after.client_id != before.client_id:
        raise DirectoryRefused(_("In SAML there is no client id; the provider reads the metadata of this connection."))
    if after.state == SignOnConnection.State.OFF:
        return
    if after.signs_in and not after.speaks_for:
        raise DomainRefused(_("Name a mail domain of yours for which the provider speaks."))
    others = SignOnConnection.objects.within(after.organization_id).filter(state__in=SIGNS_IN).exclude(id=after.id)
    taken = sorted({one for row in others for one in row.domains} & set(after.domains))
    if after.signs_in and taken:
        raise DomainRefused(_("{domains}: another sign-on connection speaks for it.").format(domains=", ".join(taken)))
    if not after.enforced:
        return
    if not any(one.counts for one in after.break_glass):
        raise DirectoryRefused(
            _("Name an administrator with a second factor first who can sign in without the provider (break-glass).")
        )
    if not before.enforced and not SocialAccount.objects.filter(provider=after.provider).exists():
        raise DirectoryRefused(
            _("Nobody has signed in by this connection yet. Turn it on and sign in once before it is enforced.")
        )


def _set_groups(row: SignOnConnection, wanted: Sequence[tuple[str, str]]) -> None:
    """Let the connection own exactly these groups.  Raises DirectoryRefused for one that is somebody else's."""
    groups = {
        one.address: one
        for one in Group.objects.within(row.organization_id).filter(address__in=[a for _v, a in wanted])
    }
    missing = sorted({address for _value, address in wanted if address not in groups})
    if missing:
        raise NotHere(_("There is no group {addresses} here.").format(addresses=", ".join(missing)))
    taken = [
        one.address
        for one in groups.values()
        if is_provisioned(one.id) or SignOnGroup.objects.filter(group=one).exclude(connection=row).exists()
    ]
    if taken:
        raise DirectoryRefused(
            _("{addresses}: another connection sets who is in it.").format(addresses=", ".join(sorted(taken)))
        )
    for one in groups.values():
        if given_by_groups(row.organization_id, held_by(one.id)):
            raise DirectoryRefused(
                _("{address} gives a role. No provider sets who has one.").format(address=one.address)
            )
    if len({address for _value, address in wanted}) != len(wanted):
        raise DirectoryRefused(_("Name each group once."))
    row.groups.all().delete()
    for value, address in wanted:
        SignOnGroup.objects.create(connection=row, group=groups[address], value=_text(value, 255))


def _name(organization_id: UUID, name: str) -> str:
    plain = naming.one_line(name)
    if not plain:
        raise DirectoryRefused(_("Give the connection a name."))
    if SignOnConnection.objects.within(organization_id).filter(name=plain).exists():
        raise DirectoryRefused(_("There is a sign-on connection “{name}” already.").format(name=plain))
    return plain


def _domains(organization_id: UUID, wanted: Sequence[str]) -> list[str]:
    """Return mail domains in their normal form.  Raises DomainRefused for one that the organization has not proven."""
    domains = sorted({naming.mail_domain(one) for one in wanted})
    rows = MailDomain.objects.within(organization_id).filter(domain__in=domains, proven_at__isnull=False)
    foreign = sorted(set(domains) - set(rows.values_list("domain", flat=True)))
    if foreign:
        raise DomainRefused(_("The organization has not proven {domain}.").format(domain=", ".join(foreign)))
    return domains


def _text(value: str, most: int) -> str:
    plain = naming.one_line(value)
    if not plain or len(plain) > most:
        raise DirectoryRefused(_("A value has 1 to {most} characters.").format(most=most))
    return plain


def _differences(before: SignOnFacts, after: SignOnFacts, *, secret: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"member": f"sign_on_{name}", "before": str(getattr(before, name)), "after": str(getattr(after, name))}
        for name in (*PLAIN, "issuer")
        if getattr(before, name) != getattr(after, name)
    ]
    old, new = _lists(before), _lists(after)
    found += [
        {"member": f"sign_on_{name}", "before": old[name], "after": new[name]} for name in old if old[name] != new[name]
    ]
    read_again = before.issuer == after.issuer and before.read_at != after.read_at
    found += [{"member": "sign_on_metadata", "before": None, "after": after.issuer}] if read_again else []
    return found + ([{"member": "sign_on_secret", "before": None, "after": "…"}] if secret else [])


def _lists(facts: SignOnFacts) -> dict[str, str]:
    return {
        "domains": ", ".join(facts.domains),
        "second_factors": ", ".join(facts.second_factors),
        "break_glass": ", ".join(one.address for one in facts.break_glass),
        "groups": ", ".join(f"{one.value} = {one.address}" for one in facts.groups),
    }


def _locked(organization_id: UUID, connection_id: UUID) -> SignOnConnection:
    row = SignOnConnection.objects.within(organization_id).select_for_update().filter(id=connection_id).first()
    if row is None:
        raise NotHere(_("There is no such sign-on connection in this organization."))
    return row


def _note(
    kind: DirectoryKind,
    row: SignOnConnection,
    actor: Actor,
    *,
    details: Mapping[str, object] | None = None,
    changes: Sequence[Mapping[str, Any]] = (),
) -> None:
    note(
        kind=kind,
        organizations=[row.organization_id],
        actor=actor,
        title=row.name,
        details={"connection": str(row.id), **(details or {})},
        changes=changes,
    )
