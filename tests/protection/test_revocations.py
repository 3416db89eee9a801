"""Revocations: of domains and organizations, at a moment, with a message and a successor, and who undoes them."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chancery.objects import jws
from chancery.objects.jws import Kind
from chancery.sdk.results import Protected
from portal.usecases.scheduled_revocations import carry_out_due
from protection.models import ScheduledRevocation
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.asking import why_me
from tests.protection.steps import (
    MAX,
    RITA,
    call,
    confirmed,
    ledger,
    objects,
    opening,
    problem,
    protect,
    refusal,
    rights,
)

HOUR = 3_600


def revoke(player: Player, cid: UUID, **body: Any) -> Any:
    return call(player, "contoso", "POST", f"documents/{cid}/revoke", {"confirm": "plan.txt", **body})


def restore(player: Player, cid: UUID, recipient: str = "") -> Any:
    return call(player, "contoso", "POST", f"documents/{cid}/restore", {"recipient": recipient})


def scheduled(player: Player, scope: str = "mine") -> list[dict[str, Any]]:
    found = call(player, "contoso", "GET", f"scheduled-revocations?scope={scope}").json()["results"]
    return [dict(one) for one in found]


def let_it_be_due(cast: Cast, cid: UUID) -> None:
    """Let what was set for a document have come to its moment, before a worker has looked."""
    with in_organization(cast.organizations["contoso"].id):
        ScheduledRevocation.objects.filter(content_id=cid).update(at=int(time.time()) - 1)


def carried_out(cast: Cast) -> int:
    contoso = cast.organizations["contoso"].id
    with in_organization(contoso):
        return carry_out_due(contoso)


@pytest.fixture
def sealed(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{RITA}:VIEW,PRINT", f"{MAX}:VIEW", offline_days=0)


def test_a_mail_domain_or_an_organization_is_taken_out_of_one_document(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, "authenticated:VIEW", f"{RITA}:VIEW", offline_days=0)
    contoso = f"organization:{cast.organizations['contoso'].id}"
    for name, shut, left in (("domain:fabrikam.example", cast.rita, cast.max), (contoso, cast.max, cast.rita)):
        asked = problem(revoke(cast.olga, sealed.cid, recipient=name, confirm=""), 409, "confirmation_required")
        assert "guests included" in " ".join(asked["consequences"])
        assert revoke(cast.olga, sealed.cid, recipient=name).json()["had_access"] is None
        assert refusal(shut, sealed.path).reason == "revoked_for_you"
        assert rights(left, sealed.path) == {"VIEW"}
        rows = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/recipients").json()["results"]
        row = next(one for one in rows if one["who"] == name)
        assert (row["access"], row["reason"]) == ("no", "revoked_for_you")
        assert restore(cast.olga, sealed.cid, name).json()["changed"]
        assert rights(shut, sealed.path) == {"VIEW"}
    problem(revoke(cast.olga, sealed.cid, recipient="authenticated"), 400, "invalid_policy")


def test_access_ends_at_the_moment_that_was_set_whether_or_not_a_worker_runs(cast: Cast, plan: Path) -> None:
    kept = protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW", offline_days=7)
    opening(cast.rita, kept.path)
    at = int(time.time()) + HOUR
    made = revoke(cast.olga, kept.cid, recipient=RITA, at=at, message="The offer has ended.").json()
    assert made["changed"]
    cast.rita.session.service.feeds_asked.clear()
    renewed = opening(cast.rita, kept.path)
    assert (renewed.source, renewed.offline_until) == ("service", at), "what was kept is asked for anew"
    assert opening(cast.max, kept.path).offline_until > at
    (one,) = [one for one in scheduled(cast.olga) if one["document"] == str(kept.cid)]
    assert (one["id"], one["recipient"], one["set_by"]) == (made["scheduled"], RITA, cast.olga.address)
    assert not [one for one in scheduled(cast.ada) if one["document"] == str(kept.cid)]
    assert [one for one in scheduled(cast.ada, "all") if one["document"] == str(kept.cid)]
    let_it_be_due(cast, kept.cid)
    cast.rita.session.service.feeds_asked.clear()
    refused = problem(call_for_license(cast, kept), 403, "revoked_for_you")
    assert refused["message_to_recipients"] == "The offer has ended."
    assert not ledger(cast, "contoso", "content.revoked", cid=kept.cid), "no worker has been there"
    mail.outbox.clear()
    assert carried_out(cast) == 1
    (event,) = ledger(cast, "contoso", "content.revoked", cid=kept.cid)
    assert event.personal["recipient"] == RITA
    assert [one.to for one in mail.outbox] == [[RITA]]
    assert "The offer has ended." in mail.outbox[0].body
    assert carried_out(cast) == 0
    assert restore(cast.olga, kept.cid, RITA).json()["changed"]
    assert rights(cast.rita, kept.path) == {"VIEW"}


def call_for_license(cast: Cast, sealed: Protected) -> Any:
    return call(cast.rita, "contoso", "POST", "licenses", objects(sealed.path))


def test_what_was_set_is_changed_and_canceled_by_those_who_may_give_it_back(cast: Cast, sealed: Protected) -> None:
    at = int(time.time()) + HOUR
    problem(revoke(cast.olga, sealed.cid, at=at, confirm=""), 409, "confirmation_required")
    first = revoke(cast.olga, sealed.cid, at=at).json()
    path = f"scheduled-revocations/{first['scheduled']}"
    assert not revoke(cast.olga, sealed.cid, at=at).json()["changed"]
    problem(revoke(cast.ada, sealed.cid, at=at + HOUR), 403, "widening_not_allowed")
    problem(call(cast.ada, "contoso", "DELETE", path), 403, "widening_not_allowed")
    problem(call(cast.rita, "contoso", "DELETE", path), 404, "not_found")
    assert revoke(cast.olga, sealed.cid, at=at + HOUR).json()["scheduled"] == first["scheduled"]
    problem(revoke(cast.ada, sealed.cid, at=at), 403, "widening_not_allowed")
    assert call(cast.olga, "contoso", "DELETE", path).json()["changed"]
    problem(revoke(cast.olga, sealed.cid, at=int(time.time()) - 1), 400, "invalid_policy")
    found = ledger(cast, "contoso", "content.", cid=sealed.cid)
    kinds = [one.kind for one in found if one.kind.startswith("content.revocation_")]
    assert kinds == ["content.revocation_canceled", *["content.revocation_scheduled"] * 2]
    assert revoke(cast.olga, sealed.cid, at=at).json()["changed"]
    assert revoke(cast.olga, sealed.cid).json()["changed"], "taken back at once"
    assert not [one for one in scheduled(cast.olga) if one["document"] == str(sealed.cid)]


def test_nobody_takes_over_an_end_of_the_other_side_to_cancel_it(cast: Cast, sealed: Protected) -> None:
    at = int(time.time()) + HOUR
    path = f"scheduled-revocations/{revoke(cast.ada, sealed.cid, at=at).json()['scheduled']}"
    problem(revoke(cast.olga, sealed.cid, at=at - 1), 403, "widening_not_allowed")
    problem(call(cast.olga, "contoso", "DELETE", path), 403, "widening_not_allowed")
    assert revoke(cast.olga, sealed.cid).json()["changed"]
    assert call(cast.ada, "contoso", "DELETE", path).json()["changed"]


def test_a_refusal_says_the_message_and_leads_to_the_replacing_document(
    cast: Cast, plan: Path, sealed: Protected, chancery: Any
) -> None:
    newer = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    theirs = protect(cast.max, plan, f"{RITA}:VIEW", offline_days=0)
    problem(revoke(cast.olga, sealed.cid, successor=str(theirs.cid)), 400, "not_a_successor")
    problem(revoke(cast.olga, sealed.cid, successor=str(sealed.cid)), 400, "not_a_successor")
    mail.outbox.clear()
    said = {"message": "There is a newer one.", "successor": str(newer.cid)}
    assert revoke(cast.olga, sealed.cid, **said).json()["changed"]
    assert sorted(one.to[0] for one in mail.outbox) == sorted([RITA, MAX])
    note = refusal(cast.rita, sealed.path).note
    assert note is not None
    assert (note.message, note.title) == ("There is a newer one.", "plan.txt")
    assert note.page.endswith(f"/documents/{newer.cid}/access/")
    hidden = refusal(cast.max, sealed.path).note
    assert hidden is not None
    assert (hidden.replaced, hidden.title, hidden.page) == (True, "", ""), "Max may not open the newer one"
    mine = why_me(cast.rita, sealed.cid).json()
    assert (mine["message_to_recipients"], mine["successor"]["cid"]) == ("There is a newer one.", str(newer.cid))
    told = chancery("view", sealed.path, who=cast.rita)
    assert "There is a newer one." in told.stderr
    assert str(newer.cid) in told.stderr
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.rita).get(f"/documents/{sealed.cid}/access/")
    assert "There is a newer one." in page.content.decode()
    assert f"/documents/{newer.cid}/access/" in page.content.decode()
    cleared = call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/successor", {"successor": None})
    assert cleared.json()["changed"]
    again = refusal(cast.rita, sealed.path).note
    assert again is not None
    assert not again.replaced


def test_the_statements_of_a_batch_do_not_depend_on_how_many_documents_are_revoked(cast: Cast, plan: Path) -> None:
    counted, newer = [], protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    for number in (1, 4):
        items = []
        for index in range(number):
            old = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
            said = {"message": f"Number {index} has ended.", "successor": str(newer.cid)}
            assert revoke(cast.olga, old.cid, **said).json()["changed"]
            items.append(objects(old.path))
        with CaptureQueriesContext(connection) as found:
            answer = call(cast.rita, "contoso", "POST", "licenses/batch", {"items": items}).json()
        results: Any = jws.parse(answer["batch"], Kind.USE_BATCH).claims["results"]
        refused = [one["refusal"]["details"] for one in results]
        assert [one["message_to_recipients"] for one in refused] == [
            f"Number {index} has ended." for index in range(number)
        ]
        assert {one["successor"]["title"] for one in refused} == {"plan.txt"}
        counted.append(sum("protection_content" in one["sql"] for one in found))  # What is kept for seconds varies.
    assert 0 < counted[0] == counted[1]


def test_the_issuer_opens_after_a_revocation_unless_an_administrator_shuts_them_out_too(
    cast: Cast, sealed: Protected
) -> None:
    assert revoke(cast.ada, sealed.cid).json()["changed"]
    assert "OWNER" in rights(cast.olga, sealed.path)
    problem(revoke(cast.olga, sealed.cid, issuer_too=True), 403, "only_administrators")
    assert revoke(cast.ada, sealed.cid, issuer_too=True).json()["changed"]
    cast.olga.session.service.feeds_asked.clear()
    assert refusal(cast.olga, sealed.path).reason == "issuer_blocked"
    assert call(cast.ada, "contoso", "PATCH", "settings", {"owners_restore": True}).status_code == 200
    try:
        problem(restore(cast.olga, sealed.cid), 403, "widening_not_allowed")
        page = Site(cast, {}).browser("contoso.localhost:8000", cast.olga).get(f"/documents/{sealed.cid}/")
        assert "Only an administrator gives it back." in page.content.decode()
    finally:
        call(cast.ada, "contoso", "PATCH", "settings", {"owners_restore": False})
    assert restore(cast.ada, sealed.cid).json()["changed"]
    assert "OWNER" in rights(cast.olga, sealed.path)


def test_owners_undo_what_administrators_took_back_only_where_the_organization_lets_them(
    cast: Cast, sealed: Protected
) -> None:
    revoke(cast.ada, sealed.cid)
    problem(restore(cast.olga, sealed.cid), 403, "widening_not_allowed")
    revoke(cast.olga, sealed.cid)
    problem(restore(cast.olga, sealed.cid), 403, "widening_not_allowed")
    released = restore(cast.ada, sealed.cid).json()
    assert (released["changed"], released["revoked_for_everybody"]) == (True, True), "the owner took it back, too"
    problem(restore(cast.ada, sealed.cid), 403, "widening_not_allowed")
    assert restore(cast.olga, sealed.cid).json()["changed"]
    revoke(cast.ada, sealed.cid, recipient=RITA)
    call(cast.ada, "contoso", "PATCH", "settings", {"owners_restore": True})
    try:
        assert restore(cast.olga, sealed.cid, RITA).json()["changed"]
    finally:
        call(cast.ada, "contoso", "PATCH", "settings", {"owners_restore": False})
    assert "VIEW" in rights(cast.rita, sealed.path)


def test_the_question_before_a_revocation_names_the_last_moment_of_each_person(cast: Cast, plan: Path) -> None:
    kept = protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW", offline_days=7)
    opening(cast.rita, kept.path)
    opening(cast.max, kept.path)
    asked = problem(revoke(cast.olga, kept.cid, confirm=""), 409, "confirmation_required")
    by_person = next(one for one in asked["consequences"] if one.startswith("By person"))
    assert RITA in by_person
    assert MAX in by_person
    done = confirmed(cast.olga, "contoso", "POST", f"documents/{kept.cid}/revoke", {"reason": "Wrong file"}).json()
    assert done["latest_offline_moment"] is not None


def test_a_person_sets_changes_and_cancels_an_end_on_the_pages(cast: Cast, sealed: Protected, plan: Path) -> None:
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.olga)
    address = f"/documents/{sealed.cid}/revoke/"
    newer = protect(cast.olga, plan, f"{RITA}:VIEW")
    assert f'value="{newer.cid}"' in browser.get(address).content.decode(), "what may replace it is offered"
    assert browser.post(f"/documents/{sealed.cid}/successor/", {"successor": str(newer.cid)}).status_code == 302
    wrong = browser.post(address, {"recipient": "not an address"})
    assert wrong.status_code == 200
    assert "aria-invalid" in wrong.content.decode()
    sent = {"recipient": "fabrikam.example", "at": "2100-01-31T12:00", "message": "It has ended."}
    assert browser.post(address, sent).status_code == 302
    page = browser.get(f"/documents/{sealed.cid}/").content.decode()
    assert "What ends by itself" in page
    (one,) = [one for one in scheduled(cast.olga) if one["document"] == str(sealed.cid)]
    assert (one["recipient"], one["message"]) == ("domain:fabrikam.example", "It has ended.")
    change = browser.get(f"{address}?scheduled=1&recipient=domain%3Afabrikam.example").content.decode()
    assert 'value="2100-01-31T12:00"' in change
    assert "It has ended." in change
    listed = browser.get("/scheduled/").content.decode()
    assert f"/documents/{sealed.cid}/" in listed
    assert browser.post(f"/scheduled/{one['id']}/cancel/", {"document": str(sealed.cid)}).status_code == 302
    assert json.dumps(scheduled(cast.olga)).count(str(sealed.cid)) == 0
