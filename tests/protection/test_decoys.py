"""A decoy raises an alarm on whatever a person does with it, at once, and nobody but those who watch can tell it."""

import base64
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Notification
from portal.notifications.backend import unsealed
from portal.usecases import alarms as worker
from protection.models import Alarm, AlarmCursor, AskedAbout, Decoy, ServiceSettings, SuperUserOpening
from protection.services import alarms
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.fresh_cast import forget
from tests.isolation.endpoints import Site
from tests.protection.outsider import Outsider
from tests.protection.reading import application_of, given, reading_by
from tests.protection.steps import (
    MAX,
    RITA,
    call,
    confirmed,
    ledger,
    number_events,
    objects,
    opening,
    problem,
    protect,
    refusal,
    watched,
)

HOST = "contoso.localhost:8000"


@pytest.fixture(autouse=True)
def _from_here_on(cast: Cast, settings: Any) -> Iterator[None]:
    """Let each test begin without decoys, and with everything before looked at."""
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
    number_events(cast, "contoso")
    with in_organization(cast.organizations["contoso"].id):
        for model in (Alarm, Decoy, AlarmCursor):
            model.objects.all().delete()
    yield
    with in_organization(cast.organizations["contoso"].id):
        ServiceSettings.objects.update(tracking="named", untracked_group=None, alarm_address="")


def swept(cast: Cast) -> list[Any]:
    """Let the worker do what is to be done; return the mails that this made."""
    number_events(cast, "contoso")
    before = set(Notification.objects.values_list("pk", flat=True))
    organization = cast.organizations["contoso"].id
    with in_organization(organization):
        worker.carry_on(organization)
    rows = Notification.objects.exclude(pk__in=before).order_by("created_at")
    return [unsealed(bytes(row.sealed)) for row in rows]


