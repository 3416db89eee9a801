"""One table says who has access to a document now and what each did: on the page, over the API, in the client."""

import io
import json
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.services.report import ingest
from chancery.cli.main import main
from chancery.ledger.kinds import Kind
from chancery.sdk.errors import Refused
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from chancery.sealing.read import open_sealed
from protection.actor import Actor
from protection.models import Content
from protection.services.recording import record_action
from tenants.context import in_organization
from tenants.directory.members import Member
from tenants.directory.selectors.groups import GroupFacts
from tenants.directory.services.create_group import create_group
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.remove_person import remove_person
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import MAX, RITA, call, confirmed, ledger, objects, opening, protect, refusal, rights
from tests.protection.test_publishing import edited, seal_by
from tests.second_address import give_address


def recipients(cast: Cast, cid: object, asker: Player | None = None) -> dict[str, dict[str, Any]]:
    found = call(asker or cast.olga, "contoso", "GET", f"documents/{cid}/recipients").json()
    rows = {one["who"].removeprefix("address:"): one for one in found["results"]}
    assert (len(rows), found["next"]) == (found["total"], ""), "each stands there once"
    return rows


def state(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["access"], row["reason"], row["taken"] is not None, row["opened"], row["refused"]


def row_of(cast: Cast, cid: object, who: str, asker: Player | None = None) -> str:
    """Return the row of somebody on the document's page."""
    page = Site(cast, {}).browser("contoso.localhost:8000", asker or cast.olga).get(f"/documents/{cid}/")
    assert page.status_code == 200
    rows = page.content.decode().replace("<wbr>", "").split("<tr>")
    return next(row for row in rows if "<strong>" in row and who in row.partition("</strong>")[0])


def group(cast: Cast, name: str, *members: Member) -> GroupFacts:
    return create_group(
        organization_id=cast.organizations["contoso"].id,
        address=f"{name}@contoso.example",
        name=name.capitalize(),
        members=members,
        actor=ACTOR,
    )


def test_each_recipient_has_one_row_that_says_what_holds_now(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW")
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    assert rights(cast.olga, sealed.path)
    refusal(cast.max, sealed.path)
    rows = recipients(cast, sealed.cid)
    assert state(rows[RITA]) == ("yes", "", False, 1, 0)
    assert state(rows[MAX]) == ("no", "not_granted", False, 0, 1)
    assert (rows[cast.olga.address]["listed"], rows[cast.olga.address]["access"]) == ("issuer", "yes")
    taken = call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": RITA})
    assert taken.status_code == 200
    cast.rita.session.service.feeds_asked.clear()  # As the next command does.
    assert refusal(cast.rita, sealed.path).reason == "revoked_for_you"
    rita = recipients(cast, sealed.cid)[RITA]
    assert state(rita) == ("no", "revoked_for_you", True, 1, 1)
    assert (rita["since"], rita["ended_by"]) == (rows[RITA]["since"], cast.olga.address)
    assert rita["last_opened"] < rita["ended_at"] < rita["last_refused"]

    row = row_of(cast, sealed.cid, RITA)
    assert ("Taken back" in row, "May open it" in row, "Give back" in row) == (True, False, True)
    assert f"By {cast.olga.address} on " in row

    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(cast.olga.session))
    printed = CliRunner().invoke(main, ["track", str(sealed.path)]).stdout.splitlines()
    assert any(RITA in line and f"By {cast.olga.address} on " in line for line in printed[:5]), printed
    said = json.loads(CliRunner().invoke(main, ["--json", "track", str(sealed.path)]).stdout)
    assert {one["who"]: one["access"] for one in said["recipients"]}[f"address:{RITA}"] == "no"
    assert (bool(said["results"]), said["complete"]) == (True, True)

    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/restore", {"recipient": RITA})
    assert state(recipients(cast, sealed.cid)[RITA]) == ("yes", "", False, 1, 1)
    own_rights = protect(cast.olga, plan, f"{RITA}:VIEW,PRINT")
    printed = CliRunner().invoke(main, ["track", str(own_rights.path)]).stdout.splitlines()
    assert any(RITA in line and "read, print" in line for line in printed), printed
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"confirm": "plan.txt"})
    rows = recipients(cast, sealed.cid)
    assert [rows[who]["access"] for who in (RITA, cast.olga.address)] == ["no", "yes"]
    assert rows[RITA]["ended_by"] == cast.olga.address


