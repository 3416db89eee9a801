"""A ledger that goes on after its database was restored from a backup (docs/protocol.md P28)."""

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from audit.selectors import proofs
from audit.selectors.events import Filter, events
from audit.selectors.verify import verify
from chancery.crypto.signatures import SigningKey
from chancery.crypto.suites import ED25519
from chancery.errors import NotFound
from chancery.ledger.checkpoint import Checkpoint, sign
from chancery.ledger.merkle import Frontier
from chancery.objects.feed import FeedState, FeedStatement
from chancery.objects.jws import b64
from chancery.sdk.ledger import LedgerBroken, Verified, verify_event, verify_ledger
from portal.runtime.pulse import Pulse
from portal.usecases.compare_ledgers import compare_ledgers
from protection.keys import checkpoints
from protection.keys.subordinate import chain
from protection.selectors.organization import known_gap, log_verifier_key
from protection.services.state_feed import feed_statement
from protection.tasks import seal_ledger
from tenants.context import in_public
from tenants.organizations.selectors import OrganizationFacts
from tests.audit.test_ledger import happened, leaf_of, root_of, sealed, stated, waiting
from tests.cast import Cast, Player
from tests.protection.steps import call, objects, problem, protect


def confirm(ledger: OrganizationFacts, *arguments: str) -> str:
    said = io.StringIO()
    call_command("confirm_restore", ledger.slug, "--reason", "the disk died", *arguments, stdout=said)
    return said.getvalue()


def restored(as_owner: Callable[..., None], lost: list[UUID], size: int) -> None:
    """Make the database what a backup from before the last events would have made of it."""
    for event in lost:
        as_owner("delete from audit_eventsequence where event_id = %s", event)
        as_owner("delete from audit_event where id = %s", event)
    as_owner("delete from audit_checkpoint where size > %s", size)
    leaves = [leaf_of(entry) for entry in proofs.entries(0, size)]
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    as_owner("update audit_tile set hashes = %s where level = 0 and index = 0", b"".join(leaves))
    as_owner(
        "update audit_ledger set size = %s, root = %s, frontier = %s",
        size,
        frontier.root(),
        b"".join(frontier.nodes),
    )


def test_after_a_restore_a_new_epoch_begins_with_the_last_known_checkpoint(
    ledger: OrganizationFacts, as_owner: Callable[..., None], tmp_path: Path
):
    happened(3)
    sealed(ledger)
    before = stated().size
    lost = happened(2)
    sealed(ledger)
    newest = tmp_path / "kept by a client"
    newest.write_text(proofs.newest_checkpoint() or "", encoding="utf-8")
    restored(as_owner, lost, before)
    unnumbered = happened(2)
    as_owner("update audit_event set transaction = '999999999999' where id = any(%s)", unnumbered)

    assert confirm(ledger, "--checkpoint", str(newest)).strip().endswith(f"/ledger/{ledger.id}/2.")
    happened(1)
    sealed(ledger)
    first = json.loads(proofs.entries(0, 1)[0])
    assert (first["kind"], proofs.newest_epoch()) == ("ledger.restored", 2)
    assert stated().origin.endswith("/2")
    proof = proofs.inclusion(unnumbered[0], stated().size)
    assert proof is not None
    assert proof.epoch == 2, "what the backup held without a number is numbered in the new epoch"
    assert rfc6962_root(proof) == stated().root
    report = verify(vkey=log_verifier_key())
    assert (report.faults, report.epochs) == ([], 2)
    assert report.gaps == ["At least 2 events were lost when epoch 2 began."]
    assert waiting() == 0


def seals(ledger: OrganizationFacts) -> None:
    """Let the worker's task number and sign everything; transactions of other tests may delay numbering."""
    until = time.monotonic() + 60
    seal_ledger(str(ledger.id))
    while waiting() and time.monotonic() < until:
        time.sleep(0.02)
        seal_ledger(str(ledger.id))


