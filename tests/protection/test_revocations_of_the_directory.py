"""Withdrawn by the directory: every way reaches the feeds, none is lost, none waits for another, none is a nuisance."""

import io
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections

from chancery.sdk.errors import Unreachable
from chancery.sdk.results import Protected
from chancery.sealing.read import open_sealed
from portal.tasks import propagate_directory_revocations
from portal.usecases import revocations
from protection.services.state_feed import feed_statement
from tenants.context import in_organization
from tenants.directory import revocations as directory_revocations
from tenants.directory.members import Member
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tenants.directory.services.delete_group import delete_group
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.enable_person import enable_person
from tenants.directory.services.remove_address import remove_address
from tenants.organizations.selectors import OrganizationFacts
from tests.cast import ACTOR, Cast, Player
from tests.protection.steps import call, opening, protect
from tests.second_address import give_address


@pytest.fixture
def contoso(cast: Cast) -> UUID:
    return cast.organizations["contoso"].id


@pytest.fixture
def reader(cast: Cast) -> Player:
    return cast.join(f"reader-{uuid4().hex[:6]}", "fabrikam")


def group(organization: UUID, address: str, *members: Member) -> UUID:
    made = create_group(organization_id=organization, address=address, name=address, members=members, actor=ACTOR)
    propagate_directory_revocations()
    return made.id


def keeps(player: Player, sealed: Protected) -> bool:
    """Tell whether the player's device still opens what it keeps, after it has received the feed."""
    with open_sealed(sealed.path) as file:
        place = player.session.organization(file.publishing_license.org)
    place.feed(newest=True)
    try:
        return player.offline().open_stream(sealed.path, io.BytesIO()).source == "kept"
    except Unreachable:
        return False


def hold(place: OrganizationFacts, reader: Player, *, guest: bool) -> str:
    """Put the reader into a new group, as a guest of the organization or by their bare address; return its address."""
    organization, name = place.id, f"{uuid4().hex[:6]}@{place.slug}.example"
    if guest:
        create_person(organization_id=organization, address=reader.address, name="R", guest=True, actor=ACTOR)
    member = Member(person_id=reader.id) if guest else Member(address=reader.address)
    inner = group(organization, f"held-{name}", member)
    group(organization, f"granted-{name}", Member(group_id=inner))
    return f"granted-{name}"


Case = tuple[str, Callable[[], object]]


def archived(cast: Cast, reader: Player) -> Case:
    """Contoso's document is granted to a group of Fabrikam, which archives it."""
    fabrikam = cast.organizations["fabrikam"].id
    team = group(fabrikam, f"team-{reader.address}", Member(person_id=reader.id))
    change = lambda: change_group(  # noqa: E731 - what happens later
        organization_id=fabrikam, group_id=team, archived=True, actor=ACTOR
    )
    return f"team-{reader.address}", change


def nested(cast: Cast, reader: Player) -> Case:
    """A group inside the granted one is taken out of it."""
    fabrikam = cast.organizations["fabrikam"].id
    inner = group(fabrikam, f"inner-{reader.address}", Member(address=reader.address))
    outer = group(fabrikam, f"outer-{reader.address}", Member(group_id=inner))
    member = Member(group_id=inner)
    change = lambda: change_group(  # noqa: E731
        organization_id=fabrikam, group_id=outer, remove=[member], actor=ACTOR
    )
    return f"outer-{reader.address}", change


def left_below(cast: Cast, reader: Player) -> Case:
    """A person leaves a group that the granted one contains."""
    fabrikam = cast.organizations["fabrikam"].id
    inner = group(fabrikam, f"inner-{reader.address}", Member(person_id=reader.id))
    group(fabrikam, f"outer-{reader.address}", Member(group_id=inner))
    member = Member(person_id=reader.id)
    change = lambda: change_group(  # noqa: E731
        organization_id=fabrikam, group_id=inner, remove=[member], actor=ACTOR
    )
    return f"outer-{reader.address}", change


