"""Documents get another owner: by themselves, or by two administrators; nobody else gains or loses anything."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chancery.policy.rights import ALL_RIGHTS
from chancery.sdk.errors import Unreachable
from chancery.sdk.results import Protected
from portal.tasks import hand_over_documents
from portal.usecases.hand_overs import carry_out
from protection.models import Content, HandOver
from protection.services import hand_over as service
from tenants.context import in_organization
from tenants.directory.models import Membership
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_person import create_person
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.remove_person import remove_person
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import Later, call, confirmed, ledger, opening, problem, protect, refusal, rights

KIND = "content.handed_over"
HEARTBEAT = 61


@pytest.fixture(scope="module")
def firm(cast: Cast) -> Iterator[Cast]:
    """Return the cast with an organization of two administrators, an auditor and two members."""
    cast.found("firm", "fay")
    cast.join("gus", "firm", role="global_administrator")
    cast.join("aud", "firm", role="auditor")
    cast.join("old", "firm")
    cast.join("new", "firm")
    yield cast
    mail.outbox.clear()


@pytest.fixture(autouse=True)
def _no_mail() -> None:
    mail.outbox.clear()


def leaver(firm: Cast) -> Player:
    return firm.join(f"leaver{uuid4().hex[:6]}", "firm")


def by_label(player: Player, to: Player, *documents: Protected, **more: Any) -> Any:
    body = {"to": to.address, "documents": [str(one.cid) for one in documents], **more}
    return confirmed(player, "firm", "POST", "hand-overs", body)


def owner_of(firm: Cast, sealed: Protected) -> tuple[str, str]:
    row = call(firm.aud, "firm", "GET", f"documents/{sealed.cid}").json()["document"]
    return row["issuer"], row["owner"]


def told() -> dict[str, str]:
    """Return what was mailed, by whom it was sent to; mails about new devices left out."""
    return {one.to[0]: str(one.body) for one in mail.outbox if "device" not in one.subject}


# --- by the owner --------------------------------------------------------------------------------------------------


def test_an_owner_hands_a_document_over_and_keeps_what_the_policy_grants(firm: Cast, plan: Path, clock: Later) -> None:
    """The issuer stays a fact; opening, tracking and revoking follow the owner, and the old copy lapses."""
    old, new = firm.old, firm.new
    sealed, kept = protect(old, plan), protect(old, plan, f"{old.address}:VIEW", offline_days=0)
    opening(old, sealed.path)
    done = by_label(old, new, sealed, kept).json()
    assert (done["documents"], [one["state"] for one in done["hand_overs"]]) == (2, ["done"])
    assert owner_of(firm, sealed) == (old.address, new.address)
    assert rights(new, sealed.path) == set(ALL_RIGHTS)
    # Once the feed was heard, neither a kept license nor the one that the issuer's device made for itself opens it.
    clock.ahead = HEARTBEAT
    assert refusal(old, sealed.path).reason == "not_granted"
    with pytest.raises(Unreachable):
        old.offline().open_stream(sealed.path, io.BytesIO())
    assert rights(old, kept.path) == {"VIEW"}
    assert call(old, "firm", "GET", f"documents/{sealed.cid}").status_code == 404
    assert call(old, "firm", "POST", f"documents/{sealed.cid}/revoke", {"confirm": "plan.txt"}).status_code == 404
    assert call(new, "firm", "POST", f"documents/{sealed.cid}/revoke", {"confirm": "plan.txt"}).status_code == 200
    (event,) = ledger(firm, "firm", KIND, cid=sealed.cid)
    personal = event.personal
    assert (personal["person"], personal["owner"], personal["recipient"]) == (str(old.id), old.address, new.address)
    assert told().keys() == {new.address}


def test_the_question_says_of_kept_licenses_only_what_holds_for_the_former_owner(firm: Cast, plan: Path) -> None:
    """Recipients and the new owner go on opening, so nothing is said to end for everybody."""
    giver = leaver(firm)
    body = {"to": firm.new.address, "documents": [str(protect(giver, plan).cid)]}
    asked = problem(call(giver, "firm", "POST", "hand-overs", body), 409, "confirmation_required")
    assert "Recipients keep their access." in asked["consequences"]
    assert not any("nothing can be opened" in one or "Connected devices stop" in one for one in asked["consequences"])


def test_recipients_keep_their_licenses_and_requests_go_to_the_new_owner(firm: Cast, plan: Path) -> None:
    old, new, reader, asker = firm.old, firm.new, leaver(firm), leaver(firm)
    sealed = protect(old, plan, f"{reader.address}:VIEW", offline_days=30)
    opening(reader, sealed.path)
    refusal(asker, sealed.path)
    asked = call(asker, "firm", "POST", f"documents/{sealed.cid}/access-requests", {"note": "For me"}).json()["id"]
    by_label(old, new, sealed)
    sent = len(reader.http.sent)
    assert opening(reader, sealed.path).source == "kept"
    assert all("licenses" not in path for _method, path in reader.http.sent[sent:])
    problem(call(old, "firm", "POST", f"access-requests/{asked}/grant", {"level": "viewer"}), 404, "not_found")
    assert call(new, "firm", "POST", f"access-requests/{asked}/grant", {"level": "viewer"}).status_code == 200
    mail.outbox.clear()
    other = leaver(firm)
    refusal(other, sealed.path)
    call(other, "firm", "POST", f"documents/{sealed.cid}/access-requests", {})
    assert told().keys() == {new.address}


def test_only_the_owner_or_an_administrator_hands_over_and_only_to_a_member(firm: Cast, plan: Path) -> None:
    sealed = protect(firm.old, plan, f"{firm.new.address}:OWNER")
    body = {"to": firm.new.address, "documents": [str(sealed.cid)]}
    for stranger in (firm.new, firm.aud):
        problem(call(stranger, "firm", "POST", "hand-overs", body), 404, "not_found")
    for nobody in ("nobody@firm.example", "rita@fabrikam.example"):
        problem(call(firm.old, "firm", "POST", "hand-overs", {**body, "to": nobody}), 400, "not_a_member")
    for path in ("people/departed", "documents?scope=all"):
        assert call(firm.new, "firm", "GET", path).json().get("results", []) == []


# --- by administrators ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["disabled", "removed"])
def test_what_a_departed_person_left_is_opened_by_the_new_owner(firm: Cast, plan: Path, way: str) -> None:
    """The hardest case: nobody had access but the person who left.  It takes two administrators and a reason."""
    gone, new = leaver(firm), firm.new
    sealed = protect(gone, plan)
    end = disable_person if way == "disabled" else remove_person
    end(organization_id=firm.organizations["firm"].id, person_id=gone.id, reason="Left", actor=ACTOR)
    departed = call(firm.fay, "firm", "GET", "people/departed").json()["results"]
    assert {"id": str(gone.id), "address": gone.address, "documents": 1} in departed
    body = {"to": new.address, "owner": gone.address, "reason": "They left"}
    asked = confirmed(firm.fay, "firm", "POST", "hand-overs", body).json()
    (waiting,) = asked["hand_overs"]
    assert waiting["state"] == "waiting"
    assert firm.gus.address in told()
    assert firm.new.address not in told()
    assert refusal(new, sealed.path).reason == "not_granted"
    own = call(firm.fay, "firm", "POST", f"hand-overs/{waiting['id']}/approve", {"confirm": new.address})
    problem(own, 409, "needs_another_administrator")
    mail.outbox.clear()
    done = confirmed(firm.gus, "firm", "POST", f"hand-overs/{waiting['id']}/approve").json()
    assert [one["state"] for one in done["hand_overs"]] == ["done"]
    assert rights(new, sealed.path) == set(ALL_RIGHTS)
    # Nobody writes to a person who left.
    assert told().keys() == {new.address, firm.aud.address}
    kinds = ("hand_over.asked", "hand_over.approved", KIND)
    found = {one.kind: one for one in ledger(firm, "firm", *kinds) if one.personal.get("owner") == gone.address}
    assert [found[kind].personal["person"] for kind in kinds] == [str(one.id) for one in (firm.fay, firm.gus, firm.fay)]
    assert found[KIND].details["approved_by"] == str(firm.gus.id)
    problem(call(firm.gus, "firm", "POST", f"hand-overs/{waiting['id']}/decline"), 409, "already_answered")


def test_a_person_who_is_still_there_is_told(firm: Cast, plan: Path) -> None:
    sealed = protect(firm.old, plan)
    (waiting,) = by_label(firm.fay, firm.new, sealed).json()["hand_overs"]
    mail.outbox.clear()
    confirmed(firm.gus, "firm", "POST", f"hand-overs/{waiting['id']}/approve")
    assert told().keys() == {firm.new.address, firm.old.address, firm.aud.address}
    (waiting,) = by_label(firm.gus, firm.old, sealed).json()["hand_overs"]
    assert call(firm.fay, "firm", "POST", f"hand-overs/{waiting['id']}/decline").status_code == 200
    assert owner_of(firm, sealed) == (firm.old.address, firm.new.address)


def test_no_administrator_gains_documents_alone_nor_by_a_straw_person(cast: Cast, plan: Path) -> None:
    """A second account of theirs, as a member or as an administrator, counts as themselves (decision 19)."""
    slug = f"lone{uuid4().hex[:6]}"
    organization = cast.found(slug, "lea")
    lea, old, other = cast.lea, cast.join("ole", slug), cast.join("otto", slug)
    sealed = protect(old, plan)
    lea_as_actor = ACTOR.__class__(person_id=lea.id, name="Lea", source="test")
    straws = []
    for role in ("user", "global_administrator"):
        made = create_person(
            organization_id=organization.id, address=f"{role}@{slug}.example", name="", role=role, actor=lea_as_actor
        )
        straws.append(cast.know(f"straw-{role}", made.id, made.email))

    def ask(player: Player, to: Player) -> Any:
        body = {"to": to.address, "documents": [str(sealed.cid)], "confirm": to.address, "reason": "A test"}
        return call(player, slug, "POST", "hand-overs", body)

    for who in (lea, straws[1]):
        for to in (lea, *straws):
            problem(ask(who, to), 409, "needs_another_administrator")
    # Another member whom they did not bring in gets it at once, on record, since there is nobody who could approve it.
    assert ask(lea, other).json()["hand_overs"][0]["state"] == "done"
    assert rights(other, sealed.path) == set(ALL_RIGHTS)
    # With an independent administrator even that waits, and the straw person cannot approve it.
    cast.join("ida", slug, role="global_administrator")
    (waiting,) = ask(lea, old).json()["hand_overs"]
    assert waiting["state"] == "waiting"
    answer = call(straws[1], slug, "POST", f"hand-overs/{waiting['id']}/approve", {"confirm": old.address})
    problem(answer, 409, "needs_another_administrator")
    with in_organization(organization.id):
        assert Membership.objects.within(organization.id).filter(created_at__lt=timezone.now()).count() == 6


def test_an_account_that_came_by_an_application_or_by_itself_is_no_independent_person(cast: Cast, plan: Path) -> None:
    """Any administrator can act as an application, and may have a mailbox of the organization's domain."""
    slug = f"only{uuid4().hex[:6]}"
    organization = cast.found(slug, "lew")
    old = cast.join("olm", slug)
    sealed = protect(old, plan)
    sync = create_application(organization_id=organization.id, name="sync", roles=("directory",), actor=ACTOR)
    as_sync = ACTOR.__class__(person_id=sync.person_id, name="sync", source="test")

    def brought(role: str) -> Player:
        address = f"{role}@{slug}.example"
        made = create_person(organization_id=organization.id, address=address, name="", role=role, actor=as_sync)
        return cast.know(f"brought-{role}", made.id, made.email)

    def ask(player: Player, to: Player) -> Any:
        body = {"to": to.address, "documents": [str(sealed.cid)], "confirm": to.address, "reason": "A test"}
        return call(player, slug, "POST", "hand-overs", body)

    member, administrator = brought("user"), brought("global_administrator")
    joined = cast.join("joined", slug)
    Membership.objects.within(organization.id).filter(person_id=joined.id).update(added_by=joined.id)
    for to in (member, administrator, joined):
        problem(ask(cast.lew, to), 409, "needs_another_administrator")
    ida = cast.join("ida", slug, role="global_administrator")
    (waiting,) = ask(cast.lew, joined).json()["hand_overs"]
    path, body = f"hand-overs/{waiting['id']}/approve", {"confirm": joined.address}
    problem(call(administrator, slug, "POST", path, body), 409, "needs_another_administrator")
    assert call(ida, slug, "POST", path, body).status_code == 200