def test_a_checkpoint_kept_beside_the_keys_stops_a_service_that_was_restored(
    ledger: OrganizationFacts, as_owner: Callable[..., None]
):
    happened(3)
    seals(ledger)
    before = stated().size
    lost = happened(35)
    seals(ledger)
    with in_public():
        compare_ledgers()
    assert known_gap() == "", "what is whole is not stopped"
    restored(as_owner, lost, before)
    happened(9)
    assert seal_ledger(str(ledger.id)) == 0, "nothing is numbered before the restore is confirmed"
    with in_public():
        compare_ledgers()
    assert checkpoints.place_of(known_gap())[1] >= before + 35
    confirm(ledger)
    (gap,) = verify(vkey=log_verifier_key()).gaps
    assert gap == "At least 35 events were lost when epoch 2 began."
    happened(1)
    seals(ledger)
    with in_public():
        compare_ledgers()
    assert known_gap() == ""
    assert checkpoints.place_of(checkpoints.kept(ledger.id))[0] == 2


def hears_the_feed(player: Player, ledger: OrganizationFacts) -> None:
    with in_public():
        player.session.organization(ledger.id).feed(newest=True)


def opens(player: Player, ledger: OrganizationFacts, sealed_file: Path) -> bool:
    """Tell whether the service gives a license; what the issuer keeps for themselves does not count."""
    with in_public():
        answer = call(player, ledger.slug, "POST", "licenses", objects(sealed_file))
    if answer.status_code != 200:
        assert "gap" in problem(answer, 503, "unavailable")["detail"]
    return answer.status_code == 200


def test_a_service_that_knows_less_than_a_client_licenses_nothing_until_an_operator_confirms(
    ledger: OrganizationFacts, cast: Cast, as_owner: Callable[..., None], tmp_path: Path
):
    ada = cast.ada
    plan = tmp_path / "plan.txt"
    plan.write_bytes(b"the plan")
    with in_public():
        document = protect(ada, plan, offline_days=0).path
    sealed(ledger)
    before = stated().size
    lost = happened(2)
    sealed(ledger)
    hears_the_feed(ada, ledger)
    assert opens(ada, ledger, document)
    sealed(ledger)
    lost += [event.id for event in events(filter=Filter(kinds=["content.opened"])).events if event.content_id]
    restored(as_owner, lost, before)
    happened(9)
    sealed(ledger)
    assert opens(ada, ledger, document), "nobody has told yet"
    hears_the_feed(ada, ledger)
    assert not opens(ada, ledger, document), "although the record has grown beyond what was lost"
    hears_the_feed(ada, ledger)
    (alarm,) = events(filter=Filter(kinds=["ledger.gap_found"])).events
    assert (alarm.outcome, alarm.personal["addresses"]) == ("failed", [ada.address])
    confirm(ledger)
    assert opens(ada, ledger, document)
    sealed(ledger)
    hears_the_feed(ada, ledger)
    assert opens(ada, ledger, document), "a checkpoint of the epoch before stops nothing any more"


def test_nobody_stops_an_organization_with_a_forged_checkpoint(ledger: OrganizationFacts, cast: Cast, tmp_path: Path):
    happened(1)
    sealed(ledger)
    ada = cast.ada
    key = SigningKey.generate(ED25519)
    made_up = Checkpoint(stated().origin, 10**9, bytes(32))
    forged = sign(made_up, public=key.verify_key.raw, sign_bytes=key.sign)
    with in_public():
        answer = call(ada, ledger.slug, "GET", "feed", headers={"Chancery-Checkpoint": b64(forged.encode())})
    problem(answer, 422, "invalid_object")
    assert known_gap() == ""


@pytest.mark.parametrize("added", ["\n", "— witness.example AAAAAAAA\n", "junk\n"])
def test_what_anybody_adds_to_a_checkpoint_stops_nothing(ledger: OrganizationFacts, cast: Cast, added: str):
    happened(1)
    sealed(ledger)
    ada = cast.ada
    note = f"{proofs.newest_checkpoint()}{added}"
    with in_public():
        answer = call(ada, ledger.slug, "GET", "feed", headers={"Chancery-Checkpoint": b64(note.encode())})
    assert answer.status_code == 200
    assert known_gap() == ""


def test_a_size_that_is_no_size_is_refused(ledger: OrganizationFacts, cast: Cast):
    (event,) = happened(1)
    sealed(ledger)
    ada = cast.ada
    note = (proofs.newest_checkpoint() or "").replace("\n", f"\n{'9' * 5000}", 1)
    with in_public():
        answer = call(ada, ledger.slug, "GET", "feed", headers={"Chancery-Checkpoint": b64(note.encode())})
        problem(answer, 422, "invalid_object")
        assert call(ada, ledger.slug, "GET", f"audit/proof/{event}?size=999999").status_code == 404


