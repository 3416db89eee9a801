"""The service as a whole: batches, repeated writes, limits, errors, keys, and the switch."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chancery.objects import jws
from chancery.objects.batch import Refusal, UseLicenseBatch
from chancery.objects.jws import b64
from chancery.objects.use import UseLicense
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sealing.read import open_sealed
from portal import throttle
from tenants.organizations.services.resume_organization import resume_organization
from tenants.organizations.services.suspend_organization import suspend_organization
from tests.cast import ACTOR, Cast
from tests.fresh_cast import forget
from tests.protection.steps import RITA, call, confirmed, ledger, objects, opening, problem, protect, refusal, rights


@pytest.fixture
def sealed(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)


# --- batches ------------------------------------------------------------------------------------------------------


def batch(cast: Cast, items: list[dict[str, str]]) -> UseLicenseBatch:
    answer = call(cast.rita, "contoso", "POST", "licenses/batch", {"items": items})
    assert answer.status_code == 200, answer.content
    place = cast.rita.session.organization(cast.organizations["contoso"].id)
    account = cast.rita.session.account
    chain = place.chain(answer.json()["delegation"])
    return UseLicenseBatch.verify(answer.json()["batch"], chain=chain, sub=account.person, dev=account.device)


def test_a_batch_answers_each_item_for_itself_and_in_order(cast: Cast, plan: Path) -> None:
    granted, refused, unseen = (
        protect(cast.olga, plan, f"{RITA}:VIEW"),
        protect(cast.olga, plan),
        cast.olga.offline().protect(
            plan, ProtectOptions(grants=(f"{RITA}:PRINT",)), target=plan.with_name(f"{uuid4().hex}.sealed")
        ),
    )
    tampered = {**objects(granted.path), "body_seal": objects(refused.path)["body_seal"]}
    items = [objects(granted.path), objects(refused.path), objects(unseen.path), tampered]
    made = batch(cast, items)
    kinds = [type(result) for result in made.results]
    assert kinds == [UseLicense, Refusal, UseLicense, Refusal]
    assert [result.reason for result in made.results if isinstance(result, Refusal)] == ["not_granted", "tampered"]
    account = cast.rita.session.account
    keys = made.content_keys(account.key_store(), account.encryption.key_id)
    assert len(keys) == 2
    with open_sealed(granted.path) as file:
        place = cast.rita.session.organization(cast.organizations["contoso"].id)
        file.verify(place.chain()).unlock(keys[0][1])
    outcomes = [
        [event.outcome for event in ledger(cast, "contoso", "content.opened", cid=document.cid)]
        for document in (granted, refused, unseen)
    ]
    assert [sorted(found) for found in outcomes] == [["allowed", "refused"], ["refused"], ["allowed"]]


def test_a_thousand_items_are_one_call_and_a_thousand_events(cast: Cast, sealed: Protected) -> None:
    opening(cast.rita, sealed.path)
    before = len(ledger_of(cast, sealed))
    with open_sealed(sealed.path) as file:
        item = {"pl": b64(file.publishing_license.digest), "seal": b64(file.body_seal.digest)}
    made = batch(cast, [item] * 1000)
    assert len({result.jti for result in made.results}) == 1000
    document = call(cast.olga, "contoso", "GET", f"documents/{sealed.cid}").json()["document"]
    assert document["opened"] == before + 1000


def ledger_of(cast: Cast, sealed: Protected) -> list[Any]:
    return ledger(cast, "contoso", "content.opened", cid=sealed.cid, outcome="allowed")


def test_a_batch_says_which_documents_must_come_whole_and_decides_nothing(
    cast: Cast, plan: Path, sealed: Protected
) -> None:
    """No opening of the known ones is recorded either: a client asks again for all, with the objects that lacked."""
    target = plan.with_name(f"{uuid4().hex}.sealed")
    unseen = cast.olga.offline().protect(plan, ProtectOptions(grants=(f"{RITA}:VIEW",)), target=target)
    known = {
        name: b64(jws.digest(token)) for name, token in zip(("pl", "seal"), objects(sealed.path).values(), strict=True)
    }
    bare = {
        name: b64(jws.digest(token)) for name, token in zip(("pl", "seal"), objects(unseen.path).values(), strict=True)
    }
    answer = call(cast.rita, "contoso", "POST", "licenses/batch", {"items": [known, bare, known, bare]})
    assert problem(answer, 409, "send_whole_license")["documents"] == [1, 3]
    assert ledger_of(cast, sealed) == []
    made = batch(cast, [known, objects(unseen.path), known, objects(unseen.path)])
    assert [type(result) for result in made.results] == [UseLicense] * 4


@pytest.mark.parametrize("items", [[], None, "x", [{}], [1], [{"pl": "AA", "seal": "AA"}], [{"pl": 1}]])
def test_a_batch_that_makes_no_sense_is_refused_whole(cast: Cast, items: Any) -> None:
    problem(call(cast.rita, "contoso", "POST", "licenses/batch", {"items": items}), 422, "invalid_object")


def test_a_batch_of_more_than_a_thousand_is_refused(cast: Cast) -> None:
    item = {"pl": b64(bytes(32)), "seal": b64(bytes(32))}
    problem(call(cast.rita, "contoso", "POST", "licenses/batch", {"items": [item] * 1001}), 422, "invalid_object")


def test_a_batch_of_a_thousand_whole_documents_is_one_call_and_no_larger_one(cast: Cast, sealed: Protected) -> None:
    items = [objects(sealed.path)] * 1000
    assert len(json.dumps(items)) > 2_621_440, "more than the framework takes by itself"
    assert len(batch(cast, items).results) == 1000
    padded = [{**items[0], "pad": "x" * 9_000_000}]
    problem(call(cast.rita, "contoso", "POST", "licenses/batch", {"items": padded}), 413, "too_large")


# --- repeated writes, limits, errors --------------------------------------------------------------------------------


def test_a_repeated_write_is_answered_and_not_done_again(cast: Cast, sealed: Protected) -> None:
    def revoke(reason: str) -> Any:
        headers = {"Idempotency-Key": key}
        return call(
            cast.olga,
            "contoso",
            "POST",
            f"documents/{sealed.cid}/revoke",
            {"reason": reason, "confirm": "plan.txt"},
            headers=headers,
        )

    key = uuid4().hex
    first, second = revoke("once"), revoke("once")
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert len(ledger(cast, "contoso", "content.revoked", cid=sealed.cid)) == 1
    problem(revoke("another"), 409, "idempotency_key_reused")


def test_a_client_in_a_loop_gets_the_time_to_come_back(cast: Cast, sealed: Protected) -> None:
    for kind in ("license", "api"):
        while not throttle.retry_after(f"{kind}:{cast.rita.id}", now=time.monotonic() + 30):
            pass
    try:
        answers = [
            call(cast.rita, "contoso", "POST", "licenses", objects(sealed.path)),
            call(cast.rita, "contoso", "GET", "feed"),
        ]
        for answer in answers:
            problem(answer, 429, "too_many_requests")
            assert int(answer["Retry-After"]) >= 1
        opening(cast.olga, sealed.path)  # Nobody else waits for it.
    finally:
        throttle.forget()


ERRORS: list[tuple[str, str, Any, int, str]] = [
    ("GET", "documents/00000000-0000-0000-0000-000000000000", None, 404, "not_found"),
    ("GET", "documents?cursor=nonsense", None, 400, "invalid"),
    ("GET", "documents?limit=many", None, 400, "invalid"),
    ("GET", "feed?since=-1", None, 400, "invalid"),
    ("GET", "people", None, 403, "permission_denied"),
    ("POST", "keys/rotate", {}, 403, "permission_denied"),
    ("DELETE", "documents", None, 403, "permission_denied"),
    ("POST", "publications", {"policy": {"grants": [{"who": "nobody", "rights": ["VIEW"]}]}}, 400, "invalid_policy"),
    ("POST", "publications", {"policy": {"unknown": 1}}, 400, "invalid_policy"),
    ("POST", "registrations", {"publishing_license": 1}, 422, "invalid_object"),
    ("POST", "events", {"events": "x"}, 422, "invalid_object"),
    ("POST", "licenses", [], 422, "invalid_object"),
    ("PUT", "licenses", {}, 405, "method_not_allowed"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), ERRORS)
def test_every_error_is_a_problem(cast: Cast, method: str, path: str, body: Any, status: int, code: str) -> None:
    problem(call(cast.olga, "contoso", method, path, body), status, code)


def test_a_policy_that_is_refused_names_the_entry_at_fault(cast: Cast) -> None:
    policy = {"grants": [{"who": RITA, "rights": ["VIEW"]}, {"who": "address:x@[192.0.2.1]", "rights": ["VIEW"]}]}
    answer = call(cast.olga, "contoso", "POST", "publications", {"policy": policy})
    assert problem(answer, 400, "invalid_policy")["entry"] == "address:x@[192.0.2.1]"
    assert "x@[192.0.2.1]" in answer.json()["detail"]


# --- the organization's switch and state ------------------------------------------------------------------------------


def test_a_service_that_is_switched_off_licenses_nobody_until_it_is_on_again(cast: Cast, plan: Path) -> None:
    cast.found("switched", "sven")
    sealed = protect(cast.sven, plan, f"{RITA}:VIEW", offline_days=0)
    assert confirmed(cast.sven, "switched", "POST", "service/deactivate", {}).status_code == 200
    assert refusal(cast.rita, sealed.path).reason == "service_inactive"
    assert refusal(cast.sven, sealed.path).reason == "service_inactive", "the issuer too"
    assert ledger(cast, "switched", "content.opened", cid=sealed.cid)[0].reason == "service_inactive"
    assert call(cast.sven, "switched", "POST", "service/activate", {}).status_code == 200
    assert call(cast.rita, "switched", "POST", "licenses", objects(sealed.path)).status_code == 200


def test_a_suspended_organization_answers_nobody(cast: Cast, plan: Path) -> None:
    made = cast.found("suspended", "sue")
    sealed = protect(cast.sue, plan, f"{RITA}:VIEW", offline_days=0)
    opening(cast.rita, sealed.path)
    suspend_organization(organization_id=made.id, reason="unpaid", actor=ACTOR)
    forget_hosts()
    problem(call(cast.rita, "suspended", "POST", "licenses", objects(sealed.path)), 403, "organization_suspended")
    assert call(cast.rita, "suspended", "GET", "feed").status_code == 200, "devices hear what has ended"
    resume_organization(organization_id=made.id, reason="paid", actor=ACTOR)
    forget_hosts()
    assert rights(cast.rita, sealed.path) == {"VIEW"}


def forget_hosts() -> None:
    """Let the seconds pass for which a process remembers whose host it is."""
    forget()


# --- keys ---------------------------------------------------------------------------------------------------------


def keys_of(cast: Cast) -> list[dict[str, Any]]:
    found = call(cast.kim, "keys", "GET", "keys").json()["results"]
    return [dict(key) for key in found]


def test_a_new_key_changes_no_template_and_what_one_protects_opens(cast: Cast, plan: Path) -> None:
    cast.found("rekeyed", "uma")
    grants = [{"who": RITA, "rights": ["VIEW"]}]
    made = call(cast.uma, "rekeyed", "POST", "templates", {"names": {"en": "For Rita"}, "policy": {"grants": grants}})
    assert call(cast.uma, "rekeyed", "POST", f"templates/{made.json()['id']}/publish").status_code == 200
    old = protect(cast.uma, plan, template="For Rita")
    before = call(cast.uma, "rekeyed", "GET", f"templates/{made.json()['id']}").json()
    assert confirmed(cast.uma, "rekeyed", "POST", "keys/rotate").status_code == 201
    assert call(cast.uma, "rekeyed", "GET", f"templates/{made.json()['id']}").json() == before
    new = protect(cast.uma, plan, template="For Rita")
    assert rights(cast.rita, old.path) == rights(cast.rita, new.path) == {"VIEW"}


def test_after_a_rotation_old_documents_open_and_new_ones_use_the_new_key(cast: Cast, plan: Path) -> None:
    cast.found("keys", "kim")
    old = protect(cast.kim, plan, f"{RITA}:VIEW", offline_days=0)
    (first,) = keys_of(cast)
    assert confirmed(cast.kim, "keys", "POST", "keys/rotate").status_code == 201
    states = {key["id"]: key["status"] for key in keys_of(cast)}
    assert sorted(states.values()) == ["active", "archived"]
    assert states[first["id"]] == "archived"
    device = cast.enroll("kim's second device", cast.kim.id, cast.kim.address)
    new = protect(device, plan, f"{RITA}:VIEW", offline_days=0)
    assert kid_of(new) != kid_of(old) == first["kid"]
    assert rights(cast.rita, old.path) == rights(cast.rita, new.path) == {"VIEW"}
    problem(call(cast.kim, "keys", "POST", f"keys/{active(cast)}/compromise", {}), 409, "conflict")
    assert confirmed(cast.kim, "keys", "POST", f"keys/{first['id']}/compromise", {}).status_code == 200
    assert refusal(cast.rita, old.path).reason == "key_unavailable"
    assert refusal(cast.kim, old.path).reason == "key_unavailable", "the issuer too"
    assert rights(cast.rita, new.path) == {"VIEW"}
    problem(call(cast.kim, "keys", "POST", f"keys/{first['id']}/activate", {}), 409, "conflict")
    kinds = {event.kind for event in ledger(cast, "keys", "key.")}
    assert {"key.created", "key.rotated", "key.compromised"} <= kinds


def active(cast: Cast) -> str:
    return str(next(key["id"] for key in keys_of(cast) if key["status"] == "active"))


def kid_of(sealed: Protected) -> str:
    with open_sealed(sealed.path) as file:
        return file.publishing_license.kid.hex()


# --- reports ------------------------------------------------------------------------------------------------------


def test_reports_about_documents_nobody_licensed_are_dropped(cast: Cast, sealed: Protected) -> None:
    def report(cid: object, action: str = "printed") -> Any:
        event = {"id": str(uuid4()), "cid": str(cid), "action": action, "at": int(time.time())}
        return call(cast.rita, "contoso", "POST", "events", {"events": [event]})

    assert report(uuid4()).json() == {"accepted": 0}
    assert report(sealed.cid).json() == {"accepted": 0}, "nobody gave her a license yet"
    opening(cast.rita, sealed.path)
    assert report(sealed.cid).json() == {"accepted": 1}
    problem(report(sealed.cid, "ate"), 422, "invalid_object")
