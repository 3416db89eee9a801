"""Runs of directory servers that go wrong, are killed, or are asked for by who may not."""

from collections.abc import Iterator

import pytest
from django.core import mail
from django.test import override_settings
from django.utils import timezone

from portal.ldap.errors import ServerFailed
from portal.usecases.directory_servers import people, reading
from portal.usecases.directory_servers.reading import Position, can_go_on
from portal.usecases.directory_servers.settings import _checked
from portal.words.kept_texts import told
from tenants.connections.selectors import connections_in
from tenants.connections.services.tokens import make_token
from tenants.directory.errors import DirectoryRefused
from tenants.directory.models import Membership, Person
from tenants.directory_servers.models import DirectoryServer, Run
from tenants.directory_servers.selectors import mode_due, organizations_with_work, run_in
from tenants.directory_servers.services.runs import ask_run, claim
from tests.cast import ACTOR, Cast
from tests.directory_server.running import DirectoryServer as Slapd
from tests.directory_server.running import person, person_name, running
from tests.protection.directory_server import Connected, connect
from tests.protection.steps import ledger

PEOPLE = 450


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    people = [person(f"r{number}") for number in range(PEOPLE)]
    with running(tmp_path_factory.mktemp("slapd"), people) as found:
        yield found


@pytest.fixture(scope="module")
def connected(cast: Cast, server: Slapd) -> Connected:
    return connect(cast, server.target, "people", groups_base="")


def here(connected: Connected) -> int:
    return Membership.objects.within(connected.organization).filter(address__startswith="r").count()