def test_what_a_former_owner_took_back_no_administrator_gives_back(firm: Cast, plan: Path) -> None:
    """The new owner decides about it, as the former one did."""
    reader, new = leaver(firm), firm.new
    whole, one = protect(firm.old, plan, f"{reader.address}:VIEW"), protect(firm.old, plan, f"{reader.address}:VIEW")
    assert call(firm.old, "firm", "POST", f"documents/{whole.cid}/revoke", {"confirm": "plan.txt"}).status_code == 200
    body = {"recipient": reader.address, "confirm": reader.address}
    assert call(firm.old, "firm", "POST", f"documents/{one.cid}/revoke", body).status_code == 200
    by_label(firm.old, new, whole, one)
    asked: tuple[tuple[Protected, dict[str, str]], ...] = ((whole, {}), (one, {"recipient": reader.address}))
    for sealed, which in asked:
        problem(call(firm.fay, "firm", "POST", f"documents/{sealed.cid}/restore", which), 403, "widening_not_allowed")
        assert call(new, "firm", "POST", f"documents/{sealed.cid}/restore", which).status_code == 200
        assert rights(reader, sealed.path) == {"VIEW"}


def test_a_new_owner_who_leaves_before_the_end_gets_nothing_more(firm: Cast, plan: Path) -> None:
    gone, heir = leaver(firm), leaver(firm)
    sealed = protect(gone, plan)
    (waiting,) = by_label(firm.fay, heir, sealed).json()["hand_overs"]
    disable_person(organization_id=firm.organizations["firm"].id, person_id=heir.id, reason="", actor=ACTOR)
    answer = call(firm.gus, "firm", "POST", f"hand-overs/{waiting['id']}/approve", {"confirm": heir.address})
    problem(answer, 400, "not_a_member")
    assert owner_of(firm, sealed) == (gone.address, gone.address)