def test_a_reader_by_a_group_has_a_row_that_names_it(cast: Cast, plan: Path) -> None:
    inner = group(cast, "sales", Member(person_id=cast.max.id))
    sales, staff = inner.address, group(cast, "staff", Member(group_id=inner.id)).address
    sealed = protect(cast.olga, plan, f"{sales}:VIEW")
    rows = recipients(cast, sealed.cid)
    assert (rows[sales]["access"], rows[sales]["group"], rows[sales]["opened"]) == ("yes", True, None)
    assert MAX not in rows
    assert rights(cast.max, sealed.path) == {"VIEW"}
    refusal(cast.ada, sealed.path)
    rows = recipients(cast, sealed.cid)
    assert (state(rows[MAX]), rows[MAX]["through"]) == (("yes", "", False, 1, 0), [f"address:{sales}"])
    assert state(rows[cast.ada.address]) == ("no", "not_granted", False, 0, 1)
    assert sales in row_of(cast, sealed.cid, MAX)
    assert staff not in rows
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": staff})
    rows = recipients(cast, sealed.cid)
    assert [rows[who]["reason"] for who in (staff, sales, MAX)] == ["revoked_for_you"] * 3
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/restore", {"recipient": staff})
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": sales})
    rows = recipients(cast, sealed.cid)
    assert [(rows[who]["reason"], rows[who]["taken"] is None) for who in (sales, MAX)] == [
        ("revoked_for_you", False),
        ("revoked_for_you", True),
    ]
    assert "From a group that holds them" in rows[MAX]["message"]


def test_everybody_of_the_organization_is_one_row(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"organization:{cast.organizations['contoso'].id}:VIEW")
    everybody = f"organization:{cast.organizations['contoso'].id}"
    assert rights(cast.max, sealed.path) == {"VIEW"}
    rows = recipients(cast, sealed.cid)
    assert (rows[everybody]["access"], rows[everybody]["opened"]) == ("yes", None)
    assert (rows[MAX]["access"], rows[MAX]["through"]) == ("yes", [everybody])
    assert "All of Contoso" in row_of(cast, sealed.cid, MAX)


def test_people_who_are_disabled_or_removed_may_not_open_it(cast: Cast, plan: Path) -> None:
    contoso = cast.organizations["contoso"].id
    nina, jonas = cast.join("nina", "contoso"), cast.join("jonas", "contoso")
    sealed = protect(cast.olga, plan, f"{nina.address}:VIEW", f"{jonas.address}:VIEW")
    assert rights(nina, sealed.path) == rights(jonas, sealed.path) == {"VIEW"}
    rows = recipients(cast, sealed.cid)
    assert {rows[one.address]["access"] for one in (nina, jonas)} == {"yes"}
    disable_person(organization_id=contoso, person_id=nina.id, reason="On leave", actor=ACTOR)
    remove_person(organization_id=contoso, person_id=jonas.id, reason="Left", actor=ACTOR)
    rows = recipients(cast, sealed.cid)
    assert [state(rows[one.address])[:2] for one in (nina, jonas)] == [("no", "person_disabled")] * 2
    assert [rows[one.address]["opened"] for one in (nina, jonas)] == [1, 1]
    assert "May open it" not in row_of(cast, sealed.cid, nina.address)


