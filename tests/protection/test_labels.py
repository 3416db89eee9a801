"""Labels: linked to templates one to one, and what happens to a document that is given another one."""

import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner

from chancery.cli.main import main
from chancery.policy.policy import Conditions
from chancery.sdk.errors import Misused, Refused
from chancery.sdk.results import Protected
from chancery.sdk.session import Session
from protection.models import Content
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.asking import command
from tests.protection.steps import MAX, RITA, call, confirmed, ledger, opening, problem, protect, refusal, rights
from tests.protection.test_template_reach import made as template


def label(cast: Cast, sensitivity: int = 10, effect: str = "none", publish: bool = True, **more: Any) -> str:
    """Make a label; return its id."""
    body = {"names": {"en": f"Label {uuid4().hex[:6]}"}, "sensitivity": sensitivity, "effect": effect, **more}
    answer = call(cast.ada, "contoso", "POST", "labels", body)
    assert answer.status_code == 201, answer.content
    identity = str(answer.json()["id"])
    if publish:
        assert call(cast.ada, "contoso", "POST", f"labels/{identity}/publish").status_code == 200
    return identity


def relabel(player: Player, cid: UUID, to: str, justification: str = "") -> Any:
    return call(player, "contoso", "POST", f"documents/{cid}/label", {"label": to, "justification": justification})


def outcome(answer: Any) -> tuple[str, str, bool]:
    made = answer.json()
    return made["outcome"], made["where"], made["changed"]


def on_record(cast: Cast, cid: UUID) -> tuple[str | None, str | None]:
    """Return label and template of a document."""
    with in_organization(cast.organizations["contoso"].id):
        row = Content.objects.get(cid=cid)
    return str(row.label_id) if row.label_id else None, str(row.template_id) if row.template_id else None


def labeled(cast: Cast, plan: Path, to: str, **options: Any) -> Protected:
    return protect(cast.olga, plan, label=to, **options)


# --- one to one ---------------------------------------------------------------------------------------------------


def test_a_template_belongs_to_one_label_in_use(cast: Cast) -> None:
    linked = template(cast)
    first = label(cast, effect="protect", template=linked)
    second = label(cast, effect="protect", template=linked, publish=False)
    problem(call(cast.ada, "contoso", "POST", f"labels/{second}/publish"), 409, "conflict")
    assert confirmed(cast.ada, "contoso", "POST", f"labels/{first}/archive").status_code == 200
    assert call(cast.ada, "contoso", "POST", f"labels/{second}/publish").status_code == 200


def test_a_linked_template_is_chosen_by_its_label_alone_and_not_archived_under_it(cast: Cast) -> None:
    linked = template(cast)
    place = cast.olga.session.own_organization()
    assert linked in {one["id"] for one in place.offered(newest=True).results}
    identity = label(cast, effect="protect", template=linked)
    assert linked not in {one["id"] for one in place.offered(newest=True).results}
    assert place.label(identity)["template"]["id"] == linked
    found = problem(call(cast.ada, "contoso", "POST", f"templates/{linked}/archive"), 409, "conflict")
    assert found["next_step"] == "Archive the label first."


def test_a_label_is_offered_only_to_those_who_are_offered_its_template(cast: Cast) -> None:
    identity = label(cast, effect="protect", template=template(cast, scope=[cast.olga.address]))
    assert identity in {one["id"] for one in cast.olga.session.own_organization().labels()}
    assert identity not in {one["id"] for one in cast.max.session.own_organization().labels()}


@pytest.mark.parametrize(
    "wrong",
    [{"effect": "protect"}, {"effect": "none", "template": "own"}, {"sensitivity": 1001}, {"names": {"en": " "}}],
)
def test_a_label_that_makes_no_sense_is_refused(cast: Cast, wrong: dict[str, Any]) -> None:
    body = {"names": {"en": "Wrong"}, "sensitivity": 1, "effect": "none", **wrong}
    if body.get("template") == "own":
        body["template"] = template(cast)
    assert call(cast.ada, "contoso", "POST", "labels", body).status_code == 400


# --- protecting ---------------------------------------------------------------------------------------------------


def test_a_file_protected_by_a_label_follows_its_template_and_carries_it(cast: Cast, plan: Path) -> None:
    linked = template(cast)
    identity = label(cast, effect="protect", template=linked)
    sealed = labeled(cast, plan, identity)
    assert on_record(cast, sealed.cid) == (identity, linked)
    assert rights(cast.rita, sealed.path) == {"VIEW"}


