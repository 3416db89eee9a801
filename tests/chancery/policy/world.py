"""A small world of people, groups and organizations to decide over; small, so that entries often match."""

from dataclasses import replace
from uuid import UUID

from hypothesis import strategies as st

from chancery.policy.case import (
    ContentFacts,
    OrganizationFacts,
    PersonalGrant,
    ReadPermission,
    Registration,
    Request,
    SuperUserGrant,
)
from chancery.policy.policy import Conditions, Enforcement, Grant, Policy, Principal, PrincipalKind, Strength
from chancery.policy.rights import Right
from chancery.policy.subject import DeviceFacts, Group, Membership, Subject

NOW = 1_800_000_000
DAY = 86_400

CONTOSO, FABRIKAM = UUID(int=0xC0), UUID(int=0xFA)
OLGA, OWEN, RITA, MAX, ADA = (UUID(int=number) for number in range(1, 6))
DOCUMENT = UUID(int=0xD0)
TEAM = Group(UUID(int=0x71), CONTOSO, "team@contoso.example")
BOARD = Group(UUID(int=0x72), FABRIKAM, "board@fabrikam.example")
LAPTOP = DeviceFacts(UUID(int=0xDE), platform="linux", post_quantum=True)

RITA_ADDRESS = "rita@fabrikam.example"
RITA_AT_WORK = Subject(
    person=RITA,
    addresses=frozenset({RITA_ADDRESS}),
    memberships=frozenset({Membership(FABRIKAM)}),
    domains=frozenset({"fabrikam.example"}),
    device=LAPTOP,
    network="192.0.2.7",
)
ORGANIZATION = OrganizationFacts(id=CONTOSO)


def who(text: str) -> Principal:
    return Principal.parse(text)


def to(name: str, rights: str, until: int | None = None) -> Grant:
    """Return a grant of rights with commas."""
    return Grant(who(name), frozenset(Right(right) for right in rights.split(",")), until)


def granting(*entries: tuple[str, str] | tuple[str, str, int], **more: object) -> Policy:
    """Return a policy of grants as ``to`` takes them and further members."""
    return Policy(grants=tuple(to(*entry) for entry in entries), **more)  # type: ignore[arg-type]  # by name


def content(policy: Policy | None, **more: object) -> ContentFacts:
    return replace(ContentFacts(cid=DOCUMENT, issuer=OLGA, owner=OWEN, policy=policy), **more)  # type: ignore[arg-type]


# --- everything at random ------------------------------------------------------------------------------------------

PEOPLE = [OLGA, OWEN, RITA, MAX]
ADDRESSES = [RITA_ADDRESS, "max@contoso.example", "rita@private.example", TEAM.address, BOARD.address]
moments = st.sampled_from([0, NOW - DAY, NOW - 1, NOW, NOW + 1, NOW + 100, NOW + DAY, NOW + 60 * DAY])
platforms = st.sampled_from(["linux", "windows", "phone"])