def marked(cast: Cast, plan: Path, *grants: str, by: Player | None = None, **options: Any) -> Any:
    sealed = protect(cast.olga, plan, *(grants or (f"{RITA}:VIEW",)), **{"offline_days": 0, **options})
    answer = call(by or cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/decoy", {"note": "On the share"})
    assert answer.status_code == 200, answer.content
    return sealed


def raised(player: Player, **query: str) -> list[dict[str, Any]]:
    wanted = "&".join(f"{name}={value}" for name, value in query.items())
    return list(call(player, "contoso", "GET", f"alarms?{wanted}").json()["results"])


def test_openings_refusals_and_items_of_batches_raise_alarms_and_the_owners_own_do_not(cast: Cast, plan: Path) -> None:
    decoy, other = marked(cast, plan), protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    events = watched(cast, "contoso", "alarm.raised")
    opening(cast.olga, decoy.path)
    opening(cast.rita, other.path)
    assert swept(cast) == []
    opening(cast.rita, decoy.path)
    refusal(cast.max, decoy.path)
    call(cast.rita, "contoso", "POST", "licenses/batch", {"items": [objects(decoy.path), objects(other.path)]})
    mails = swept(cast)
    rows = {one["who"]: one for one in raised(cast.olga)}
    assert {who: (one["opened"], one["refused"], one["cid"]) for who, one in rows.items()} == {
        RITA: (2, 0, str(decoy.cid)),
        MAX: (0, 1, str(decoy.cid)),
    }
    assert {tuple(mail.to) for mail in mails} == {(cast.olga.address,), (cast.ada.address,)}, "no auditor is there"
    assert RITA in mails[0].body
    assert MAX in mails[0].body
    assert len(events()) == 2
    assert {one.content_id for one in events()} == {None}, "no timeline shows it to people who may not know yet"
    assert swept(cast) == [], "nothing is mailed twice"


def test_asking_what_a_person_may_read_of_decoys_raises_alarms(cast: Cast, plan: Path) -> None:
    first, second, other = marked(cast, plan), marked(cast, plan), protect(cast.olga, plan, offline_days=0)
    search = application_of(cast, "contoso")
    permission = given(cast, "contoso", search, asking=cast.ada, approving=cast.olga)
    path = f"read-permissions/{permission}/readable"
    asked = [str(other.cid), str(uuid4())]
    assert call(search, "contoso", "POST", path, {"for_person": MAX, "documents": asked}).status_code == 200
    assert swept(cast) == []
    asked += [str(first.cid), str(second.cid), str(first.cid)]
    answer = call(search, "contoso", "POST", path, {"for_person": MAX, "documents": asked}).json()
    assert answer["documents"] == [], "Max may read none of them"
    assert swept(cast)
    rows = {one["cid"]: one for one in raised(cast.olga)}
    assert rows.keys() == {str(first.cid), str(second.cid)}
    for one in rows.values():
        assert (one["opened"], one["refused"], one["other"], "Search" in one["who"]) == (0, 0, 1, True), one
        assert "may read" in one["what"], one
    assert swept(cast) == []
    with in_organization(cast.organizations["contoso"].id):
        assert not AskedAbout.objects.exists(), "it is kept no longer than alarms need it"


def test_what_an_application_reads_of_a_decoy_is_an_opening(cast: Cast, plan: Path) -> None:
    decoy, search = marked(cast, plan), application_of(cast, "contoso")
    with reading_by(search, given(cast, "contoso", search, asking=cast.olga, approving=cast.ada), RITA):
        refusal(search, decoy.path)
    with reading_by(search, given(cast, "contoso", search, asking=cast.olga, approving=cast.ada), cast.olga.address):
        opening(search, decoy.path)
    swept(cast)
    (row,) = raised(cast.olga)
    assert (row["who"], row["opened"], row["refused"], row["other"]) == ("The application “Search”", 1, 1, 0)


def test_an_outsiders_code_and_a_request_for_access_raise_alarms(cast: Cast, plan: Path) -> None:
    decoy = marked(cast, plan, "stranger@elsewhere.example:VIEW")
    Outsider("stranger@elsewhere.example").ask(decoy.path)
    refusal(cast.max, decoy.path)
    swept(cast)
    asked = call(cast.max, "contoso", "POST", f"documents/{decoy.cid}/access-requests", {"note": "Please"})
    assert asked.status_code == 201, asked.content
    swept(cast)
    rows = {one["who"]: one for one in raised(cast.olga)}
    assert (rows[""]["other"], "asked for a code" in rows[""]["what"]) == (1, True)
    assert (rows[MAX]["refused"], rows[MAX]["other"]) == (1, 1)


def test_what_is_reported_later_raises_an_alarm_then(cast: Cast, plan: Path) -> None:
    decoy = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    opening(cast.rita, decoy.path)
    assert call(cast.olga, "contoso", "PUT", f"documents/{decoy.cid}/decoy", {}).status_code == 200
    assert (swept(cast), raised(cast.olga)) == ([], []), "what was before the mark raises none"
    cast.rita.offline().open_stream(decoy.path, io.BytesIO())
    cast.rita.session.organization(cast.organizations["contoso"].id).send_waiting()
    swept(cast)
    (row,) = raised(cast.olga)
    assert (row["who"], row["opened"]) == (RITA, 1)


def test_repeats_are_one_alarm_and_one_mail_until_ten_minutes_passed_or_somebody_looked(cast: Cast, plan: Path) -> None:
    decoy = marked(cast, plan)
    for _ in range(3):
        opening(cast.rita, decoy.path)
    assert len(swept(cast)) == 2
    opening(cast.rita, decoy.path)
    assert swept(cast) == []
    (row,) = raised(cast.olga)
    assert row["opened"] == 4
    done = call(cast.olga, "contoso", "POST", f"alarms/{row['id']}/acknowledge", {"note": "It was the backup"})
    assert done.json()["changed"]
    problem(call(cast.ada, "contoso", "POST", f"alarms/{row['id']}/acknowledge", {}), 409, "already_acknowledged")
    (event,) = ledger(cast, "contoso", "alarm.acknowledged")[:1]
    assert event.details["note"] == "It was the backup"
    opening(cast.rita, decoy.path)
    assert len(swept(cast)) == 2, "an acknowledged alarm counts nothing more"
    with in_organization(cast.organizations["contoso"].id):
        Alarm.objects.update(first_at=timezone.now() - alarms.TOGETHER - timedelta(seconds=1))
    opening(cast.rita, decoy.path)
    assert len(swept(cast)) == 2
    assert [one["opened"] for one in raised(cast.olga, state="open")] == [1, 1]


def test_a_flood_is_a_few_mails_a_minute_with_all_of_it(cast: Cast, plan: Path) -> None:
    decoys = [marked(cast, plan) for _ in range(alarms.AT_ONCE + 2)]
    mails = []
    for one in decoys:
        opening(cast.rita, one.path)
        mails += swept(cast)
    assert len(mails) == 2 * alarms.AT_ONCE
    with in_organization(cast.organizations["contoso"].id):
        Alarm.objects.exclude(mailed_at=None).update(mailed_at=timezone.now() - alarms.MINUTE)
    (first, _second) = swept(cast)
    assert str(first.body).count(f"{RITA} opened") == 2


def test_a_worker_that_is_stopped_anywhere_loses_nothing_and_raises_nothing_twice(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoy = marked(cast, plan)
    opening(cast.rita, decoy.path)
    refusal(cast.max, decoy.path)

    class Stopped(Exception):
        pass

    def stopped(*_args: object, **_more: object) -> None:
        raise Stopped

    for module, name in ((alarms, "record"), (AlarmCursor, "save"), (worker, "mail_alarms")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, stopped)
            with pytest.raises(Stopped):
                swept(cast)
    assert len(swept(cast)) == 2
    assert sorted((one["opened"], one["refused"]) for one in raised(cast.olga)) == [(0, 1), (1, 0)]
    assert swept(cast) == []


def test_an_alarm_before_the_mark_was_removed_is_raised_although_the_worker_came_later(cast: Cast, plan: Path) -> None:
    decoy = marked(cast, plan)
    opening(cast.rita, decoy.path)
    path = f"documents/{decoy.cid}/decoy"
    assert confirmed(cast.olga, "contoso", "DELETE", path).json()["changed"]
    opening(cast.rita, decoy.path)
    assert len(swept(cast)) == 2
    (row,) = raised(cast.olga)
    assert row["opened"] == 1, "and what comes after it raises none"
    assert not call(cast.olga, "contoso", "DELETE", path, {}).json()["changed"]
    kinds = [one.kind for one in ledger(cast, "contoso", "decoy.", cid=decoy.cid)]
    assert kinds == ["decoy.unmarked", "decoy.marked"]


def test_recipients_get_the_same_of_a_decoy_as_of_any_other_document(cast: Cast, plan: Path) -> None:
    other = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    decoy = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)

    def got(sealed: Any, player: Player) -> Any:
        forget()  # What is kept for seconds, such as a device's keys, is read anew each time.
        with CaptureQueriesContext(connection) as statements:
            answer = call(player, "contoso", "POST", "licenses", objects(sealed.path))
        body = answer.json()
        text = json.dumps({name: value for name, value in body.items() if name not in VARYING})
        if "use_license" in body:
            claims = vars_of(body["use_license"])
            text += json.dumps(sorted(claims))
        return answer.status_code, text.replace(str(sealed.cid), "CID"), len(statements)

    before = {who.address: got(decoy, who) for who in (cast.rita, cast.max)}
    assert call(cast.ada, "contoso", "PUT", f"documents/{decoy.cid}/decoy", {}).json()["changed"]
    for who in (cast.rita, cast.max):
        assert got(decoy, who) == before[who.address] == got(other, who)
        for path in (f"documents/{decoy.cid}/decoy", "decoys", "alarms"):
            answer = call(who, "contoso", "GET", path) if "/" not in path else call(who, "contoso", "PUT", path, {})
            assert answer.status_code in {200, 404}
            assert str(decoy.cid) not in answer.content.decode()
        shown = call(who, "contoso", "GET", f"documents/{decoy.cid}/access")
        assert "decoy" not in shown.content.decode()


VARYING = {"use_license", "correlation_id", "event", "cid"}


def vars_of(token: str) -> set[str]:
    """Return the names of a license's claims."""
    body = token.split(".")[1]
    return set(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def test_who_decides_administers_or_audits_sees_decoys_and_only_the_first_two_mark(cast: Cast, plan: Path) -> None:
    auditor = cast.join(f"auditor{uuid4().hex[:6]}", "contoso", role="auditor")
    decoy = marked(cast, plan)
    for who, sees in ((cast.olga, True), (cast.ada, True), (auditor, True), (cast.max, False), (cast.rita, False)):
        listed = {one["cid"] for one in call(who, "contoso", "GET", "decoys").json()["results"]}
        assert (str(decoy.cid) in listed) is sees, who.address
        marks = call(who, "contoso", "PUT", f"documents/{decoy.cid}/decoy", {}).status_code
        assert marks == (200 if who in (cast.olga, cast.ada) else 404), who.address
    opening(cast.rita, decoy.path)
    assert {tuple(one.to) for one in swept(cast)} == {(cast.olga.address,), (auditor.address,)}
    (row,) = raised(auditor)
    assert raised(cast.rita) == raised(cast.max) == []
    for who, status in ((cast.max, 404), (cast.rita, 404), (auditor, 200)):
        path = f"alarms/{row['id']}/acknowledge"
        assert call(who, "contoso", "POST", path, {}).status_code == status, who.address


def test_where_names_are_not_shown_alarms_have_none_and_owners_get_none(cast: Cast, plan: Path) -> None:
    auditor = cast.join(f"auditor{uuid4().hex[:6]}", "contoso", role="auditor")
    decoy = marked(cast, plan)
    call(
        cast.ada,
        "contoso",
        "PATCH",
        "settings",
        {"tracking": "pseudonymous", "alarm_address": "soc@contoso.example", "confirm": "yes"},
    )
    opening(cast.rita, decoy.path)
    mails = swept(cast)
    told = {tuple(one.to) for one in mails}
    assert told >= {(auditor.address,), ("soc@contoso.example",)}
    assert (cast.olga.address,) not in told, "one alarm about one document would tell what one person did"
    own = protect(cast.olga, plan)
    problem(call(cast.olga, "contoso", "PUT", f"documents/{own.cid}/decoy", {}), 403, "only_administrators_mark")
    assert call(cast.ada, "contoso", "PUT", f"documents/{own.cid}/decoy", {}).status_code == 200
    for said in [str(mail.body) for mail in mails] + [json.dumps(raised(auditor))]:
        assert RITA not in said
        assert "A person whose name is not shown" in said
    with in_organization(cast.organizations["contoso"].id):
        ServiceSettings.objects.update(tracking="off")
    assert raised(cast.olga) == []
    assert [one["who"] for one in raised(auditor)] == [RITA], "as in the audit log"


def test_the_organizations_address_reads_names_only_where_every_owner_does(cast: Cast, plan: Path) -> None:
    decoy = marked(cast, plan)
    with in_organization(cast.organizations["contoso"].id):
        ServiceSettings.objects.update(tracking="off", alarm_address="alarms@contoso.example")
    opening(cast.rita, decoy.path)
    bodies = {mail.to[0]: mail.body for mail in swept(cast)}
    told = bodies.pop("alarms@contoso.example")
    assert "whose name is not shown" in told
    assert RITA not in told
    assert any(RITA in body for body in bodies.values()), "who audits reads it in the audit log, too"


def test_owners_learn_nothing_of_grants_before_they_are_told(cast: Cast, plan: Path) -> None:
    decoy = marked(cast, plan)
    opening(cast.rita, decoy.path)
    number_events(cast, "contoso")
    (event,) = ledger(cast, "contoso", "content.opened", cid=decoy.cid)[:1]
    with in_organization(cast.organizations["contoso"].id):
        _under_grant(event.id, decoy.cid, cast.olga)
        ServiceSettings.objects.update(alarm_address="soc@contoso.example")
    bodies = {one.to[0]: one.body for one in swept(cast)}
    assert (cast.olga.address in bodies, RITA in bodies.pop("soc@contoso.example")) == (False, False)
    assert bodies
    assert raised(cast.olga) == []
    assert len(raised(cast.ada)) == 1
    with in_organization(cast.organizations["contoso"].id):
        SuperUserOpening.objects.filter(event_id=event.id).update(shown_at=timezone.now())
    assert len(raised(cast.olga)) == 1


def _under_grant(event: UUID, cid: UUID, owner: Player) -> None:
    """Let an opening be one under a super-user grant that owners are not told of yet."""
    SuperUserOpening.objects.create(
        event_id=event,
        grant_id=uuid4(),
        content_id=cid,
        owner_id=owner.id,
        owner_address=owner.address,
        at=timezone.now(),
    )


def test_members_of_the_untracked_group_raise_alarms_for_auditors_alone(cast: Cast, plan: Path) -> None:
    decoy = marked(cast, plan)
    name = f"council{uuid4().hex[:6]}@contoso.example"
    body = {"address": name, "name": "Council", "members": [MAX]}
    assert call(cast.ada, "contoso", "POST", "groups", body).status_code == 201
    change = {"untracked_group": name, "alarm_address": "soc@contoso.example", "confirm": "yes"}
    assert call(cast.ada, "contoso", "PATCH", "settings", change).status_code == 200
    refusal(cast.max, decoy.path)
    opening(cast.rita, decoy.path)
    bodies = {one.to[0]: one.body for one in swept(cast)}
    told = bodies["soc@contoso.example"]
    assert (MAX in told, "A person whose name is not shown" in told, RITA in told) == (False, True, True)
    assert MAX not in bodies[cast.olga.address]
    with in_organization(cast.organizations["contoso"].id):
        Alarm.objects.filter(person_id=cast.rita.id).delete()
    assert raised(cast.olga) == []
    assert [one["who"] for one in raised(cast.ada)] == [MAX]


def test_pages_show_mark_alarm_and_what_waits(cast: Cast, plan: Path) -> None:
    decoy = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    olga = Site(cast, {}).browser(HOST, cast.olga)
    assert "No alarms" in olga.get("/alarms/").content.decode()
    assert "No decoys" in olga.get("/decoys/").content.decode()
    assert "waiting)" not in olga.get("/").content.decode()
    page = f"/documents/{decoy.cid}/decoy/"
    assert olga.post(page, {"act": "mark", "note": "On the share"}).status_code == 302
    shown = olga.get(f"/documents/{decoy.cid}/").content.decode()
    assert "Marked by olga@" in shown
    assert "On the share" in shown
    assert "On the share" in olga.get("/decoys/").content.decode()
    opening(cast.rita, decoy.path)
    swept(cast)
    assert "Alarms (1 waiting)" in olga.get("/").content.decode()
    listed = olga.get(f"/alarms/?document={decoy.cid}&state=open").content.decode()
    assert f"{RITA} opened" in listed
    (row,) = raised(cast.olga)
    assert olga.post(f"/alarms/{row['id']}/acknowledge/", {"note": "Seen"}).status_code == 302
    assert "Seen" in olga.get("/alarms/").content.decode()
    assert "waiting)" not in olga.get("/").content.decode()
    assert "Stop alarms about" in olga.post(page, {"act": "unmark"}).content.decode()
    with in_organization(cast.organizations["contoso"].id):
        assert Decoy.objects.filter(ended_at=None).count() == 1, "it asks first"
    for address in ("/alarms/?cursor=x", "/alarms/?document=x", "/decoys/?cursor=x"):
        assert olga.get(address).status_code == 302
    assert call(cast.olga, "contoso", "GET", "alarms?state=new").status_code == 400
    assert call(cast.olga, "contoso", "GET", "alarms?cursor=x").status_code == 400
    assert call(cast.olga, "contoso", "GET", "decoys?cursor=x").status_code == 400


def test_lists_are_paged(cast: Cast, plan: Path) -> None:
    sealed = [marked(cast, plan) for _ in range(3)]
    for one in sealed:
        opening(cast.rita, one.path)
    swept(cast)
    for path in ("decoys", "alarms"):
        seen: list[str] = []
        cursor = ""
        while cursor or not seen:
            found = call(cast.olga, "contoso", "GET", f"{path}?limit=2&cursor={cursor}").json()
            assert len(found["results"]) <= 2
            seen += [one["cid"] for one in found["results"]]
            cursor = found["next"]
        assert sorted(seen) == sorted(str(one.cid) for one in sealed)