def test_a_label_that_does_not_protect_protects_nothing(cast: Cast, plan: Path) -> None:
    with pytest.raises(Misused, match="does not protect"):
        labeled(cast, plan, label(cast))


def test_a_label_that_does_not_protect_goes_with_grants_of_ones_own(cast: Cast, plan: Path) -> None:
    identity = label(cast)
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW", label=identity)
    assert on_record(cast, sealed.cid) == (identity, None)
    assert rights(cast.max, sealed.path) == {"VIEW"}
    protecting = label(cast, 10, "protect", template=template(cast))
    with pytest.raises(Misused, match="brings its own grants"):
        protect(cast.olga, plan, f"{MAX}:VIEW", label=protecting)
    with pytest.raises(Misused, match="brings its own conditions"):
        protect(cast.olga, plan, label=protecting, conditions=Conditions(not_after=1))


def test_two_labels_in_use_have_no_name_in_common(cast: Cast) -> None:
    name = f"Twin {uuid4().hex[:6]}"
    label(cast, names={"en": name})
    other = label(cast, publish=False, names={"en": "Other", "de": name.upper()})
    found = problem(call(cast.ada, "contoso", "POST", f"labels/{other}/publish"), 409, "conflict")
    assert name in found["detail"]


# --- another label ------------------------------------------------------------------------------------------------


def test_a_label_that_says_nothing_about_protection_keeps_what_somebody_chose(cast: Cast, plan: Path) -> None:
    sealed, to = protect(cast.olga, plan, f"{RITA}:VIEW,PRINT"), label(cast)
    assert outcome(relabel(cast.olga, sealed.cid, to)) == ("kept", "done", True)
    assert on_record(cast, sealed.cid) == (to, None)
    assert rights(cast.rita, sealed.path) == {"VIEW", "PRINT"}


def test_a_label_that_protects_replaces_the_protection_of_every_copy(cast: Cast, plan: Path) -> None:
    sealed, linked = protect(cast.olga, plan, f"{MAX}:VIEW,PRINT"), template(cast)
    to = label(cast, 30, "protect", template=linked)
    assert outcome(relabel(cast.olga, sealed.cid, to)) == ("replaced", "done", True)
    assert on_record(cast, sealed.cid) == (to, linked)
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    refusal(cast.max, sealed.path)


def test_what_came_with_a_label_goes_with_it(cast: Cast, plan: Path) -> None:
    sealed = labeled(cast, plan, label(cast, 10, "protect", template=template(cast)))
    answer = relabel(cast.olga, sealed.cid, label(cast, 20), "It was published.")
    assert outcome(answer) == ("removed", "at_the_file", True)


def test_after_a_change_of_its_own_the_protection_is_the_documents_and_stays(cast: Cast, plan: Path) -> None:
    sealed = labeled(cast, plan, label(cast, 10, "protect", template=template(cast)))
    own = {"grants": [{"who": f"address:{MAX}", "rights": ["VIEW"]}]}
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": own}).status_code == 200
    assert relabel(cast.olga, sealed.cid, label(cast, 20)).json()["outcome"] == "kept"


def test_lowering_asks_for_a_justification_and_keeps_it_on_record(cast: Cast, plan: Path) -> None:
    high, low = (label(cast, number, "protect", template=template(cast)) for number in (30, 10))
    sealed = labeled(cast, plan, high)
    problem(relabel(cast.olga, sealed.cid, low), 400, "justification_needed")
    assert on_record(cast, sealed.cid)[0] == high
    assert relabel(cast.olga, sealed.cid, low, "  ").status_code == 400
    assert relabel(cast.olga, sealed.cid, low, "The merger is public.").status_code == 200
    (event,) = ledger(cast, "contoso", "content.labeled", cid=sealed.cid)
    assert {name: event.details[name] for name in ("label", "before", "outcome", "reason")} == {
        "label": low,
        "before": high,
        "outcome": "replaced",
        "reason": "The merger is public.",
    }


def test_the_same_label_again_changes_nothing(cast: Cast, plan: Path) -> None:
    linked = template(cast)
    to, end = label(cast, 30, "protect", template=linked), 4_000_000_000
    sealed = labeled(cast, plan, to, expires=end)
    for player in (cast.olga, cast.ada):
        assert outcome(relabel(player, sealed.cid, to)) == ("kept", "done", False)
    with in_organization(cast.organizations["contoso"].id):
        assert Content.objects.get(cid=sealed.cid).expires == end
    assert ledger(cast, "contoso", "content.labeled", "content.changed", cid=sealed.cid) == []
    assert cast.olga.session.relabel(sealed.path, to).outcome == "kept"
    plain = protect(cast.olga, plan)
    word = label(cast)
    assert [relabel(cast.olga, plain.cid, word).status_code for _ in range(2)] == [200, 200]
    assert len(ledger(cast, "contoso", "content.labeled", cid=plain.cid)) == 1