principals = st.one_of(
    st.sampled_from(ADDRESSES).map(lambda address: Principal(PrincipalKind.ADDRESS, address)),
    st.sampled_from(["contoso.example", "fabrikam.example", "private.example"]).map(
        lambda domain: Principal(PrincipalKind.DOMAIN, domain)
    ),
    st.sampled_from([CONTOSO, FABRIKAM]).map(lambda place: Principal(PrincipalKind.ORGANIZATION, str(place))),
    st.just(Principal(PrincipalKind.AUTHENTICATED)),
)
rights = st.frozensets(st.sampled_from(Right), min_size=1, max_size=4)
grants = st.builds(Grant, principals, rights, st.none() | moments)
conditions = st.builds(
    Conditions,
    strength=st.none() | st.sampled_from(Strength),
    networks=st.sampled_from([(), ("192.0.2.0/24",), ("10.0.0.0/8", "192.0.2.0/24"), ("2001:db8::/32",)]),
    platforms=st.frozensets(platforms, max_size=2),
    not_before=st.none() | moments,
    not_after=st.none() | moments,
    post_quantum=st.booleans(),
    account_required=st.booleans(),
    enforced=st.sampled_from(
        [frozenset(), frozenset(), frozenset({Right.PRINT}), frozenset({Right.PRINT, Right.VIEW})]
    ),
)
easy_conditions = st.just(Conditions()) | conditions
policies = st.builds(
    Policy,
    grants=st.lists(grants, max_size=5).map(tuple),
    deny=st.lists(principals, max_size=1).map(tuple),
    expires=st.none() | moments,
    expires_after_opening_days=st.none() | st.sampled_from([1, 7]),
    offline_days=st.sampled_from([-1, 0, 1, 7, 400]),
    lease=st.none() | st.sampled_from([60, 3600]),
    enforcement=st.sampled_from(Enforcement),
    conditions=easy_conditions,
)
subjects = st.builds(
    Subject,
    person=st.sampled_from(PEOPLE),
    addresses=st.frozensets(st.sampled_from(ADDRESSES[:3]), max_size=2),
    memberships=st.frozensets(st.builds(Membership, st.sampled_from([CONTOSO, FABRIKAM]), st.booleans()), max_size=2),
    groups=st.sampled_from([(), (TEAM,), (BOARD,), (TEAM, BOARD), (replace(TEAM, live=False), BOARD)]),
    domains=st.frozensets(st.sampled_from(["contoso.example", "fabrikam.example"]), max_size=2),
    device=st.none() | st.builds(DeviceFacts, st.just(LAPTOP.id), platforms, st.booleans(), st.booleans()),
    strength=st.sampled_from(Strength),
    active=st.sampled_from([True, True, True, False]),
    outsider=st.sampled_from([False, False, False, True]),
    network=st.sampled_from(["", "192.0.2.7", "2001:db8::7", "no address", "192.0.2.7, 10.0.0.1"]),
)
organizations = st.builds(
    OrganizationFacts,
    id=st.just(CONTOSO),
    active=st.sampled_from([True, True, True, False]),
    service_active=st.sampled_from([True, True, True, False]),
    key_available=st.sampled_from([True, True, True, False]),
    platforms_off=st.just(frozenset()) | st.frozensets(platforms, max_size=1),
    conditions=easy_conditions,
    max_license_days=st.sampled_from([0, 1, 30, 65_535]),
)
personal_grants = st.builds(
    PersonalGrant, st.sampled_from([RITA, MAX]), st.sampled_from(ADDRESSES[:3]), rights, st.none() | moments
)
contents = st.builds(
    ContentFacts,
    cid=st.just(DOCUMENT),
    issuer=st.just(OLGA),
    owner=st.just(OWEN),
    policy=st.none() | policies,
    registration=st.sampled_from([Registration.REGISTERED] * 3 + [Registration.PENDING, Registration.BLOCKED]),
    revoked=st.sampled_from([False, False, True]),
    revoked_ids=st.frozensets(st.sampled_from([RITA, MAX, OWEN, TEAM.id]), max_size=1),
    revoked_addresses=st.frozensets(st.sampled_from([*ADDRESSES, TEAM.address]), max_size=1),
    issuer_blocked=st.booleans(),
    first_opened=st.none() | st.sampled_from([NOW - 8 * DAY, NOW - DAY, NOW - 1, NOW]),
    bindings=st.dictionaries(
        st.sampled_from(ADDRESSES), st.sampled_from([RITA, MAX, TEAM.id, BOARD.id, ADA]), max_size=2
    ),
    personal=st.lists(personal_grants, max_size=2).map(tuple),
)
super_user_grants = st.builds(
    SuperUserGrant,
    id=st.just(UUID(int=9)),
    holder=st.sampled_from(PEOPLE),
    approver=st.none() | st.sampled_from(PEOPLE),
    starts=moments,
    ends=moments,
    eligible=st.booleans(),
    covers=st.booleans(),
)
read_permissions = st.builds(
    ReadPermission,
    id=st.just(UUID(int=10)),
    holder=st.sampled_from(PEOPLE),
    asked_by=st.sampled_from([ADA, OLGA]),
    approver=st.none() | st.sampled_from([*PEOPLE, ADA]),
    starts=moments,
    ends=moments,
    covers=st.booleans(),
    for_person=st.booleans(),
    person=st.none() | subjects,
)
requests = st.builds(
    Request,
    names_super_user_grant=st.sampled_from([False, False, True]),
    super_user_grant=st.none() | super_user_grants,
    names_read_permission=st.sampled_from([False, False, True]),
    read_permission=st.none() | read_permissions,
    enforces=st.frozensets(st.sampled_from([Right.PRINT, Right.VIEW]), max_size=2),
)
# Somebody whom only the policy concerns, at an organization and for a document where nothing else blocks access.
readers = subjects.map(lambda subject: replace(subject, person=RITA, active=True)).map(
    lambda subject: replace(subject, device=None if subject.device is None else replace(subject.device, revoked=False))
)
