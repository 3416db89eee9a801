"""Reading sign-on connections: those of one organization, and the one that signs a mail domain or a person in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.utils.translation import gettext as _

from tenants.directory.errors import NotHere
from tenants.directory.models import Address, MailDomain, Membership
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.roles import holders
from tenants.sign_on.models import SignOnConnection, SignOnGroup, SignOnKey, SignOnSession

SIGNS_IN = (SignOnConnection.State.ON, SignOnConnection.State.ENFORCED)


@dataclass(frozen=True, slots=True)
class GroupClaim:
    """One value of the groups claim, and the group that it stands for."""

    value: str
    group_id: UUID
    address: str


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """An administrator who may sign in by themselves.

    ``counts`` is false once they are no administrator who can act, or have no second factor.
    """

    person_id: UUID
    address: str
    counts: bool


@dataclass(frozen=True, slots=True)
class SignOnKeyFacts:
    """A key of a connection that speaks SAML: what it is for now, its certificate in base64, and since when it is."""

    use: str
    certificate: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ProviderCertificate:
    """A certificate by which a provider signs: its SHA-256 fingerprint, and when it ends."""

    fingerprint: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class SignOnFacts:
    """One connection; ``has_secret`` tells of the secret, and nothing else does."""

    id: UUID
    organization_id: UUID
    name: str
    protocol: str
    issuer: str
    metadata: Mapping[str, Any] = field(hash=False)
    keys: Mapping[str, Any] = field(hash=False)
    read_at: datetime
    client_id: str
    has_secret: bool
    domains: tuple[str, ...]
    subject_claim: str
    address_claim: str
    name_claim: str
    groups_claim: str
    second_factors: tuple[str, ...]
    asks_for: str
    makes_accounts: bool
    state: str
    groups: tuple[GroupClaim, ...]
    own_keys: tuple[SignOnKeyFacts, ...]
    break_glass: tuple[BreakGlass, ...]
    provider: str
    lost_domains: tuple[str, ...]
    """Domains that the organization does not speak for any more: of these the provider is believed nothing."""

    @property
    def certificates(self) -> tuple[ProviderCertificate, ...]:
        """Return by which certificates a provider signs that speaks SAML, the one that lasts longest first."""
        rows = sorted(self.keys.get("certificates", ()), key=lambda one: -int(one["ends"]))
        return tuple(ProviderCertificate(one["fingerprint"], datetime.fromtimestamp(one["ends"], UTC)) for one in rows)

    @property
    def signs_in(self) -> bool:
        """Tell whether people sign in by it."""
        return self.state in SIGNS_IN

    @property
    def enforced(self) -> bool:
        """Tell whether the people of its domains sign in by nothing else."""
        return self.state == SignOnConnection.State.ENFORCED

    @property
    def speaks_for(self) -> tuple[str, ...]:
        """Return the domains of whose addresses the provider is believed."""
        return tuple(domain for domain in self.domains if domain not in self.lost_domains)


def sign_on_in(organization_id: UUID) -> tuple[SignOnFacts, ...]:
    """Return the organization's connections by name."""
    return _facts(SignOnConnection.objects.within(organization_id).order_by("name", "id"))


def sign_on_connection(organization_id: UUID, connection_id: UUID) -> SignOnFacts:
    """Return one connection of an organization.  Raises NotHere."""
    found = _facts(SignOnConnection.objects.within(organization_id).filter(id=connection_id))
    if not found:
        raise NotHere(_("There is no such sign-on connection in this organization."))
    return found[0]


def sign_on_by_id(connection_id: UUID) -> SignOnFacts | None:
    """Return a connection of any organization; for the sign-in itself, which happens at the base domain."""
    found = _facts(SignOnConnection.objects.of_installation().filter(id=connection_id))
    return found[0] if found else None


def sign_on_of_domain(domain: str) -> SignOnFacts | None:
    """Return the connection that signs in who has an address in a mail domain in its normal form.

    It must be of the organization that has proven the domain: what another one wrote there counts for nothing.
    """
    owners = MailDomain.objects.of_installation().filter(domain=domain, proven_at__isnull=False)
    rows = SignOnConnection.objects.of_installation().filter(
        domains__contains=[domain], state__in=SIGNS_IN, organization_id__in=owners.values("organization_id")
    )
    found = _facts(rows.order_by("-state", "name"))
    # The enforced one comes first, and of two that are not the one that was named first in the alphabet.
    return next((one for one in found if one.enforced), found[0] if found else None)


def enforced_for(person_id: UUID) -> SignOnFacts | None:
    """Return the connection by which alone a person signs in: they are a member with an address in its domains."""
    places = Membership.objects.of_person(person_id).filter(guest=False, removed_at__isnull=True)
    rows = SignOnConnection.objects.of_installation().filter(
        state=SignOnConnection.State.ENFORCED, organization_id__in=places.values("organization_id")
    )
    candidates = _facts(rows.order_by("name", "id")) if rows.exists() else ()
    if not candidates:
        return None
    domains = set(Address.objects.filter(person_id=person_id).exclude(proven_by="").values_list("domain", flat=True))
    return next((one for one in candidates if domains & set(one.speaks_for)), None)


def people_of(connection: SignOnFacts) -> list[UUID]:
    """Return the members with a proven address in the connection's domains."""
    places = Membership.objects.within(connection.organization_id).filter(
        guest=False, removed_at__isnull=True, person__is_service=False
    )
    addresses = Address.objects.filter(domain__in=connection.speaks_for).exclude(proven_by="")
    rows = places.filter(person_id__in=addresses.values("person_id"))
    return list(rows.values_list("person_id", flat=True))