def test_the_same_label_brings_its_protection_back_after_a_change(cast: Cast, plan: Path) -> None:
    linked = template(cast)
    to = label(cast, 30, "protect", template=linked)
    sealed = labeled(cast, plan, to)
    own = {"grants": [{"who": f"address:{MAX}", "rights": ["VIEW"]}]}
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": own}).status_code == 200
    assert relabel(cast.olga, sealed.cid, to).json()["outcome"] == "replaced"
    assert on_record(cast, sealed.cid) == (to, linked)


# --- who may ------------------------------------------------------------------------------------------------------


def test_a_reader_changes_no_label(cast: Cast, plan: Path) -> None:
    sealed, to = protect(cast.olga, plan, f"{MAX}:VIEW"), label(cast, 30, "protect", template=template(cast))
    problem(relabel(cast.max, sealed.cid, to), 403, "may_not_relabel")
    problem(relabel(cast.rita, sealed.cid, to), 404, "not_found")
    assert on_record(cast, sealed.cid) == (None, None)


def test_the_right_to_export_replaces_the_protection_of_one_copy_alone(cast: Cast, plan: Path) -> None:
    sealed, to = protect(cast.olga, plan, f"{MAX}:VIEW,EXPORT"), label(cast, 30, "protect", template=template(cast))
    done = cast.max.session.relabel(sealed.path, to)
    assert done.outcome == "replaced"
    assert done.cid != sealed.cid
    assert on_record(cast, sealed.cid) == (None, None)
    assert on_record(cast, done.cid)[0] == to
    assert rights(cast.rita, sealed.path) == {"VIEW"}


def test_an_administrator_by_role_narrows_by_a_label_and_does_not_widen(cast: Cast, plan: Path) -> None:
    wide = protect(cast.olga, plan, f"{RITA}:VIEW,PRINT", f"{MAX}:VIEW")
    strict = label(cast, 30, "protect", template=template(cast))
    assert relabel(cast.ada, wide.cid, strict).status_code == 200
    narrow = protect(cast.olga, plan, f"{MAX}:VIEW")
    problem(relabel(cast.ada, narrow.cid, strict), 403, "widening_not_allowed")
    assert on_record(cast, narrow.cid) == (None, None)


def test_an_administrator_does_not_widen_in_two_steps_by_editing_the_template_later(cast: Cast, plan: Path) -> None:
    sealed, linked = protect(cast.olga, plan, f"{RITA}:VIEW"), template(cast)
    assert relabel(cast.ada, sealed.cid, label(cast, 30, "protect", template=linked)).status_code == 200
    assert on_record(cast, sealed.cid)[1] is None, "what the template says now is the document's own policy"
    wider = {"policy": {"grants": {MAX: ["VIEW", "EXPORT"]}}}
    assert call(cast.ada, "contoso", "PATCH", f"templates/{linked}", wider).status_code == 200
    refusal(cast.max, sealed.path)


def test_an_administrator_brings_back_the_template_that_the_owner_had_chosen(cast: Cast, plan: Path) -> None:
    linked = template(cast)
    chosen = label(cast, 30, "protect", template=linked)
    sealed = labeled(cast, plan, chosen, offline_days=3)
    nobody = {"policy": {"grants": [], "offline_days": 0}}
    assert confirmed(cast.ada, "contoso", "PUT", f"documents/{sealed.cid}/policy", nobody).status_code == 200
    refusal(cast.rita, sealed.path)
    other = label(cast, 40, "protect", template=template(cast))
    problem(relabel(cast.ada, sealed.cid, other), 403, "widening_not_allowed")
    assert relabel(cast.ada, sealed.cid, chosen).status_code == 200
    assert on_record(cast, sealed.cid) == (chosen, linked)
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    shown = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/policy").json()
    assert shown["policy"]["offline_days"] == 3, "the limit that the publisher had set beside it too"


