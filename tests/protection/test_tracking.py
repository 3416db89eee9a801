"""What people did with a document, whether the service saw it or their client reported it (promise C94)."""

import csv
import io
import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from audit.services.report import ingest
from chancery.sdk.errors import NoCopy
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import RITA, call, ledger, opening, protect, refusal, shows_names
from tests.protection.test_recipients import recipients


def reports(cast: Cast, who: Player, cid: UUID, *acts: dict[str, Any]) -> None:
    """Report acts as a client does, and let the worker take them."""
    events = [{"id": str(uuid4()), "cid": str(cid), "at": int(time.time()), **act} for act in acts]
    answer = call(who, "contoso", "POST", "events", {"events": events})
    assert answer.json() == {"accepted": len(acts)}, answer.content
    take_in(cast)


def take_in(cast: Cast) -> None:
    with in_organization(cast.organizations["contoso"].id):
        ingest()


def sentences(cast: Cast, cid: UUID) -> list[str]:
    found = call(cast.olga, "contoso", "GET", f"documents/{cid}/events").json()["results"]
    return [one["sentence"] for one in found if one["kind"] == "content.reported"]


def shown_count(cast: Cast, cid: UUID) -> tuple[int, int]:
    found = call(cast.olga, "contoso", "GET", f"documents/{cid}").json()["document"]
    return found["opened"], found["refused"]