# --- many ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (service, carry_out):
        monkeypatch.setattr(module, "BATCH", 2)


@pytest.mark.usefixtures("small_batches")
def test_many_documents_go_on_after_a_kill_each_with_one_event(
    firm: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed worker had begun is rolled back, and the next one does the rest, and nothing twice."""
    many = leaver(firm)
    sealed = [protect(many, plan) for _ in range(5)]
    body = {"to": firm.new.address}
    (running,) = confirmed(many, "firm", "POST", "hand-overs", body).json()["hand_overs"]
    assert running["state"] == "running"
    organization = firm.organizations["firm"].id
    killed: list[UUID] = []

    def dies(row: HandOver, contents: Any) -> None:
        if killed:
            raise KeyboardInterrupt
        killed.append(row.id)
        give(row, contents)

    give = service._give
    monkeypatch.setattr(service, "_give", dies)
    with in_organization(organization):
        with pytest.raises(KeyboardInterrupt):
            hand_over_documents(str(organization))
        assert Content.objects.filter(owner_id=firm.new.id, cid__in=[one.cid for one in sealed]).count() == 2
        monkeypatch.setattr(service, "_give", give)
        assert hand_over_documents(str(organization)) == 3
        assert hand_over_documents(str(organization)) == 0
    shown = call(firm.new, "firm", "GET", f"hand-overs/{running['id']}").json()
    assert (shown["state"], shown["done"], shown["documents"]) == ("done", 5, 5)
    assert [len(ledger(firm, "firm", KIND, cid=one.cid)) for one in sealed] == [1] * 5
    assert told().keys() == {firm.new.address}


def test_the_statements_of_a_batch_do_not_depend_on_its_size(
    firm: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization, counted = firm.organizations["firm"].id, []
    for number in (1, 4):
        many = leaver(firm)
        for _ in range(number):
            protect(many, plan)
        monkeypatch.setattr(carry_out, "BATCH", 0)
        confirmed(many, "firm", "POST", "hand-overs", {"to": firm.new.address})
        with in_organization(organization), CaptureQueriesContext(connection) as found:
            assert hand_over_documents(str(organization)) == number
        counted.append(len(found))
    assert counted[0] == counted[1]


def test_a_list_of_no_documents_does_not_mean_all_and_two_choices_are_refused(firm: Cast, plan: Path) -> None:
    """A program whose search found nothing would else give everything away."""
    giver = leaver(firm)
    sealed = protect(giver, plan)
    body = {"to": firm.new.address, "confirm": firm.new.address}
    choices: tuple[dict[str, Any], ...] = (
        {"documents": []},
        {"documents": [str(sealed.cid)], "template": str(uuid4())},
    )
    for wanted in choices:
        problem(call(giver, "firm", "POST", "hand-overs", {**body, **wanted}), 400, "invalid")
    assert owner_of(firm, sealed) == (giver.address, giver.address)


def test_all_under_a_template_leaves_the_others(firm: Cast, plan: Path) -> None:
    some = leaver(firm)
    made = call(firm.fay, "firm", "POST", "templates", {"names": {"en": uuid4().hex}, "policy": {}}).json()["id"]
    call(firm.fay, "firm", "POST", f"templates/{made}/publish")
    under, other = protect(some, plan, template=made), protect(some, plan)
    confirmed(some, "firm", "POST", "hand-overs", {"to": firm.new.address, "template": made})
    assert [owner_of(firm, one)[1] for one in (under, other)] == [firm.new.address, some.address]


# --- on pages ------------------------------------------------------------------------------------------------------


def test_the_pages_lead_from_the_document_to_the_approval(firm: Cast, plan: Path) -> None:
    site, sealed = Site(firm, {}), protect(firm.old, plan)
    host = "firm.localhost:8000"
    fay, gus = site.browser(host, firm.fay), site.browser(host, firm.gus)
    asked = f"/hand-overs/new/?chosen={sealed.cid}"
    assert asked in fay.get(f"/documents/{sealed.cid}/").content.decode()
    form = {"chosen": str(sealed.cid), "to": firm.new.address}
    assert "Hand 1 document over to" in fay.post(asked, form).content.decode()
    done = fay.post(asked, {**form, "confirm": firm.new.address, "reason": "Moves on"})
    assert done["Location"] == "/hand-overs/"
    with in_organization(firm.organizations["firm"].id):
        waiting = HandOver.objects.get(cids=[sealed.cid])
    page = f"/hand-overs/{waiting.id}/"
    assert "Withdraw it" in fay.get(page).content.decode()
    seen_by_gus = gus.get(page).content.decode()
    assert "Approve" in seen_by_gus
    assert plan.name in seen_by_gus, "what is approved has a name"
    assert plan.name not in new_page(site, host, firm.new, page), "who is to get it does not read it before"
    gus.post(f"{page}answer/", {"act": "approve", "confirm": firm.new.address})
    assert owner_of(firm, sealed)[1] == firm.new.address
    assert page in new_page(site, host, firm.new, "/hand-overs/")
    new = site.browser(host, firm.new)
    assert plan.name in new_page(site, host, firm.new, page)
    assert site.browser(host, leaver(firm)).get(page).status_code == 404
    # The new owner hands back what is still theirs to hand back, by one button and a question.
    other = protect(firm.old, plan)
    assert "Hand them back" in new.get(page).content.decode()
    both: dict[str, Any] = {"chosen": [str(sealed.cid), str(other.cid)], "to": firm.old.address}
    assert "Hand 1 document over to" in new.post("/hand-overs/new/", both).content.decode()
    new.post("/hand-overs/new/", {**both, "confirm": firm.old.address})
    assert owner_of(firm, sealed) == owner_of(firm, other) == (firm.old.address, firm.old.address)


def new_page(site: Site, host: str, player: Player, path: str) -> str:
    found = site.browser(host, player).get(path)
    assert found.status_code == 200, path
    return str(found.content.decode())


def test_whoever_goes_is_asked_about_their_documents(firm: Cast, plan: Path) -> None:
    """Disabling, removing and leaving name what is left behind, offer to hand it over, and a list keeps it in sight."""
    site, host, gone = Site(firm, {}), "firm.localhost:8000", leaver(firm)
    sealed = protect(gone, plan)
    person, offer = f"/people/{gone.id}/", f"/hand-overs/new/?owner={gone.id}"
    shown = new_page(site, host, firm.fay, person)
    assert f"owner={gone.id}" in shown
    assert "1 document is theirs" in shown
    fay = site.browser(host, firm.fay)
    for path, act in ((person, "disable"), (f"{person}remove/", "")):
        asked = fay.post(path, {"act": act}).content.decode()
        assert offer in asked
        assert "1 document is theirs" in asked
    leaving = site.browser(host, gone).post("/leave/").content.decode()
    assert offer in leaving
    assert f'value="{gone.id}"' in new_page(site, host, gone, offer)
    done = confirmed(firm.fay, "firm", "PATCH", f"people/{gone.id}", {"disabled": True}).json()
    assert any("without an owner who is here" in one for one in done["warnings"])
    assert gone.address in new_page(site, host, firm.fay, "/people/departed/")
    # The list is found by owner and by issuer, by address and by id.
    for query in (f"owner={gone.id}", f"owner={gone.address}", f"issuer={gone.address}"):
        found = call(firm.fay, "firm", "GET", f"documents?scope=all&{query}").json()["results"]
        assert [one["cid"] for one in found] == [str(sealed.cid)]
    assert gone.address in new_page(site, host, firm.fay, f"/documents/?scope=all&owner={gone.id}")
    assert call(firm.fay, "firm", "GET", "documents?scope=all&owner=nobody").json()["results"] == []