def deleted(cast: Cast, reader: Player) -> Case:
    fabrikam = cast.organizations["fabrikam"].id
    team = group(fabrikam, f"team-{reader.address}", Member(person_id=reader.id))

    def change() -> None:
        delete_group(organization_id=fabrikam, group_id=team, named_by_a_denial=False, actor=ACTOR)

    return f"team-{reader.address}", change


def gave_up_the_address(cast: Cast, reader: Player) -> Case:
    second = f"second-{reader.address}"
    fabrikam = cast.organizations["fabrikam"].id
    give_address(fabrikam, reader.id, second)

    def change() -> None:
        remove_address(person_id=reader.id, address=second, actor=ACTOR, organization_id=fabrikam)

    return second, change


def suspended(cast: Cast, reader: Player) -> Case:
    """The only organization that the reader belongs to is suspended."""
    slug = f"partner{uuid4().hex[:6]}"
    partner = cast.found(slug, "pat")
    reader.__dict__.update(cast.pat.__dict__)
    change = lambda: revocations.suspend_organization(  # noqa: E731
        organization_id=partner.id, reason="a test", actor=ACTOR
    )
    return reader.address, change


def disabled_as_a_guest(cast: Cast, reader: Player) -> Case:
    """Another organization disables its guest, whom its group holds."""
    hostile = cast.organizations["hostile"]
    granted = hold(hostile, reader, guest=True)
    change = lambda: disable_person(  # noqa: E731
        organization_id=hostile.id, person_id=reader.id, reason="a test", actor=ACTOR
    )
    return granted, change


def group_suspended(cast: Cast, reader: Player) -> Case:
    """The organization is suspended whose group holds the bare address of a person who belongs elsewhere."""
    partner = cast.found(f"partner{uuid4().hex[:6]}", "pat")
    granted = hold(partner, reader, guest=False)
    change = lambda: revocations.suspend_organization(  # noqa: E731
        organization_id=partner.id, reason="a test", actor=ACTOR
    )
    return granted, change


WAYS = [
    suspended,
    group_suspended,
    disabled_as_a_guest,
    archived,
    nested,
    left_below,
    deleted,
    gave_up_the_address,
]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_losing_access_kills_what_a_device_keeps(
    cast: Cast, plan: Path, reader: Player, way: Callable[[Cast, Player], Case]
) -> None:
    granted, change = way(cast, reader)
    sealed = protect(cast.olga, plan, f"{granted}:VIEW", offline_days=7)
    opening(reader, sealed.path)
    assert keeps(reader, sealed)
    change()
    assert not keeps(reader, sealed)


def test_joining_a_denied_group_kills_what_a_device_keeps(cast: Cast, plan: Path, reader: Player) -> None:
    """A group with the reader in it joins the denied one, and then somebody else joins that inner group."""
    fabrikam, team = cast.organizations["fabrikam"].id, f"team-{reader.address}"
    late = cast.join(f"late-{uuid4().hex[:6]}", "fabrikam")
    inner = group(fabrikam, f"inner-{reader.address}", Member(person_id=reader.id))
    outer = group(fabrikam, team)
    grants = (f"{reader.address}:VIEW", f"{late.address}:VIEW")
    sealed = protect(cast.olga, plan, *grants, deny=(team,), offline_days=7)
    opening(reader, sealed.path)
    opening(late, sealed.path)
    member = Member(group_id=inner)
    change_group(organization_id=fabrikam, group_id=outer, add=[member], actor=ACTOR)
    assert not keeps(reader, sealed)
    assert keeps(late, sealed)
    member = Member(person_id=late.id)
    change_group(organization_id=fabrikam, group_id=inner, add=[member], actor=ACTOR)
    assert not keeps(late, sealed)