def test_a_client_verifies_every_epoch_and_reports_what_a_confirmed_restore_lost(
    ledger: OrganizationFacts, cast: Cast, as_owner: Callable[..., None]
):
    ada = cast.ada.session

    def verified() -> Verified:
        with in_public():
            return verify_ledger(ada.home, ada.own_organization(ledger.name))

    happened(2)
    sealed(ledger)
    before = stated().size
    assert verified() == Verified(before, 1)
    lost = happened(2)
    sealed(ledger)
    assert verified().entries == stated().size
    restored(as_owner, lost, before)
    with pytest.raises(LedgerBroken, match="are still there"):
        verified()
    confirm(ledger)
    sealed(ledger)
    found = verified()
    assert (found.entries, found.lost) == (before + stated().size, 2)


@pytest.mark.parametrize("member", ["seq", "leaf", "path", "all"])
def test_one_event_is_proven_by_itself_and_another_proof_is_not_believed(
    ledger: OrganizationFacts, cast: Cast, monkeypatch: pytest.MonkeyPatch, member: str
) -> None:
    event, other = happened(2)
    sealed(ledger)
    size = stated().size
    place = cast.ada.session.own_organization(ledger.name)
    asked = place.call

    def mixed(method: str, path: str, *more: Any) -> Any:
        answer = asked(method, path, *more)
        if "/audit/proof/" in path:
            its = asked(method, path.replace(str(event), str(other)), *more)
            answer |= its if member == "all" else {member: its[member]}
        return answer

    with in_public():
        proven = verify_event(place, event)
        assert (proven.leaf.id, proven.size) == (event, size)
        with pytest.raises(NotFound):
            verify_event(place, uuid4())
        monkeypatch.setattr(place, "call", mixed)
        with pytest.raises(LedgerBroken):
            verify_event(place, event)


def rfc6962_root(proof: proofs.Inclusion) -> bytes:
    """Return the root of the proof's epoch, from all its entries."""
    return root_of([leaf_of(entry) for entry in proofs.entries(0, proof.size, proof.epoch)])


def test_an_epoch_that_does_not_follow_the_one_before_is_found_out(
    ledger: OrganizationFacts, as_owner: Callable[..., None]
):
    events_before = happened(3)
    sealed(ledger)
    confirm(ledger)
    sealed(ledger)
    assert verify(vkey=log_verifier_key()).intact
    as_owner("delete from audit_checkpoint where epoch = 1")
    as_owner("update audit_event set outcome = 'refused' where id = %s", events_before[0])
    as_owner("update audit_eventsequence set leaf_hash = %s where event_id = %s", rewritten(), events_before[0])
    faults = verify(vkey=log_verifier_key()).faults
    assert "Epoch 2 does not follow the one before it." in faults


def rewritten() -> bytes:
    """Return the hash that somebody rewriting the first epoch would put in place of the true one."""
    changed = next(entry for entry in proofs.entries(0, 100, 1) if b'"refused"' in entry)
    return leaf_of(changed)


def test_only_a_checkpoint_of_the_organization_itself_is_taken(ledger: OrganizationFacts, tmp_path: Path):
    happened(1)
    sealed(ledger)
    forged = tmp_path / "forged"
    forged.write_text((proofs.newest_checkpoint() or "").replace("\n", "\n1", 1), encoding="utf-8")
    with pytest.raises(CommandError, match="does not verify"):
        confirm(ledger, "--checkpoint", str(forged))
    assert proofs.newest_epoch() == 1


def test_clients_believe_the_feed_after_a_restore(ledger: OrganizationFacts):
    state = FeedState(org=ledger.id, seq=40_000, as_of=1)
    confirm(ledger)
    token, _ = feed_statement(organization=ledger.id, since=state.seq)
    statement = FeedStatement.verify(token, chain=chain(ledger.id))
    assert state.advance(statement).seq > 40_000


@pytest.mark.django_db(transaction=True)
def test_nothing_is_answered_while_the_comparison_after_connecting_fails() -> None:
    """The process connects again and again, and stays closed until the record was compared."""
    seen: list[bool] = []

    def compare() -> None:
        seen.append(pulse.stopped)
        raise SystemExit if len(seen) == 3 else RuntimeError("nobody knows whether the record is whole")

    pulse = Pulse(compare)
    with pytest.raises(SystemExit):
        pulse._ask_for_ever()
    assert seen == [True, True, True]
    assert pulse.stopped
