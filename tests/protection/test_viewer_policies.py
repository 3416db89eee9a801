"""Viewer-only policies and watermarks are set at every interface under one name, and narrow."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from chancery.cli.main import main
from chancery.policy.narrowing import narrows
from chancery.policy.policy import Enforcement, Policy
from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import Session
from protection.models import Content
from tenants.context import in_organization
from tests.cast import Cast
from tests.protection.steps import RITA, call, problem, protect, refusal, rights
from tests.protection.viewing import a_worker_is_there, asks, license_in

VIEWER = {"grants": [{"who": RITA, "rights": ["VIEW"]}], "enforcement": "viewer", "watermark": True}


def stored(cast: Cast, cid: UUID) -> dict[str, Any]:
    with in_organization(cast.organizations["contoso"].id):
        found: dict[str, Any] = Content.objects.get(cid=cid).policy or {}
    return found


def test_every_interface_makes_one(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW")
    assert call(cast.olga, "contoso", "POST", "publications", {"policy": VIEWER}).status_code == 201
    asked = problem(
        call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": VIEWER}),
        409,
        "confirmation_required",
    )
    assert asked["consequences"][0].startswith("These see drawn pages in their browser from then on")
    change = {"policy": VIEWER, "confirm": asked["confirm"]}
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", change).status_code == 200
    assert (stored(cast, sealed.cid)["enforcement"], stored(cast, sealed.cid)["watermark"]) == ("viewer", True)
    made = call(cast.ada, "contoso", "POST", "templates", {"names": {"en": "Viewer only"}, "policy": VIEWER})
    assert made.status_code == 201
    template = json.loads(made.content)["id"]
    assert call(cast.ada, "contoso", "POST", f"templates/{template}/publish").status_code == 200
    exported = json.loads(call(cast.ada, "contoso", "GET", f"templates/export?id={template}").content)["text"]
    assert '"enforcement": "viewer"' in exported
    by_template = protect(cast.olga, plan, template=template)
    assert refusal(cast.rita, by_template.path).reason == "viewer_only"


def test_one_that_was_sealed_offline_is_registered_with_it(cast: Cast, plan: Path) -> None:
    protect(cast.olga, plan)
    options = ProtectOptions(grants=(f"{RITA}:VIEW",), enforcement=Enforcement.VIEWER)
    sealed = cast.olga.offline().protect(plan, options, target=plan.with_name("viewer.sealed"))
    with a_worker_is_there():
        assert license_in(asks(cast.rita, sealed.path)).key is None
    assert stored(cast, sealed.cid)["enforcement"] == "viewer"


def test_commands_set_and_lift_it(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "open", lambda **_: nullcontext(cast.olga.session))
    words = ["protect", str(plan), "--grant", f"{RITA}:VIEW", "--viewer-only", "--watermark"]
    done = CliRunner().invoke(main, ["--json", *words])
    assert done.exit_code == 0, done.output
    cid = UUID(json.loads(done.stdout)["cid"])
    assert (stored(cast, cid)["enforcement"], stored(cast, cid)["watermark"]) == ("viewer", True)
    done = CliRunner().invoke(main, ["--json", "change", str(cid), "--no-viewer-only", "--no-watermark", "--yes"])
    assert done.exit_code == 0, done.output
    assert (stored(cast, cid)["enforcement"], "watermark" in stored(cast, cid)) == ("client", False)


def test_asking_for_it_narrows_and_lifting_it_widens() -> None:
    plain, viewer, marked = Policy(), Policy(enforcement=Enforcement.VIEWER), Policy(watermark=True)
    for narrow in (viewer, marked):
        assert narrows(narrow, plain)
        assert not narrows(plain, narrow)


def test_what_is_taken_out_of_the_viewer_opens_again(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", enforcement=Enforcement.VIEWER)
    assert refusal(cast.rita, sealed.path).reason == "viewer_only"
    change = {"policy": {**VIEWER, "enforcement": "client"}}
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", change).status_code == 200
    assert rights(cast.rita, sealed.path) == {"VIEW"}


def test_reader_and_owner_are_told_where_it_opens(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", enforcement=Enforcement.VIEWER)
    words = ["It opens in the browser only, page by page, except for its owner and people with the right to export."]
    for player, path in ((cast.rita, "why"), (cast.olga, f"why?who={RITA}"), (cast.olga, "recipients")):
        answer = json.loads(call(player, "contoso", "GET", f"documents/{sealed.cid}/{path}").content)
        assert answer["at_opening"] == words, path


def test_kept_licenses_end_when_the_document_becomes_viewer_only(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW")
    before = license_in(asks(cast.rita, sealed.path))
    assert before.key is not None
    asked = problem(
        call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": VIEWER}),
        409,
        "confirmation_required",
    )
    assert asked["consequences"][0].startswith("These see drawn pages in their browser from then on")
    change = {"policy": VIEWER, "confirm": asked["confirm"]}
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", change).status_code == 200
    with a_worker_is_there():
        after = license_in(asks(cast.rita, sealed.path))
    assert (after.key, after.rev > before.rev) == (None, True)


def test_programs_learn_of_a_watermark_and_may_pass_over_it(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", watermark=True)
    assert rights(cast.rita, sealed.path) == {"VIEW"}
    use = license_in(asks(cast.rita, sealed.path))
    assert (use.watermark, use.obligations, use.key is None) == (True, {}, False)
    plain = protect(cast.olga, plan, f"{RITA}:VIEW")
    assert not license_in(asks(cast.rita, plain.path)).watermark
    problem(call(cast.olga, "contoso", "POST", "publications", {"policy": {"watermark": 1}}), 400, "invalid_policy")