def test_joining_a_group_for_which_a_document_is_revoked_kills_what_a_device_keeps(
    cast: Cast, plan: Path, reader: Player
) -> None:
    fabrikam, team = cast.organizations["fabrikam"].id, f"team-{reader.address}"
    made = group(fabrikam, team)
    sealed = protect(cast.olga, plan, f"{reader.address}:VIEW", offline_days=7)
    answer = call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": team})
    assert answer.status_code < 300, answer.content
    opening(reader, sealed.path)
    member = Member(address=reader.address)
    change_group(organization_id=fabrikam, group_id=made, add=[member], actor=ACTOR)
    assert not keeps(reader, sealed)


def test_joining_any_other_group_kills_nothing(cast: Cast, plan: Path, reader: Player) -> None:
    fabrikam, team = cast.organizations["fabrikam"].id, f"team-{reader.address}"
    made = group(fabrikam, team)
    sealed = protect(cast.olga, plan, f"{team}:VIEW", f"{reader.address}:VIEW", offline_days=7)
    opening(reader, sealed.path)
    change_group(organization_id=fabrikam, group_id=made, add=[Member(person_id=reader.id)], actor=ACTOR)
    assert keeps(reader, sealed)


def test_a_revocation_survives_the_end_of_the_process_that_made_it(
    cast: Cast, plan: Path, reader: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the directory's transaction is committed; then nobody is there to go on but the sweep."""
    monkeypatch.setattr(directory_revocations, "_when_committed", [])
    fabrikam, team = cast.organizations["fabrikam"].id, f"team-{reader.address}"
    made = group(fabrikam, team, Member(person_id=reader.id))
    sealed = protect(cast.olga, plan, f"{team}:VIEW", offline_days=7)
    opening(reader, sealed.path)
    leaving = Member(person_id=reader.id)
    change_group(organization_id=fabrikam, group_id=made, remove=[leaving], actor=ACTOR)
    assert keeps(reader, sealed)
    assert propagate_directory_revocations() >= 1
    assert not keeps(reader, sealed)


def test_a_feed_that_cannot_be_written_keeps_no_other_waiting_and_is_written_later(
    cast: Cast, plan: Path, reader: Player, contoso: UUID
) -> None:
    fabrikam, team = cast.organizations["fabrikam"].id, f"team-{reader.address}"
    made = group(fabrikam, team, Member(person_id=reader.id))
    # Fabrikam's own ledger must know the reader too, or its feed has nothing to say of them.
    opening(reader, protect(cast.rita, plan, f"{team}:VIEW").path)
    sealed = protect(cast.olga, plan, f"{team}:VIEW", offline_days=7)
    opening(reader, sealed.path)
    with in_organization(fabrikam), connection.cursor() as cursor:
        cursor.execute("alter table protection_feedhead rename to away")
    try:
        leaving = Member(person_id=reader.id)
        change_group(organization_id=fabrikam, group_id=made, remove=[leaving], actor=ACTOR)
        assert not keeps(reader, sealed), "Contoso's feed was written"
        assert waiting(fabrikam) == 1
    finally:
        with in_organization(fabrikam), connection.cursor() as cursor:
            cursor.execute("alter table away rename to protection_feedhead")
    propagate_directory_revocations()
    assert waiting(fabrikam) == 0


def waiting(organization: UUID, *, looked_at: bool = False) -> int:
    """Return how much an organization has to look at, for the first time or once more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from directory_pendingrevocation where organization_id = %s and looked_at = %s",
            [organization, looked_at],
        )
        return int(cursor.fetchone()[0])


@pytest.fixture
def settled(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Begin with nothing to look at and let nothing settle by itself; return how to take the last look at all."""

    def last_look() -> None:
        monkeypatch.setattr(revocations, "_SETTLED", timedelta(0))
        propagate_directory_revocations()

    last_look()
    monkeypatch.setattr(revocations, "_SETTLED", timedelta(hours=1))
    return last_look


def head(organization: UUID) -> int:
    with in_organization(organization), connection.cursor() as cursor:
        cursor.execute("select seq from protection_feedhead")
        return int(cursor.fetchone()[0])


def test_a_hostile_organization_cannot_kill_what_strangers_keep_by_its_groups(
    cast: Cast, plan: Path, reader: Player, contoso: UUID, settled: Callable[[], None]
) -> None:
    sealed = protect(cast.olga, plan, f"{reader.address}:VIEW", offline_days=7)
    opening(reader, sealed.path)
    hostile, before = cast.organizations["hostile"].id, head(contoso)
    trap = group(hostile, f"trap-{uuid4().hex[:6]}@hostile.example", Member(address=reader.address))
    seen = waiting(contoso, looked_at=True)
    change_group(organization_id=hostile, group_id=trap, remove=[Member(address=reader.address)], actor=ACTOR)
    assert head(contoso) == before
    assert waiting(contoso, looked_at=True) == seen + 1, "looked at again once nothing can be on its way"
    settled()
    assert (head(contoso), waiting(contoso, looked_at=True)) == (before, 0)
    assert keeps(reader, sealed)


def test_an_unknown_person_keeps_a_revocation_waiting_and_no_feed_gets_it_twice(
    cast: Cast, plan: Path, reader: Player, contoso: UUID, settled: Callable[[], None]
) -> None:
    """Two are taken out at once; the first license of one of them was still on its way then."""
    fabrikam, team, late = cast.organizations["fabrikam"].id, f"team-{reader.address}", f"late-{uuid4().hex[:6]}"
    newcomer = cast.join(late, "fabrikam")
    leaving = [Member(person_id=reader.id), Member(person_id=newcomer.id)]
    made = group(fabrikam, team, *leaving)
    sealed = protect(cast.olga, plan, f"{team}:VIEW", f"{newcomer.address}:VIEW", offline_days=7)
    opening(reader, sealed.path)
    seen = waiting(contoso, looked_at=True)
    change_group(organization_id=fabrikam, group_id=made, remove=leaving, actor=ACTOR)
    assert not keeps(reader, sealed)
    assert waiting(contoso, looked_at=True) == seen + 1
    # Their own grant replaces a license by the group that is recorded only now.
    opening(newcomer, sealed.path)
    assert keeps(newcomer, sealed)
    before = head(contoso)
    settled()
    assert (head(contoso), waiting(contoso, looked_at=True)) == (before + 1, 0)
    assert not keeps(newcomer, sealed)


def test_so_many_at_once_are_one_entry_for_everybody(
    cast: Cast, plan: Path, reader: Player, contoso: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protection.services.propagate_revocation.MANY", 1)
    sealed = protect(cast.olga, plan, f"{cast.max.address}:VIEW", f"{reader.address}:VIEW", offline_days=7)
    opening(cast.max, sealed.path)
    opening(reader, sealed.path)
    before = head(contoso)
    disable_person(organization_id=cast.organizations["fabrikam"].id, person_id=reader.id, reason="", actor=ACTOR)
    assert head(contoso) == before + 1
    assert not keeps(cast.max, sealed)
    with in_organization(contoso):
        assert feed_statement(organization=contoso)[0]


def test_withdrawals_at_the_same_moment_do_not_wait_for_each_other(cast: Cast, contoso: UUID) -> None:
    """Each changes people of another organization, and all of them concern the feeds of all organizations."""
    failed: list[Exception] = []
    rita, fabrikam = cast.join(f"rita-{uuid4().hex[:6]}", "fabrikam"), cast.organizations["fabrikam"].id
    temp = cast.join(f"temp-{uuid4().hex[:6]}", "contoso")

    def again_and_again(organization: UUID, person: UUID) -> None:
        try:
            for _ in range(15):
                disable_person(organization_id=organization, person_id=person, reason="", actor=ACTOR)
                enable_person(organization_id=organization, person_id=person, actor=ACTOR)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test names it
            failed.append(error)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=again_and_again, args=pair) for pair in ((contoso, temp.id), (fabrikam, rita.id))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    propagate_directory_revocations()
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from directory_pendingrevocation where not looked_at")
        assert cursor.fetchone() == (0,)