def subject_of_person(connection: SignOnFacts, person_id: UUID) -> str:
    """Return what the provider calls a person, "" for one who never signed in by it."""
    rows = SocialAccount.objects.filter(provider=connection.provider, user_id=person_id)
    return rows.values_list("uid", flat=True).first() or ""


def person_of_subject(connection: SignOnFacts, subject: str) -> UUID | None:
    """Return the person whom the provider knows under this subject."""
    rows = SocialAccount.objects.filter(provider=connection.provider, uid=subject)
    found: UUID | None = rows.values_list("user_id", flat=True).first()
    return found


def sealed_secret_of(connection_id: UUID) -> bytes | None:
    """Return the client's secret as it is kept; for the exchange of codes alone."""
    rows = SignOnConnection.objects.of_installation().filter(id=connection_id)
    found = rows.values_list("sealed_secret", flat=True).first()
    return None if found is None else bytes(found)


def sealed_keys_of(connection_id: UUID) -> dict[str, bytes]:
    """Return the keys of a connection as they are kept, by what they are for; for signing and decrypting alone."""
    rows = SignOnKey.objects.filter(connection_id=connection_id)
    return {use: bytes(kept) for use, kept in rows.values_list("use", "sealed_key")}


def certificates_that_end(before: datetime) -> tuple[SignOnFacts, ...]:
    """Return the connections in use of active organizations of whose certificates the last one ends before then."""
    rows = SignOnConnection.objects.of_installation().filter(
        protocol=SignOnConnection.Protocol.SAML, state__in=SIGNS_IN, organization__state="active"
    )
    found = _facts(rows.order_by("id"))
    return tuple(one for one in found if one.certificates and one.certificates[0].ends < before)


def sealed_hint_of(session_id: UUID) -> tuple[UUID, bytes] | None:
    """Return the connection of a sign-in and the provider's token about it, as it is kept."""
    row = SignOnSession.objects.filter(id=session_id).first()
    if row is None or row.sealed_hint is None or row.connection_id is None:
        return None
    return row.connection_id, bytes(row.sealed_hint)


def home_of_session(session_id: UUID) -> UUID | None:
    """Return the home by which a sign-in was made, None for one by a connection."""
    rows = SignOnSession.objects.filter(id=session_id)
    found: UUID | None = rows.values_list("home_id", flat=True).first()
    return found


def _facts(rows: Iterable[SignOnConnection]) -> tuple[SignOnFacts, ...]:
    found = list(rows)
    if not found:
        return ()
    proven = set(
        MailDomain.objects.of_installation()
        .filter(organization_id__in={row.organization_id for row in found}, proven_at__isnull=False)
        .values_list("organization_id", "domain")
    )
    groups = _groups([row.id for row in found])
    own_keys = _own_keys([row.id for row in found if row.protocol == SignOnConnection.Protocol.SAML])
    administrators = _administrators(found)
    return tuple(
        SignOnFacts(
            id=row.id,
            organization_id=row.organization_id,
            name=row.name,
            protocol=row.protocol,
            issuer=row.issuer,
            metadata=row.metadata,
            keys=row.keys,
            read_at=row.read_at,
            client_id=row.client_id,
            has_secret=row.sealed_secret is not None,
            domains=tuple(row.domains),
            subject_claim=row.subject_claim,
            address_claim=row.address_claim,
            name_claim=row.name_claim,
            groups_claim=row.groups_claim,
            second_factors=tuple(row.second_factors),
            asks_for=row.asks_for,
            makes_accounts=row.makes_accounts,
            state=row.state,
            groups=groups.get(row.id, ()),
            own_keys=own_keys.get(row.id, ()),
            break_glass=tuple(
                BreakGlass(one, *administrators.get((row.organization_id, one), ("", False))) for one in row.break_glass
            ),
            provider=row.provider,
            lost_domains=tuple(one for one in row.domains if (row.organization_id, one) not in proven),
        )
        for row in found
    )


def _groups(connections: list[UUID]) -> dict[UUID, tuple[GroupClaim, ...]]:
    found: dict[UUID, tuple[GroupClaim, ...]] = {}
    rows = SignOnGroup.objects.select_related("group")
    for one in rows.filter(connection_id__in=connections).order_by("value", "group__address"):
        claim = GroupClaim(one.value, one.group_id, one.group.address)
        found[one.connection_id] = (*found.get(one.connection_id, ()), claim)
    return found


def _own_keys(connections: list[UUID]) -> dict[UUID, tuple[SignOnKeyFacts, ...]]:
    """Return keys without their secrets, the one in use first."""
    found: dict[UUID, tuple[SignOnKeyFacts, ...]] = {}
    rows = SignOnKey.objects.filter(connection_id__in=connections).order_by("use") if connections else ()
    for one in rows:
        key = SignOnKeyFacts(one.use, one.certificate, one.created_at)
        found[one.connection_id] = (*found.get(one.connection_id, ()), key)
    return found


def _administrators(rows: list[SignOnConnection]) -> dict[tuple[UUID, UUID], tuple[str, bool]]:
    """Return address and standing of everybody who is named for an emergency."""
    named = {person for row in rows for person in row.break_glass}
    if not named:
        return {}
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    strong = set(Authenticator.objects.filter(user_id__in=named, type__in=kinds).values_list("user_id", flat=True))
    administrators = {one: holders(one, [ADMINISTRATOR]) for one in {row.organization_id for row in rows}}
    places = Membership.objects.of_installation().filter(
        person_id__in=named, organization_id__in={row.organization_id for row in rows}, removed_at__isnull=True
    )
    return {
        (place.organization_id, place.person_id): (
            place.person.email,
            place.person_id in administrators[place.organization_id]
            and not place.disabled
            and place.person.is_active
            and place.person_id in strong,
        )
        for place in places.select_related("person")
    }
