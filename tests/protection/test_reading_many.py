"""An application opens many files with one request, each with a result of its own (docs/protocol.md P9, P31)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chancery import Application
from chancery.errors import InvalidFile
from chancery.sdk import batches
from chancery.sdk.errors import NotSignedIn, Refused
from chancery.sdk.home import Home
from chancery.sdk.options import ProtectOptions
from portal.fastpath import statements
from tenants.directory.services.create_application import create_application
from tests.cast import ACTOR, BASE, Cast, InProcess, Player
from tests.protection.reading import PERMISSIONS, application_of, permitted
from tests.protection.steps import call, confirmed, ledger, problem, protect


@pytest.fixture(scope="module")
def search(glass: Cast) -> Player:
    return application_of(glass)


@pytest.fixture
def application(search: Player) -> Application:
    return Application(search.session.home, search.session.account, search.http)


def test_each_file_has_its_content_or_an_error_of_its_own(
    glass: Cast, search: Player, application: Application, plan: Path
) -> None:
    read, outside = protect(glass.paul, plan).path, protect(glass.quin, plan).path
    changed = protect(glass.paul, plan).path
    changed.write_bytes(changed.read_bytes()[:-9] + b"\x00" * 9)
    permission = permitted(glass, search, owner=glass.paul.address)
    paths = [read, plan, outside, changed, plan.with_name("nothing.sealed"), read]
    sent = len(search.http.sent)
    results = [
        (one.path, None if one.content is None else one.content.stream.read(), one.error)
        for one in application.read_many(paths, permission=permission)
    ]
    assert [one[0] for one in results] == paths
    assert [one[1] for one in results] == [plan.read_bytes(), None, None, None, None, plan.read_bytes()]
    (refused,) = (error for _, _, error in results if isinstance(error, Refused))
    assert (refused.reason, bool(refused.next_step), bool(refused.event)) == ("outside_read_permission", True, True)
    assert isinstance(results[3][2], InvalidFile)
    assert all(error is not None for _, content, error in results if content is None)
    batches = [path for _, path in search.http.sent[sent:] if path.endswith("licenses/batch")]
    assert len(batches) == 1, "one request for all of them"


def test_a_permission_that_is_withdrawn_meanwhile_stops_the_rest(
    glass: Cast, search: Player, application: Application, plan: Path
) -> None:
    paths = [protect(glass.paul, plan).path for _ in range(4)]
    permission = permitted(glass, search)
    readings = application.read_many(paths, permission=permission, size=2)
    assert [next(readings).error for _ in range(2)] == [None, None]
    confirmed(glass.gwen, "glass", "POST", f"{PERMISSIONS}/{permission}/withdraw")
    with pytest.raises(Refused) as refused:
        next(readings)
    assert (refused.value.reason, bool(refused.value.next_step)) == ("read_permission_invalid", True)


def test_files_that_the_service_does_not_know_yet_are_registered_by_it(
    glass: Cast, search: Player, application: Application, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paul = glass.paul
    protect(paul, plan)
    target = plan.with_name("offline.sealed")
    made = paul.offline().protect(plan, ProtectOptions(), target=target)
    known = protect(paul, plan).path
    permission = permitted(glass, search)
    results = list(application.read_many([known, made.path], permission=permission))
    assert [one.error for one in results] == [None, None]
    assert results[1].cid == made.cid
    many = [paul.offline().protect(plan, ProtectOptions(), target=plan.with_name(f"{n}.sealed")) for n in range(3)]
    monkeypatch.setattr(batches, "NEW_AT_ONCE", 2)
    results = list(application.read_many([known, *(one.path for one in many)], permission=permission))
    assert [(one.cid, one.error) for one in results[1:]] == [(one.cid, None) for one in many], "in two requests"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count the statements of the fast path's own connections."""
    seen: list[str] = []
    original: Callable[..., Any] = statements.FastPathDatabase._prepared

    def prepared(self: Any, statement: str, values: Any) -> Any:
        seen.append(statement)
        return original(self, statement, values)

    monkeypatch.setattr(statements.FastPathDatabase, "_prepared", prepared)
    return seen


