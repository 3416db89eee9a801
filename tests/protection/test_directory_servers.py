"""People and groups from a real OpenLDAP: added, changed, disabled, taken away, and never more than was read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tenants.directory.models import GroupMember, Membership, Person
from tenants.directory_servers.selectors import run_in
from tenants.directory_servers.services.runs import let_through
from tests.cast import ACTOR, Cast
from tests.directory_server.running import DirectoryServer, group, group_name, person, person_name, running
from tests.protection.directory_server import Connected, connect
from tests.protection.steps import ledger

PEOPLE = 24


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DirectoryServer]:
    people = [person(f"l{number}", displayName=f"Person {number}", title="Engineer") for number in range(PEOPLE)]
    odd = [
        person("elsewhere", mail="elsewhere@elsewhere.example"),
        person("twin", mail="l1@contoso.example"),
        person("nobody", mail="no address"),
        person("alias", mail=("alias@contoso.example", "other.alias@contoso.example")),
        person("zoë", mail="zoe@contoso.example", displayName="Zoë Müller, Dr."),
    ]
    groups = [
        group("engineers", *(person_name(f"l{number}") for number in range(20))),
        group("all", group_name("engineers"), group_name("round"), person_name("l20"), "cn=outside,dc=elsewhere"),
        group("round", group_name("all"), person_name("l21")),
    ]
    with running(tmp_path_factory.mktemp("slapd"), [*people, *odd, *groups]) as found:
        yield found


@pytest.fixture(scope="module")
def connected(cast: Cast, server: DirectoryServer) -> Connected:
    return connect(cast, server.target)


def members(connected: Connected, name: str) -> set[str]:
    rows = GroupMember.objects.within(connected.organization).filter(group__name=name)
    found = rows.values_list("person__email", "member_group__name")
    return {person or group or "" for person, group in found}


def test_a_try_changes_nothing_and_says_what_would_be(connected: Connected) -> None:
    before = Person.objects.count()
    tried = connected.run("try")
    assert tried.state == "done"
    assert Person.objects.count() == before
    found = connected.found(tried)
    assert found["l0@contoso.example"].outcome == "add"
    assert "displayName: – → Person 0" in found["l0@contoso.example"].changes
    assert found["elsewhere@elsewhere.example"].outcome == "set_aside"
    assert tried.counts["person.add"] == PEOPLE + 2
    assert tried.counts["group.add"] == 3


def test_people_and_groups_come_as_the_server_has_them(connected: Connected) -> None:
    made = connected.run()
    assert made.state == "done", made.failure
    people = dict(
        Membership.objects.within(connected.organization)
        .filter(person__email__endswith="@contoso.example")
        .values_list("person__email", "person__name")
    )
    assert people["l3@contoso.example"] == "Person 3"
    assert people["zoe@contoso.example"] == "Zoë Müller, Dr."
    alias = Person.objects.get(email="alias@contoso.example")
    assert set(alias.addresses.values_list("address", flat=True)) == {
        "alias@contoso.example",
        "other.alias@contoso.example",
    }
    assert len(members(connected, "engineers")) == 20
    assert {"engineers", "l20@contoso.example"} <= members(connected, "all")
    assert "l21@contoso.example" in members(connected, "round")
    aside = connected.found(made, "set_aside")
    assert aside.keys() == {"elsewhere@elsewhere.example", "l1@contoso.example", "no address"}
    assert ledger(connected.cast, "contoso", "directory_server.read")
    assert len(ledger(connected.cast, "contoso", "person.created")) >= PEOPLE


def test_a_second_run_changes_nothing(connected: Connected) -> None:
    again = connected.run()
    assert again.state == "done"
    found = connected.found(again)
    assert not [one for one in found.values() if one.outcome != "set_aside"]
    assert "cannot contain itself" in str(found["round"].reason), "a circle is left open, and said"


def test_changes_alone_are_read_and_carried_out(connected: Connected, server: DirectoryServer) -> None:
    server.modify(
        f"dn: {person_name('l2')}\nchangetype: modify\nreplace: displayName\ndisplayName: Another Name",
        f"dn: {person_name('l4')}\nchangetype: modrdn\nnewrdn: uid=renamed\ndeleteoldrdn: 1",
        f"dn: {group_name('engineers')}\nchangetype: modify\ndelete: member\nmember: {person_name('l5')}",
    )
    changed = connected.run("changes")
    assert (changed.mode, changed.state) == ("changes", "done")
    assert Person.objects.get(email="l2@contoso.example").name == "Another Name"
    assert "l5@contoso.example" not in members(connected, "engineers")
    found = connected.found(changed)
    assert found["l2@contoso.example"].changes == ("displayName: Person 2 → Another Name",)
    assert ledger(connected.cast, "contoso", "group.changed")


def test_who_is_gone_is_disabled_and_waits_for_an_administrator(connected: Connected, server: DirectoryServer) -> None:
    server.modify(f"dn: {person_name('l6')}\nchangetype: delete", f"dn: {group_name('round')}\nchangetype: delete")
    gone = connected.run()
    assert gone.state == "done"
    place = Membership.objects.within(connected.organization).get(person__email="l6@contoso.example")
    assert place.disabled
    assert place.removed_at is None
    assert not members(connected, "round")
    assert connected.found(gone, "remove").keys() == {"l6@contoso.example", "round"}


def test_a_run_that_takes_too_many_stops_until_somebody_has_looked(
    connected: Connected, server: DirectoryServer, tmp_path: Path
) -> None:
    server.modify(*(f"dn: {person_name(f'l{number}')}\nchangetype: delete" for number in range(10, 18)))
    stopped = connected.run()
    assert stopped.state == "stopped"
    assert not Membership.objects.within(connected.organization).get(person__email="l10@contoso.example").disabled
    assert len(connected.found(stopped, "remove")) == 8
    assert ledger(connected.cast, "contoso", "directory_server.stopped")
    assert let_through(server=connected.facts, run_id=stopped.id, reason="Planned", actor=ACTOR)
    connected.carry_on()
    assert run_in(connected.organization, stopped.id).state == "done"
    assert Membership.objects.within(connected.organization).get(person__email="l10@contoso.example").disabled