def test_who_may_come_by_another_organization_is_not_called_shut_out(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, "domain:fabrikam.example:VIEW")
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    refusal(cast.max, sealed.path)
    rows = recipients(cast, sealed.cid)
    assert state(rows["domain:fabrikam.example"]) == ("yes", "", False, None, None)
    assert [state(rows[who]) for who in (RITA, MAX)] == [
        ("unknown", "", False, 1, 0),
        ("unknown", "", False, 0, 1),
    ]
    for who, badge in ((RITA, "Could open it"), (MAX, "Was refused")):
        row = row_of(cast, sealed.cid, who)
        assert (badge in row, "another organization" in row, "May open it" in row) == (True, True, False)


def test_two_addresses_of_somebody_elsewhere_are_not_shown_to_belong_together(cast: Cast, plan: Path) -> None:
    fabrikam, second = cast.organizations["fabrikam"].id, "rita.third@fabrikam.example"
    give_address(fabrikam, cast.rita.id, second)
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", f"{second}:VIEW,PRINT")
    assert rights(cast.rita, sealed.path) == {"VIEW", "PRINT"}
    rows = recipients(cast, sealed.cid)
    assert [(rows[who]["rights"], rows[who]["through"]) for who in (RITA, second)] == [
        (["VIEW"], []),
        (["VIEW", "PRINT"], []),
    ]
    assert sorted(rows[who]["opened"] for who in (RITA, second)) == [0, 1]