def test_a_removal_is_done_at_the_file_with_the_right_to_remove_protection(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW,EXPORT", f"{RITA}:VIEW")
    to = label(cast, 0, "remove")
    with pytest.raises(Refused):
        opening_then_remove(cast.rita, sealed, to)
    text = plan.read_bytes()
    plan.unlink()
    done = cast.max.session.relabel(sealed.path, to, justification="It is printed in the papers.")
    assert (done.path, done.path.read_bytes()) == (plan, text)
    assert not sealed.path.exists()


def opening_then_remove(player: Player, sealed: Protected, to: str) -> None:
    opening(player, sealed.path)
    asked = relabel(player, sealed.cid, to, "I would like to.")
    problem(asked, 403, "may_not_relabel")
    player.session.unprotect(sealed.path)


def test_a_label_is_given_by_those_to_whom_it_is_offered(cast: Cast, plan: Path) -> None:
    hers = label(cast, 30, "protect", template=template(cast, scope=[cast.olga.address]))
    mine = protect(cast.max, plan)
    problem(relabel(cast.max, mine.cid, hers), 404, "not_found")
    assert hers not in {one["id"] for one in can_be_given(cast.max, mine.cid)["results"]}
    assert on_record(cast, mine.cid) == (None, None)
    assert relabel(cast.olga, protect(cast.olga, plan).cid, hers).status_code == 200


def can_be_given(player: Player, cid: UUID) -> dict[str, Any]:
    answer = call(player, "contoso", "GET", f"documents/{cid}/label")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_who_may_relabel_sees_what_each_label_would_do(cast: Cast, plan: Path) -> None:
    high, low = (label(cast, number, "protect", template=template(cast)) for number in (30, 10))
    word, off = label(cast, 40), label(cast, 0, "remove")
    sealed = labeled(cast, plan, high)
    found = can_be_given(cast.olga, sealed.cid)
    assert found["present"]["id"] == high
    told = {one["id"]: (one["outcome"], one["where"], one["lowers"]) for one in found["results"]}
    assert high not in told
    assert told[low] == ("replaced", "done", True)
    assert told[word] == ("removed", "at_the_file", True)
    assert told[off] == ("removed", "at_the_file", True)


def test_labels_that_a_person_cannot_assign_are_not_shown_to_them(cast: Cast, plan: Path) -> None:
    word, strict, off = label(cast, 40), label(cast, 30, "protect", template=template(cast)), label(cast, 0, "remove")
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW,EXPORT", f"{RITA}:VIEW")
    told = {one["id"]: (one["outcome"], one["where"]) for one in can_be_given(cast.max, sealed.cid)["results"]}
    assert (told[strict], told[off]) == (("replaced", "at_the_file"), ("removed", "at_the_file"))
    assert word not in told
    assert {word, strict} <= {one["id"] for one in can_be_given(cast.ada, sealed.cid)["results"]}
    assert off not in {one["id"] for one in can_be_given(cast.ada, sealed.cid)["results"]}
    problem(call(cast.rita, "contoso", "GET", f"documents/{sealed.cid}/label"), 403, "may_not_relabel")
    problem(call(cast.mallory, "contoso", "GET", f"documents/{sealed.cid}/label"), 404, "not_found")
    with pytest.raises(Refused, match="not change its label"):
        cast.rita.session.relabel(sealed.path, strict)


def test_an_outside_holder_of_the_right_to_edit_rights_gives_a_label_too(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = template(cast)
    to = label(cast, 30, "protect", template=linked)
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW,VIEWRIGHTSDATA,EDITRIGHTSDATA")
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(cast.rita.session))
    done = CliRunner().invoke(main, ["relabel", "--label", to, str(sealed.path)])
    assert done.exit_code == 0, done.output
    assert on_record(cast, sealed.cid) == (to, linked)


def test_an_archived_label_is_given_to_nothing(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan)
    problem(relabel(cast.olga, sealed.cid, label(cast, publish=False)), 404, "not_found")


def test_the_record_is_read_whatever_its_events_call_their_parts(cast: Cast, plan: Path) -> None:
    """A change of a role has a "before" too, which is no label."""
    person = cast.join(f"p{uuid4().hex[:6]}", "contoso")
    patch = {"role": "auditor", "reason": "A test"}
    assert confirmed(cast.ada, "contoso", "PATCH", f"people/{person.id}", patch).status_code == 200
    sealed, low = (
        labeled(cast, plan, label(cast, 30, "protect", template=template(cast))),
        label(cast, 10, "protect", template=template(cast)),
    )
    assert relabel(cast.olga, sealed.cid, low, "It is known.").status_code == 200
    answer = Site(cast, {}).browser("contoso.localhost:8000", cast.ada).get("/audit/")
    assert answer.status_code == 200
    changed = "changed the label of “plan.txt” from “Label [0-9a-f]+” to “Label [0-9a-f]+”"
    assert re.search(changed, answer.content.decode().replace("<wbr>", ""))


def test_an_outsider_does_not_see_who_is_in_a_template(cast: Cast, plan: Path) -> None:
    secret = f"secret-{uuid4().hex[:6]}@contoso.example"
    linked = template(cast, policy={"grants": [{"who": secret, "rights": ["VIEW"]}]})
    label(cast, 30, "protect", template=linked)
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW,EDITRIGHTSDATA")
    pages = Site(cast, {})
    shown = [
        pages.browser("contoso.localhost:8000", who).get(f"/documents/{sealed.cid}/label/").content.decode()
        for who in (cast.rita, cast.olga)
    ]
    assert [secret in page for page in shown] == [False, True]


# --- in the browser and at the command line -----------------------------------------------------------------------


def test_labels_are_made_and_given_at_the_command_line(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, linked = f"Secret {uuid4().hex[:6]}", template(cast)
    command(cast.ada, monkeypatch, "label", "create", name, "--sensitivity", "40", "--template", linked, "--publish")
    assert name in command(cast.olga, monkeypatch, "labels").output
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW")
    monkeypatch.undo()
    assert cast.olga.session.relabel(sealed.path, name).outcome == "replaced"
    command(cast.ada, monkeypatch, "label", "edit", name, "--sensitivity", "50")
    command(cast.ada, monkeypatch, "label", "archive", name, "--yes")
    assert name not in command(cast.olga, monkeypatch, "labels").output


def test_a_file_that_cannot_be_relabeled_does_not_keep_others_from_it(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = label(cast, 30, "protect", template=template(cast))
    foreign, own = protect(cast.max, plan), protect(cast.olga, plan)
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(cast.olga.session))
    done = CliRunner().invoke(main, ["relabel", "--label", to, str(foreign.path), str(own.path)])
    assert done.exit_code != 0
    assert f"{own.path}: The label is “" in done.output
    assert on_record(cast, foreign.cid)[0] is None
    assert on_record(cast, own.cid)[0] == to


def test_labels_are_made_and_given_in_the_browser(cast: Cast, plan: Path) -> None:
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    name, linked = f"Page {uuid4().hex[:6]}", template(cast)
    draft = {"name": name, "sensitivity": "40", "effect": "protect", "template": linked, "publish": "1"}
    assert browser.post("/labels/new/", draft).status_code == 302
    assert name in browser.get("/labels/").content.decode()
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW")
    olga = Site(cast, {}).browser("contoso.localhost:8000", cast.olga)
    path = f"/documents/{sealed.cid}/label/"
    shown = olga.get(path).content.decode()
    assert f"{name}: The label&#x27;s template takes the place" in shown
    chosen = next(one["id"] for one in cast.olga.session.own_organization().labels() if one["name"] == name)
    assert olga.post(path, {"label": chosen}).status_code == 302
    assert on_record(cast, sealed.cid) == (chosen, linked)
    assert name in olga.get(f"/documents/{sealed.cid}/").content.decode()
    lower = label(cast, 5, "protect", template=template(cast))
    assert "say why" in olga.post(path, {"label": lower}).content.decode()
    assert olga.post(path, {"label": lower, "justification": "It is known."}).status_code == 302
    assert on_record(cast, sealed.cid)[0] == lower


def test_the_right_to_relabel_works_in_the_browser(cast: Cast, plan: Path) -> None:
    linked = template(cast)
    to, off = label(cast, 30, "protect", template=linked), label(cast, 0, "remove")
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW,EDITRIGHTSDATA", f"{MAX}:VIEW,EXPORT")
    other = protect(cast.olga, plan, f"{RITA}:VIEW")
    rita, max_ = (Site(cast, {}).browser("contoso.localhost:8000", one) for one in (cast.rita, cast.max))
    link = f'href="/documents/{sealed.cid}/label/"'
    assert link in rita.get(f"/documents/{sealed.cid}/access/").content.decode()
    assert link in max_.get(f"/documents/{sealed.cid}/access/").content.decode()
    assert "/label/" not in rita.get(f"/documents/{other.cid}/access/").content.decode()
    assert rita.get(f"/documents/{other.cid}/label/").status_code == 404
    path = f"/documents/{sealed.cid}/label/"
    told = max_.get(path).content.decode()
    assert f"chancery relabel --label {to} FILE" in told
    assert f"chancery relabel --label {off} --justification WHY FILE" in told
    assert "<form" not in told.partition("<main")[2].partition("</main>")[0]
    shown = rita.get(path).content.decode()
    assert "The label of this document" in shown
    assert str(off) not in shown
    assert rita.post(path, {"label": to}).headers["Location"] == f"/documents/{sealed.cid}/access/"
    assert on_record(cast, sealed.cid) == (to, linked)