def test_the_statements_of_a_batch_do_not_depend_on_its_size(
    glass: Cast, search: Player, application: Application, plan: Path, counted: list[str]
) -> None:
    paths = [protect(glass.paul, plan, f"{glass.quin.address}:VIEW").path for _ in range(6)]
    for_people, reads_all = permitted(glass, search, kind="for_user"), permitted(glass, search)
    numbers = []
    for permission, person in ((reads_all, ""), (for_people, glass.quin.address)):
        for chosen in (paths[:2], paths):
            counted.clear()
            results = list(application.read_many(chosen, permission=permission, for_person=person))
            assert [one.error for one in results] == [None] * len(chosen)
            numbers.append(len(counted))
    assert numbers == [2] * 4, "one statement decides, one records"


def test_an_application_signs_in_by_its_secret_and_keeps_its_device(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = cast.organizations["contoso"].id
    made = create_application(organization_id=organization, name="Indexer", actor=ACTOR)
    home, http = Home(tmp_path / "home", use_key_ring=False), InProcess()
    monkeypatch.setattr(Home, "default", classmethod(lambda cls: home))
    monkeypatch.setattr("chancery.sdk.application.Http", lambda *_, **__: http)
    with Application.sign_in(BASE, made.client_id, made.secret) as application:
        device = application.account.device
        assert application.account.person == made.person_id
        assert application.own_organization().id == organization
    with Application.sign_in(BASE, made.client_id, made.secret) as application:
        assert application.account.device == device, "no device is enrolled a second time"
    with pytest.raises(NotSignedIn):
        Application.sign_in(BASE, "svc-nothing", "x")


def test_no_permission_opens_anything_without_an_event_that_names_it(
    glass: Cast, search: Player, application: Application, plan: Path
) -> None:
    """Promise C116: application, permission, reason and approver are in each event, the person where there is one."""
    paths = [protect(glass.paul, plan, f"{glass.quin.address}:VIEW") for _ in range(3)]
    for kind, person in (("all", ""), ("for_user", glass.quin.address)):
        permission = permitted(glass, search, kind=kind, reason=f"Reading {kind} {uuid4().hex}")
        opened = [
            one.cid
            for one in application.read_many([one.path for one in paths], permission=permission, for_person=person)
            if one.content is not None
        ]
        assert len(opened) == len(paths)
        events = [one for one in ledger(glass, "glass", "content.read") if one.details["read_permission"] == permission]
        assert sorted(str(one.content_id) for one in events) == sorted(map(str, opened))
        for one in events:
            assert one.details["reason"].startswith(f"Reading {kind}")
            assert one.details["approved_by"] == str(glass.hugo.id)
            assert (one.personal["name"], one.personal["approver"]) == ("Search", glass.hugo.address)
            assert one.personal.get("recipient", "") == person
            assert (one.details["basis"], "application" in one.personal) == ("read_permission", True)


def test_owners_see_once_who_read_their_document_by_which_permission(
    glass: Cast, search: Player, application: Application, plan: Path
) -> None:
    """Application, reason, approver and for whom, however often; the timeline is not filled; strangers see nothing."""
    paul, quin = glass.paul, glass.quin
    sealed = protect(paul, plan, f"{quin.address}:VIEW")
    reads_all, for_people = permitted(glass, search), permitted(glass, search, kind="for_user")
    for permission, person in ((reads_all, ""), (reads_all, ""), (for_people, quin.address)):
        (one,) = application.read_many([sealed.path], permission=permission, for_person=person)
        assert one.error is None
    path = f"documents/{sealed.cid}"
    shown = call(paul, "glass", "GET", f"{path}/readings").json()
    assert shown["shown"] is True
    names = ("application", "kind", "approved_by", "for_person", "times")
    assert {tuple(one[name] for name in names) for one in shown["results"]} == {
        ("Search", "for_user", glass.hugo.address, quin.address, 1),
        ("Search", "all", glass.hugo.address, "", 2),
    }
    events = call(paul, "glass", "GET", f"{path}/events").json()["results"]
    assert not [one for one in events if one["kind"] == "content.read"]
    problem(call(quin, "glass", "GET", f"{path}/readings"), 404, "not_found")
    # By the rule about what people do: without names it is not told for whom, and with tracking off nothing is.
    for tracking, expected in (("pseudonymous", {("", 1), ("", 2)}), ("off", set())):
        assert (
            call(glass.gwen, "glass", "PATCH", "settings", {"tracking": tracking, "confirm": "yes"}).status_code == 200
        )
        found = call(paul, "glass", "GET", f"{path}/readings").json()
        assert {(one["for_person"], one["times"]) for one in found["results"]} == expected
        assert found["shown"] is (tracking != "off")