def test_a_killed_run_goes_on_where_it_was(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    real, batches = people.create_people, 0

    def killed(**given: object) -> object:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise SystemExit
        return real(**given)  # type: ignore[arg-type]

    asked = ask_run(server=connected.facts, mode="complete", actor=ACTOR)
    with monkeypatch.context() as patched:
        patched.setattr(people, "create_people", killed)
        with pytest.raises(SystemExit):
            connected.carry_on()
    assert here(connected) == 200, "one batch is whole, the other is not begun"
    connected.carry_on()
    assert here(connected) == 200, "nobody takes a run from a worker that may be alive"
    Run.objects.of_installation().filter(id=asked.id).update(busy_until=timezone.now())
    connected.carry_on()
    done = run_in(connected.organization, asked.id)
    assert (done.state, here(connected)) == ("done", PEOPLE)
    assert done.counts == {"person.add": PEOPLE}
    assert Person.objects.filter(email="r0@contoso.example").count() == 1


def test_one_run_at_a_time_and_one_worker_for_it(connected: Connected) -> None:
    asked = ask_run(server=connected.facts, mode="try", actor=ACTOR)
    with pytest.raises(DirectoryRefused, match="goes on already"):
        ask_run(server=connected.facts, mode="changes", actor=ACTOR)
    held = claim(asked.id)
    assert held is not None
    assert claim(asked.id) is None
    held.let_go()
    connected.carry_on()
    assert run_in(connected.organization, asked.id).state == "done"


def test_a_wrong_password_is_mailed_at_once_and_not_tried_again(connected: Connected, cast: Cast) -> None:
    connected.change(every_minutes=5)
    schema = next(one.schema_name for one in cast.organizations.values() if one.id == connected.organization)
    connected.change(bind_name="cn=nobody,dc=contoso,dc=example")
    mail.outbox.clear()
    failed = connected.run()
    assert (failed.state, failed.reason) == ("failed", "credentials")
    assert "refuses the bind account" in told(failed.failure)
    assert connected.facts.locked_out
    assert ledger(cast, "contoso", "directory_server.failed")
    Run.objects.of_installation().update(asked_at=timezone.now() - timezone.timedelta(days=2))
    assert not mode_due(connected.organization, connected.id, timezone.now())
    assert schema not in organizations_with_work([schema])
    connected.change(bind_name="cn=reader,dc=contoso,dc=example")
    assert mode_due(connected.organization, connected.id, timezone.now()) == "changes"
    assert schema in organizations_with_work([schema])
    connected.change(every_minutes=0)


def test_a_password_goes_to_no_other_place(connected: Connected) -> None:
    before = connected.facts.port
    connected.change(port=before + 1)
    assert not connected.facts.has_password
    with pytest.raises(DirectoryRefused, match="no password"):
        ask_run(server=connected.facts, mode="try", actor=ACTOR)
    connected.change(port=before)
    assert not connected.facts.has_password, "nor back, without who knows it"
    connected.give_password()
    assert connected.run("try").state == "done"


def test_who_is_disabled_there_is_disabled_here_and_who_is_disabled_here_stays_so(
    connected: Connected, server: Slapd
) -> None:
    connected.change(attributes={**connected.facts.attributes, "disabled": "employeeType"})
    connected.run()
    server.modify(f"dn: {person_name('r7')}\nchangetype: modify\nadd: employeeType\nemployeeType: TRUE")
    assert connected.run("changes").counts["person.disable"] == 1
    place = Membership.objects.within(connected.organization).filter(address="r7@contoso.example")
    assert place.get().disabled
    server.modify(f"dn: {person_name('r7')}\nchangetype: modify\ndelete: employeeType")
    connected.run("changes")
    assert not place.get().disabled
    Membership.objects.within(connected.organization).filter(address="r8@contoso.example").update(disabled=True)
    connected.run()
    assert Membership.objects.within(connected.organization).get(address="r8@contoso.example").disabled


def test_an_address_that_changes_hands_inherits_nothing(connected: Connected, server: Slapd) -> None:
    before = Person.objects.get(email="r9@contoso.example").id
    server.modify(f"dn: {person_name('r9')}\nchangetype: delete")
    server.modify(person("successor", mail="r9@contoso.example").replace("\n", "\nchangetype: add\n", 1))
    assert connected.run().state == "done"
    after = Person.objects.get(addresses__address="r9@contoso.example", addresses__proven_by="organization").id
    assert after != before
    assert Membership.objects.within(connected.organization).get(person_id=before).removed_at is not None


def test_another_server_or_one_that_was_set_back_is_read_completely(connected: Connected) -> None:
    facts = connected.facts
    assert can_go_on(facts, Position("", "20260101000000Z"))
    assert not can_go_on(facts, Position("another copy", "20260101000000Z"))
    DirectoryServer.objects.of_installation().filter(pk=connected.id).update(
        kind="active_directory", cursor={"copy": "a", "value": 500}
    )
    assert can_go_on(connected.facts, Position("a", 501))
    assert not can_go_on(connected.facts, Position("a", 499))
    assert not can_go_on(connected.facts, Position("b", 501))
    DirectoryServer.objects.of_installation().filter(pk=connected.id).update(kind="openldap", cursor=None)


def test_a_hosted_installation_asks_only_where_its_operator_said(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    with override_settings(CHANCERY_EMBEDDED=False), pytest.raises(ServerFailed, match="is none of a directory server"):
        reading.tested(connected.facts)
    port = connected.facts.port
    for networks, words in (("", "no network"), ("10.0.0.0/8", "no network"), ("10.0.0.0/33", "not written")):
        monkeypatch.setattr(reading, "PORTS", {port})
        hosted = override_settings(CHANCERY_EMBEDDED=False, CHANCERY_LDAP_NETWORKS=networks)
        with hosted, pytest.raises(ServerFailed, match=words):
            reading.tested(connected.facts)
    found = reading.tested(connected.facts)
    assert len(found.people) == 5


def test_no_token_is_made_for_what_asks(connected: Connected) -> None:
    assert connected.id not in {one.id for one in connections_in(connected.organization)}
    with pytest.raises(DirectoryRefused, match="needs no token"):
        make_token(organization_id=connected.organization, connection_id=connected.id, actor=ACTOR)


def test_the_line_ends_of_a_browser_are_no_other_certificate(server: Slapd) -> None:
    text = server.authority.strip()
    assert _checked({"authority": text.replace("\n", "\r\n")}) == _checked({"authority": text})


@pytest.mark.parametrize(
    "values",
    [
        {"host": "a b"},
        {"host": "http://a"},
        {"host": ""},
        {"people_base": ""},
        {"people_filter": "(mail=*"},
        {"people_filter": ""},
        {"authority": "no certificate"},
        {"every_minutes": 4},
        {"attributes": {"id": "", "address": "mail"}},
        {"attributes": {"id": "entryUUID", "address": "mail)(objectClass=*"}},
        {"attributes": {"unknown": "x", "id": "a", "address": "b"}},
    ],
)
def test_settings_that_cannot_be_are_refused(values: dict[str, object]) -> None:
    with pytest.raises((DirectoryRefused, ServerFailed)):
        _checked(values)
