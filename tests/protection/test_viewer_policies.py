"""A policy that asks for the viewer is neither made nor registered while there is none; stored ones are readable."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chancery.policy.policy import Enforcement
from chancery.sdk import publication
from chancery.sdk.errors import Refused
from chancery.sdk.options import ProtectOptions, ad_hoc_policy
from protection.models import Content, TemplateVersion
from tenants.context import in_organization
from tests.cast import Cast
from tests.protection.steps import MAX, RITA, call, ledger, opening, problem, protect, refusal, rights

VIEWER = {"grants": [{"who": RITA, "rights": ["VIEW"]}], "enforcement": "viewer"}


def template(cast: Cast, name: str) -> UUID:
    body = {"names": {"en": name}, "policy": {**VIEWER, "enforcement": "client"}}
    return UUID(call(cast.ada, "contoso", "POST", "templates", body).json()["id"])


def test_no_interface_makes_one(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW")
    made = template(cast, "Not in the viewer")
    exported = call(cast.ada, "contoso", "GET", f"templates/export?id={made}").json()["text"]
    for who, method, path, body in (
        ("olga", "POST", "publications", {"policy": VIEWER}),
        ("olga", "PUT", f"documents/{sealed.cid}/policy", {"policy": VIEWER}),
        ("ada", "POST", "templates", {"names": {"en": "Viewer"}, "policy": VIEWER}),
        ("ada", "PUT", f"templates/{made}", {"names": {"en": "Viewer"}, "policy": VIEWER}),
        ("ada", "POST", "previews", {"kind": "template", "target": str(made), "change": {"policy": VIEWER}}),
    ):
        answer = call(cast.players[who], "contoso", method, path, body)
        assert answer.status_code == 400, (path, answer.content)
    problem(call(cast.olga, "contoso", "POST", "publications", {"policy": VIEWER}), 400, "not_supported")
    file = exported.replace('"enforcement": "client"', '"enforcement": "viewer"')
    assert file != exported
    answer = call(cast.ada, "contoso", "POST", "templates/import", {"text": file})
    assert "there is no viewer yet" in problem(answer, 400, "invalid_import")["detail"]


def test_one_that_was_sealed_offline_is_not_registered_and_no_forgery(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect(cast.olga, plan)

    def asks_for_the_viewer(options: ProtectOptions) -> Any:
        return replace(ad_hoc_policy(options), enforcement=Enforcement.VIEWER)

    monkeypatch.setattr(publication, "ad_hoc_policy", asks_for_the_viewer)
    sealed = cast.olga.offline().protect(
        plan, ProtectOptions(grants=(f"{RITA}:VIEW",)), target=plan.with_name("viewer.sealed")
    )
    place = cast.olga.session.own_organization()
    assert refusal(cast.rita, sealed.path).reason == "not_supported"
    place.send_waiting()
    (dropped,) = [one for one in place.dropped if one.cid == sealed.cid]
    assert (dropped.reason, "cannot do yet" in dropped.message) == ("not_supported", True)
    assert ledger(cast, "contoso", "content.tampered") == []
    (_, event) = ledger(cast, "contoso", "content.registered", outcome="refused")
    assert "viewer" in event.details["what"]


def test_what_was_stored_before_is_read_and_shown_unchanged(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW,EXPORT")
    made = template(cast, "Stored before")
    with in_organization(cast.organizations["contoso"].id):
        content = Content.objects.get(cid=sealed.cid)
        content.policy = {**(content.policy or {}), "enforcement": "viewer"}
        content.save(update_fields=["policy"])
        version = TemplateVersion.objects.get(template_id=made)
        version.policy = {**version.policy, "enforcement": "viewer"}
        version.save(update_fields=["policy"])
    with pytest.raises(Refused) as refused:
        opening(cast.rita, sealed.path)
    assert refused.value.reason == "viewer_only"
    assert "there is no viewer yet" in refused.value.message
    assert "EXPORT" in rights(cast.max, sealed.path), "who may take it off opens it"
    shown = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}/policy").json()
    assert shown["policy"]["enforcement"] == "viewer"
    kept = {**shown["policy"], "grants": [{"who": RITA, "rights": ["VIEW"]}]}
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": kept}).status_code == 200
    problem(call(cast.ada, "contoso", "POST", f"templates/{made}/publish"), 400, "not_supported")
    freed = {**kept, "enforcement": "client"}
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": freed}).status_code == 200
    assert rights(cast.rita, sealed.path) == {"VIEW"}