def test_what_blocks_everybody_is_shown_in_each_row(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW")
    now = int(time.time())
    grants = [{"who": f"address:{RITA}", "rights": ["VIEW"]}]
    for policy, reason, words in (
        ({"expires": now - 60}, "expired", "Since "),
        ({"conditions": {"not_before": now + 3600}}, "condition_unmet", "time window opens"),
        ({"deny": [f"address:{RITA}"]}, "denied_by_entry", "deny entry"),
    ):
        body = {"policy": {"grants": grants, **policy}}
        answer = call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", body)
        if answer.status_code == 409:
            answer = confirmed(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", body)
        assert answer.status_code == 200
        row = recipients(cast, sealed.cid)[RITA]
        assert (row["access"], row["reason"], words in row["message"]) == ("no", reason, True), row


def test_since_is_when_somebody_was_named_first_and_stays_when_others_change(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW")
    begun = recipients(cast, sealed.cid)[RITA]["since"]
    for others in ([MAX], [MAX, "nora@contoso.example"]):
        grants = [{"who": f"address:{who}", "rights": ["VIEW"]} for who in (*others, RITA)]
        call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": {"grants": grants}})
    rows = recipients(cast, sealed.cid)
    assert rows[RITA]["since"] == begun < rows[MAX]["since"] < rows["nora@contoso.example"]["since"]
    for names in ([MAX, "nora@contoso.example"], [MAX, RITA]):
        grants = [{"who": f"address:{who}", "rights": ["VIEW"]} for who in names]
        call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": {"grants": grants}})
    assert recipients(cast, sealed.cid)[RITA]["since"] > rows[MAX]["since"]


def test_an_administrator_is_not_offered_to_give_back_what_the_owner_took(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW")
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": RITA})
    call(cast.ada, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": MAX})
    assert ["Give back" in row_of(cast, sealed.cid, who, cast.ada) for who in (RITA, MAX)] == [False, True]
    assert ["Give back" in row_of(cast, sealed.cid, who, cast.olga) for who in (RITA, MAX)] == [True, False]
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"confirm": "plan.txt"})
    offered = [
        "Give access back" in Site(cast, {}).browser("contoso.localhost:8000", one).get(path).content.decode()
        for path in [f"/documents/{sealed.cid}/"]
        for one in (cast.ada, cast.olga)
    ]
    assert offered == [False, True]


def test_the_service_switched_off_is_said_of_everybody(cast: Cast, plan: Path) -> None:
    northwind = cast.found("northwind", "nora")
    sealed = protect(cast.nora, plan, f"{RITA}:VIEW")
    confirmed(cast.nora, northwind.slug, "POST", "service/deactivate")
    found = call(cast.nora, northwind.slug, "GET", f"documents/{sealed.cid}/recipients").json()["results"]
    assert {one["reason"] for one in found} == {"service_inactive"}


def test_a_thousand_recipients_are_paged_and_counted_in_as_many_queries_as_one(cast: Cast, plan: Path) -> None:
    few = protect(cast.olga, plan, f"{RITA}:VIEW")
    people = [f"reader{number}@contoso.example" for number in range(1000)]
    many = protect(cast.olga, plan, f"{RITA}:VIEW", *(f"{who}:VIEW" for who in people))
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.olga)
    counts = []
    for sealed in (few, few, many):
        with CaptureQueriesContext(connection) as queries:
            page = browser.get(f"/documents/{sealed.cid}/").content.decode()
        counts.append(len(queries))
    assert counts[1] == counts[2]
    assert ("Recipients 1 to 25 of 1002" in page, page.count("<strong>")) == (True, 25)
    last = browser.get(f"/documents/{many.cid}/?recipients=1000").content.decode()
    assert ("Recipients 1001 to 1002 of 1002" in last, last.count("<strong>")) == (True, 2)
    found = browser.get(f"/documents/{many.cid}/?who=READER77").content.decode()
    assert ("11 recipients" in found, found.count("<strong>")) == (True, 11)
    assert "No matches." in browser.get(f"/documents/{many.cid}/?who=nobody@").content.decode()
    path = f"documents/{many.cid}/recipients?search=fabrikam"
    assert [one["who"] for one in call(cast.olga, "contoso", "GET", path).json()["results"]] == [f"address:{RITA}"]
    listed: list[str] = []
    cursor = ""
    while cursor or not listed:
        path = f"documents/{many.cid}/recipients?limit=200&cursor={cursor}"
        found = call(cast.olga, "contoso", "GET", path).json()
        listed += [one["who"].removeprefix("address:") for one in found["results"]]
        cursor = found["next"]
    assert sorted(listed) == sorted([cast.olga.address, RITA, *people])


def test_the_command_shows_all_recipients_and_says_when_there_are_more_events(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = protect(cast.olga, plan, *(f"reader{number}@contoso.example:VIEW" for number in range(210)))
    actor = Actor(person=cast.olga.id, address=cast.olga.address, source="test")
    with in_organization(cast.organizations["contoso"].id):
        content = Content.objects.get(cid=sealed.cid)
        for _ in range(210):
            record_action(Kind.CONTENT_LABELED, actor, content=content)
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(cast.olga.session))
    part, whole = (
        json.loads(CliRunner().invoke(main, ["--json", "track", *more, str(sealed.path)]).stdout)
        for more in (("--limit", "200"), ())
    )
    assert [len(one["recipients"]) for one in (part, whole)] == [211, 211]
    assert (len(part["results"]), part["complete"], whole["complete"]) == (200, False, True)
    assert len(whole["results"]) > 210
    printed = CliRunner().invoke(main, ["track", "--limit", "200", str(sealed.path)])
    assert "Shown are the first 200; there are more." in printed.stderr


def test_nobody_else_sees_the_table(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW")
    assert call(cast.max, "contoso", "GET", f"documents/{sealed.cid}/recipients").status_code == 404
    for cursor in ("-1", "x", "9" * 40):
        path = f"documents/{sealed.cid}/recipients?cursor={cursor}"
        assert call(cast.olga, "contoso", "GET", path).status_code == 400


def test_an_opening_names_somebody_from_elsewhere_as_the_document_does(cast: Cast, plan: Path) -> None:
    """Their main address is known to nobody here; what the document was shared with is."""
    fabrikam, second = cast.organizations["fabrikam"].id, "rita.private@fabrikam.example"
    give_address(fabrikam, cast.rita.id, second)
    sealed = protect(cast.olga, plan, f"{second}:VIEW")
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": second})
    cast.rita.session.service.feeds_asked.clear()  # As the next command does.
    refusal(cast.rita, sealed.path)
    events = ledger(cast, "contoso", "content.opened", cid=sealed.cid)
    assert [event.personal["addresses"] for event in events] == [[second]] * 2
    assert RITA not in recipients(cast, sealed.cid)
    assert RITA not in call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/events").content.decode()
    wide = protect(cast.olga, plan, "domain:fabrikam.example:VIEW")
    assert rights(cast.rita, wide.path) == {"VIEW"}
    (event,) = ledger(cast, "contoso", "content.opened", cid=wide.cid)
    assert event.personal["addresses"] == [RITA]


@pytest.mark.parametrize("way", ["opening", "registration", "edition"])
def test_nor_does_bringing_it_for_the_first_time(cast: Cast, plan: Path, way: str) -> None:
    """Rita brings what Olga protected, or Max saved, without a network; the document names her second address."""
    fabrikam, second = cast.organizations["fabrikam"].id, f"rita.{uuid4().hex[:6]}@fabrikam.example"
    give_address(fabrikam, cast.rita.id, second)
    if way == "edition":
        sealed = protect(cast.olga, plan, f"{second}:VIEW", f"{MAX}:VIEW,EDIT").path
        sealed = seal_by(cast.max, Protected(sealed, uuid4(), True), b"another text")
    else:
        protect(cast.olga, plan)  # So that the device knows all it needs.
        sealed = (
            cast.olga.offline()
            .protect(plan, ProtectOptions(grants=(f"{second}:VIEW",)), target=plan.with_name("s"))
            .path
        )
    if way == "opening":
        opening(cast.rita, sealed)
    else:
        answer = call(cast.rita, "contoso", "POST", "registrations", objects(sealed))
        assert answer.status_code == 201, answer.content
    with open_sealed(sealed) as file:
        found = ledger(cast, "contoso", cid=file.publishing_license.cid)
    theirs = [one.personal for one in found if one.personal.get("person") == str(cast.rita.id)]
    assert {tuple(one["addresses"]) for one in theirs} == {(second,)}


def test_nor_does_what_they_do_with_it_afterwards(cast: Cast, plan: Path) -> None:
    fabrikam, second = cast.organizations["fabrikam"].id, "rita.edits@fabrikam.example"
    give_address(fabrikam, cast.rita.id, second)
    sealed = protect(cast.olga, plan, f"{second}:VIEW,EDIT,EXPORT,EXTRACT,PRINT", offline_days=7)
    edited(cast.rita, sealed.path, b"another text")
    cast.rita.http.cut.add("/api/v1/licenses")  # So their device knows nothing of the edition before.
    late = seal_by(cast.rita, sealed, b"too late")
    with pytest.raises(Refused):
        cast.rita.session.open_stream(late, io.BytesIO())
    event = {"id": str(uuid4()), "cid": str(sealed.cid), "action": "printed", "at": int(time.time())}
    assert call(cast.rita, "contoso", "POST", "events", {"events": [event]}).json() == {"accepted": 1}
    with in_organization(cast.organizations["contoso"].id):
        ingest()
    found = [one for one in ledger(cast, "contoso", cid=sealed.cid) if one.personal.get("person") == str(cast.rita.id)]
    assert {one.kind for one in found} == {"content.opened", "content.edited", "content.reported"}
    assert {tuple(one.personal["addresses"]) for one in found} == {(second,)}


def test_a_row_offers_to_take_back_only_what_is_not_taken_from_everybody(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    olga, page = Site(cast, {}).browser("contoso.localhost:8000", cast.olga), f"/documents/{sealed.cid}/"
    assert "?recipient=" in olga.get(page).content.decode()
    call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"confirm": "plan.txt"})
    shown = olga.get(page).content.decode()
    assert "?recipient=" not in shown
    assert "Taken back from everybody" in shown
    assert "Give access back" in shown