def test_one_opening_is_one_event_and_counts_once(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    opened = opening(cast.rita, sealed.path)
    by_license = {"action": "opened", "license": str(opened.license)}
    reports(cast, cast.rita, sealed.cid, by_license)
    assert shown_count(cast, sealed.cid) == (1, 0), "the service has recorded this opening itself"
    reports(cast, cast.rita, sealed.cid, {**by_license, "kept": True})
    assert shown_count(cast, sealed.cid) == (2, 0)
    assert recipients(cast, sealed.cid)[RITA]["opened"] == 2
    reports(cast, cast.rita, sealed.cid, {"action": "opened", "license": str(uuid4())})
    assert shown_count(cast, sealed.cid) == (3, 0), "an opening that the service does not know is not lost"


def test_an_opening_with_a_kept_license_counts_and_sorts_as_an_opening(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    first, second = opening(cast.rita, sealed.path), opening(cast.rita, sealed.path)
    assert (first.source, second.source) == ("service", "kept")
    take_in(cast)
    assert shown_count(cast, sealed.cid) == (2, 0)
    listed = call(cast.olga, "contoso", "GET", "documents?sort=-opened&limit=500").json()["results"]
    counts = [one["opened"] for one in listed]
    assert counts == sorted(counts, reverse=True)
    assert {one["cid"]: one["opened"] for one in listed}[str(sealed.cid)] == 2


def test_print_copy_save_export_and_edit_attempts_show_in_the_row_and_in_the_timeline(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    opening(cast.rita, sealed.path)
    done = ("printed", "printed", "copied", "saved", "edited", "exported")
    tried = [{"action": one, "allowed": False} for one in ("printed", "copied", "saved", "edited", "exported")]
    reports(cast, cast.rita, sealed.cid, *({"action": one} for one in done), *tried)
    row = recipients(cast, sealed.cid)[RITA]
    assert {one["action"]: (one["allowed"], one["refused"]) for one in row["done"]} == {
        "printed": (2, 1),
        "copied": (1, 1),
        "saved": (1, 1),
        "edited": (1, 1),
        "exported": (1, 1),
    }
    assert (row["opened"], row["refused"]) == (1, 0), "none of this is an opening"
    assert shown_count(cast, sealed.cid) == (1, 0)
    said = sentences(cast, sealed.cid)
    assert len(set(said)) == 10, "each kind of act, allowed and refused, has a sentence of its own"
    assert len([one for one in said if "their device refused it" in one]) == 5


def test_what_was_reported_later_is_marked_so_and_counts_when_it_happened(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    opening(cast.rita, sealed.path)
    before = recipients(cast, sealed.cid)[RITA]
    hour_ago = int(time.time()) - 3600
    reports(cast, cast.rita, sealed.cid, {"action": "opened", "at": hour_ago, "kept": True})
    reports(cast, cast.rita, sealed.cid, {"action": "printed"})
    after = recipients(cast, sealed.cid)[RITA]
    assert (after["opened"], after["last_opened"]) == (2, before["last_opened"])
    printed, later = sentences(cast, sealed.cid)
    assert ("reported it later" in later, "reported it later" in printed) == (True, False)


def test_the_client_reports_an_attempt_to_save_that_it_refused(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=7)
    with pytest.raises(NoCopy):
        cast.rita.session.open_file(sealed.path, plan.with_name("copy.txt"))
    take_in(cast)
    (event,) = ledger(cast, "contoso", "content.reported", cid=sealed.cid)
    assert (event.outcome, event.details["action"]) == ("refused", "exported")


def test_a_row_says_from_where_and_until_when_a_kept_copy_opens(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", "max@contoso.example:VIEW", offline_days=7)
    opened = opening(cast.rita, sealed.path)
    rows = recipients(cast, sealed.cid)
    rita, other = rows[RITA], rows["max@contoso.example"]
    assert rita["last_from"]
    assert (other["last_from"], other["kept_until"]) == ("", None)
    latest = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}").json()["latest_offline_moment"]
    assert rita["kept_until"]
    assert rita["kept_until"] <= latest
    assert opened.offline_until > time.time()
    taken = call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": RITA})
    assert taken.status_code == 200
    row = recipients(cast, sealed.cid)[RITA]
    ended, kept = (datetime.fromisoformat(row[name]) for name in ("ended_at", "kept_until"))
    assert kept <= ended + timedelta(days=1, minutes=1), "the lease, and the minute that the news may be on its way"


# --- from where, and files -----------------------------------------------------------------------------------------


def test_openings_are_listed_by_network_and_by_organization(cast: Cast, plan: Path, chancery: Any) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", "max@contoso.example:VIEW", offline_days=0)
    for who in (cast.rita, cast.rita, cast.max):
        opening(who, sealed.path)
    found = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/places").json()
    by_domain = {one["name"]: (one["people"], one["opened"]) for one in found["organizations"]}
    assert by_domain == {"fabrikam.example": (1, 2), "contoso.example": (1, 1)}
    (network,) = found["networks"]
    assert (network["name"], network["people"], network["opened"]) == ("127.0.0.0/24", 2, 3)
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.olga).get(f"/documents/{sealed.cid}/places/")
    text = page.content.decode().replace("<wbr>", "")
    assert all(one in text for one in ("fabrikam.example", "127.0.0.0/24"))
    assert "fabrikam.example" in chancery("track", sealed.cid, "--places").stdout
    call(cast.ada, "contoso", "PATCH", "settings", {"tracking": "pseudonymous", "confirm": "yes"})
    hidden = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/places").json()
    shows_names(cast)
    assert hidden == {"networks": [], "organizations": [], "shown": False}


def test_page_call_and_command_export_the_same_and_no_cell_is_a_formula(
    cast: Cast, plan: Path, chancery: Any, tmp_path: Path
) -> None:
    bad = plan.with_name("=cmd|calc!A1.txt")
    bad.write_bytes(b"text")
    sealed = protect(cast.olga, bad, f"{RITA}:VIEW", offline_days=0)
    opening(cast.rita, sealed.path)
    reports(cast, cast.rita, sealed.cid, {"action": "printed"})
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.olga)
    for what, column in (("recipients", "printed"), ("timeline", "sentence")):
        for form in ("csv", "json"):
            page = browser.get(f"/documents/{sealed.cid}/export/?what={what}&as={form}")
            answered = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/export?what={what}&as={form}")
            target = tmp_path / f"{what}.{form}"
            assert chancery("track", sealed.cid, "--to", target, "--what", what).exit_code == 0
            assert page.content.decode() == answered.json()["text"] == target.read_bytes().decode()
            assert f"{what}-{sealed.cid}.{form}" in page["Content-Disposition"]
        rows = [json.loads(line) for line in target.read_text().splitlines()]
        cells = list(csv.DictReader(io.StringIO(target.with_suffix(".csv").read_text())))
        assert len(rows) == len(cells) > 1
        assert column in rows[0]
        assert not [cell for row in cells for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    rita = next(
        row for row in csv.DictReader(io.StringIO((tmp_path / "recipients.csv").read_text())) if RITA in row["who"]
    )
    assert (rita["opened"], rita["printed"]) == ("1", "1")
    assert call(cast.max, "contoso", "GET", f"documents/{sealed.cid}/export").status_code == 404


def test_every_kind_of_file_keeps_its_identity_wherever_it_is_copied(cast: Cast, tmp_path: Path) -> None:
    ids = set()
    for name in ("drawing.dwg", "letter.docx", "mail.eml", "no suffix"):
        (tmp_path / name).write_bytes(name.encode() * 50)
        sealed = protect(cast.olga, tmp_path / name, f"{RITA}:VIEW", offline_days=0)
        copy = tmp_path / "elsewhere" / f"renamed {name}.sealed"
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(sealed.path.read_bytes())
        assert opening(cast.rita, sealed.path).cid == opening(cast.rita, copy).cid == sealed.cid
        found = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}").json()["document"]
        assert (found["title"], found["opened"]) == (name, 2)
        taken = call(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke", {"recipient": RITA})
        assert taken.json()["changed"]
        assert {refusal(cast.rita, one).reason for one in (sealed.path, copy)} == {"revoked_for_you"}
        ids.add(sealed.cid)
    assert len(ids) == 4, "each attachment is a document of its own"
