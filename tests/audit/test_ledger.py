"""The ledger on a real database: late commits, two sequencers, tampering, erasure, reports, and who may do what."""

import hashlib
import io
import secrets
import threading
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, ProgrammingError, connection, connections, transaction

from audit import statements
from audit.selectors import proofs
from audit.selectors.events import Filter, events
from audit.selectors.verify import verify
from audit.services.record import record
from audit.services.report import Report, accept, ingest, reported_event_id
from audit.services.sequence import head, sequence, sign_checkpoint
from audit.statements import Personal
from chancery.ledger.checkpoint import Checkpoint
from chancery.ledger.checkpoint import verify as verify_note
from protection.keys import log
from protection.selectors.organization import log_verifier_key
from tenants.context import in_organization
from tenants.organizations.selectors import OrganizationFacts

RITA = Personal(person_id=UUID(int=1), name="Rita", addresses=("rita@fabrikam.example",), ip="192.0.2.7", title="plan")


def happened(count: int = 1, personal: Personal | None = None) -> list[UUID]:
    return [record(kind="content.opened", outcome="allowed", personal=personal) for _ in range(count)]


def numbered() -> int:
    """Number every event there is; return how many were new.

    The horizon is the whole server's: a transaction that another test holds open elsewhere delays numbering here.
    """
    added, until = sequence(), time.monotonic() + 60
    while waiting() and time.monotonic() < until:
        time.sleep(0.02)
        added += sequence()
    return added


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from audit_event e left join audit_eventsequence s on s.event_id = e.id"
            " where s.seq is null"
        )
        return int(cursor.fetchone()[0])


def sealed(ledger: OrganizationFacts) -> int:
    """Number what is settled and sign it, as the worker does; return how many events were new."""
    added = numbered()
    key = log.signer(ledger.id)
    sign_checkpoint(public=key.verify_key.raw, sign=key.sign)
    return added


def stated() -> Checkpoint:
    note = proofs.newest_checkpoint()
    assert note is not None
    return verify_note(note, vkey=log_verifier_key())


# --- an independent computation of RFC 6962 --------------------------------------------------------------------------


def leaf_of(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root_of(leaves[:split]), root_of(leaves[split:]))


def path_of(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*path_of(index, leaves[:split]), root_of(leaves[split:])]
    return [*path_of(index - split, leaves[split:]), root_of(leaves[:split])]


def test_tree_checkpoint_and_proofs_are_those_of_an_independent_computation(ledger: OrganizationFacts):
    sealed(ledger)
    old = stated().size
    ids = happened(300)
    assert sealed(ledger) == 300
    newest = stated()
    leaves = [leaf_of(entry) for entry in proofs.entries(0, 1000)]
    assert newest.size == len(leaves)
    assert newest.root == root_of(leaves)
    tiles = [proofs.tile(0, index) or b"" for index in range(2)]
    assert b"".join(tiles) == b"".join(leaves)
    assert len(tiles[0]) == 256 * 32
    for event in (ids[0], ids[137], ids[-1]):
        found = proofs.inclusion(event, newest.size)
        assert found is not None
        assert leaf_of(found.leaf) == leaves[found.seq]
        assert list(found.path) == path_of(found.seq, leaves)
        assert proofs.inclusion(event, old) is None, "it came after that checkpoint"
    assert verify(vkey=log_verifier_key()).intact


# --- sequencing ------------------------------------------------------------------------------------------------------


def elsewhere(organization: OrganizationFacts, work: Callable[[], None]) -> threading.Thread:
    """Run work on a database connection of its own."""

    def run() -> None:
        try:
            with in_organization(organization.id):
                work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_late_commit_is_never_passed_over(ledger: OrganizationFacts):
    sealed(ledger)
    before = stated().size
    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            happened()
            written.set()
            go_on.wait(20)

    thread = elsewhere(ledger, slow)
    try:
        assert written.wait(20)
        happened(3)
        sequence()
        assert head_size() == before, "nothing is numbered that an open transaction may still precede"
    finally:
        go_on.set()
        thread.join()
    assert numbered() == 4
    assert head_size() == before + 4


def head_size() -> int:
    newest = head()
    assert newest is not None
    return newest.size


def test_two_sequencers_at_once_number_every_event_once(ledger: OrganizationFacts):
    sealed(ledger)
    before, stop, failures = head_size(), threading.Event(), []

    def sequencer() -> None:
        while not stop.is_set():
            try:
                sequence()
            except Error as error:
                failures.append(error)
                return

    threads = [elsewhere(ledger, sequencer) for _ in range(2)]
    try:
        for _ in range(60):
            happened()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    sealed(ledger)
    assert failures == []
    assert head_size() == before + 60
    assert verify(vkey=log_verifier_key()).intact


def test_an_event_of_a_transaction_that_failed_was_never_there(ledger: OrganizationFacts):
    sealed(ledger)
    before = head_size()
    with transaction.atomic():
        happened()
        transaction.set_rollback(True)
    happened()
    assert sealed(ledger) == 1
    assert head_size() == before + 1


# --- tampering and erasure --------------------------------------------------------------------------------


TAMPERINGS = {
    "a changed outcome": "update audit_event set outcome = 'refused' where id = %s",
    "a changed time": "update audit_event set received_at = received_at - interval '1 s' where id = %s",
    "a removed event": "delete from audit_event where id = %s",
    "a changed leaf": "update audit_eventsequence set leaf_hash = sha256('x') where event_id = %s",
    "a changed personal record": "update audit_eventpersonal set record = '{}' where event_id = %s",
    "a removed personal record": "delete from audit_eventpersonal where event_id = %s",
    "a person by which it is found": "update audit_eventpersonal set person_id = gen_random_uuid() where event_id = %s",
    "a device by which it is found": "update audit_eventpersonal set device_id = gen_random_uuid() where event_id = %s",
    "changed details": "with e as (select details_digest from audit_event where id = %s)"
    " update audit_eventdetails d set body = '{\"a\":1}' from e where d.digest = e.details_digest",
    "removed details": "delete from audit_eventdetails d using audit_event e"
    " where e.id = %s and d.digest = e.details_digest",
    "a forged event": "insert into audit_event (id, received_at, transaction, kind, outcome, reason, source)"
    " select gen_random_uuid(), now(), '1'::xid8, kind, outcome, '', '' from audit_event where id = %s",
    "a changed tile": "update audit_tile set hashes = sha256(%s::text::bytea) || substr(hashes, 33) where level = 0",
    "a removed tile": "delete from audit_tile where %s is not null and level = 0",
    "a changed root": "update audit_ledger set root = sha256(%s::text::bytea)",
    "a changed frontier": "update audit_ledger set frontier = overlay(frontier placing sha256(%s::text::bytea) from 1)",
}
SEEN = (
    set(TAMPERINGS)
    - {"a removed event", "a removed personal record", "a forged event"}
    - {name for name in TAMPERINGS if any(word in name for word in ("tile", "root", "frontier"))}
)
"""What the page of events shows as altered by itself."""


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_row_changed_by_the_table_s_owner_is_detected(
    ledger: OrganizationFacts, as_owner: Callable[..., None], tampering: str
):
    happened(2, RITA)
    event = record(kind="content.opened", outcome="allowed", personal=RITA, details={"edition": secrets.randbits(50)})
    happened(2, RITA)
    sealed(ledger)
    call_command("verify_audit", organization=ledger.slug, stdout=io.StringIO())
    as_owner(TAMPERINGS[tampering], event)
    assert not verify(vkey=log_verifier_key()).intact
    if tampering in SEEN:
        (shown,) = [row for row in events(filter=Filter()).events if row.id == event]
        assert shown.altered
    with pytest.raises(CommandError, match=ledger.slug):
        call_command("verify_audit", organization=ledger.slug, stderr=io.StringIO())


def test_a_rewritten_history_does_not_match_what_was_signed(ledger: OrganizationFacts, as_owner: Callable[..., None]):
    """A person who removes the last event from every table still lacks the log's signature under the shorter tree."""
    event = happened(3)[-1]
    sealed(ledger)
    as_owner("delete from audit_eventsequence where event_id = %s", event)
    as_owner("delete from audit_event where id = %s", event)
    as_owner("update audit_ledger set size = size - 1")
    report = verify(vkey=log_verifier_key())
    assert any("checkpoint" in fault for fault in report.faults)


def test_an_erased_person_leaves_a_record_that_still_verifies(ledger: OrganizationFacts):
    event = happened(1, RITA)[0]
    sealed(ledger)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local role chancery_eraser")
        cursor.execute("delete from audit_eventpersonal where event_id = %s", [event])
    assert "no event says why" in verify(vkey=log_verifier_key()).faults[0]
    record(kind="ledger.erased", outcome="done", details={"events": [str(event)]})
    sealed(ledger)
    report = verify(vkey=log_verifier_key())
    assert report.intact
    assert report.erased == 1
    (found,) = [row for row in events(filter=Filter(kinds=["content.opened"])).events if row.id == event]
    assert found.personal == {}


def test_leaves_reveal_nobody(ledger: OrganizationFacts):
    happened(1, RITA)
    sealed(ledger)
    everything = b"".join(proofs.entries(0))
    for secret in (b"Rita", b"rita@", b"192.0.2.7", b"plan"):
        assert secret not in everything


# --- reports ------------------------------------------------------------------------------------------


def reports(ids: list[UUID]) -> list[Report]:
    content = uuid4()
    return [
        Report(id=own, kind="content.reported", outcome="allowed", content_id=content, personal=RITA) for own in ids
    ]


def test_reporting_again_records_once(ledger: OrganizationFacts):
    device, ids = uuid4(), [uuid4() for _ in range(50)]
    accept(device=device, reports=reports(ids))
    accept(device=device, reports=reports([*ids[:10], *ids[:10]]))
    assert ingest() == 50
    accept(device=device, reports=reports(ids))
    ingest()
    found = events(filter=Filter(kinds=["content.reported"]), limit=200).events
    assert {row.id for row in found} == {reported_event_id(device, own) for own in ids}
    assert len(found) == 50


def test_a_worker_that_dies_in_the_middle_loses_and_doubles_nothing(ledger: OrganizationFacts):
    device, ids = uuid4(), [uuid4() for _ in range(200)]
    accept(device=device, reports=reports(ids))
    taken, dead = threading.Event(), threading.Event()
    backend: list[int] = []

    def worker() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statements.INGEST, {"limit": 100})
            cursor.execute("select pg_backend_pid()")
            backend.append(cursor.fetchone()[0])
            taken.set()
            dead.wait(20)

    def until_dead() -> None:
        with pytest.raises(Error):
            worker()
        connection.close()

    thread = elsewhere(ledger, until_dead)
    assert taken.wait(20)
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(%s)", [backend[0]])
    dead.set()
    thread.join()
    while ingest():
        pass
    found = {row.id for row in events(filter=Filter(kinds=["content.reported"]), limit=500).events}
    assert found == {reported_event_id(device, own) for own in ids}


# --- roles ------------------------------------------------------------------------------------------

FORBIDDEN = [
    "update audit_event set outcome = 'done'",
    "delete from audit_event",
    "truncate audit_event",
    "update audit_eventpersonal set record = '{}'",
    "delete from audit_eventpersonal",
    "update audit_eventdetails set body = '{}'",
    "delete from audit_eventdetails",
    "insert into audit_eventsequence (epoch, seq, event_id, leaf_hash) values (1, 999, gen_random_uuid(), 'x')",
    "update audit_eventsequence set seq = seq + 1",
    "delete from audit_eventsequence",
    "delete from audit_checkpoint",
    "insert into audit_checkpoint (epoch, size, note) values (1, 1, 'x')",
    "update audit_tile set hashes = 'x'",
    "update audit_ledger set size = 0",
    "delete from audit_ledger",
    "insert into audit_event select * from audit_event on conflict (id) do update set outcome = 'x'",
]


@pytest.mark.parametrize("statement", FORBIDDEN, ids=lambda statement: statement[:40])
def test_the_application_adds_and_never_changes(ledger: OrganizationFacts, statement: str):
    with pytest.raises(ProgrammingError, match="permission denied"):
        as_application(statement)


def as_application(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local role chancery_app")
        cursor.execute(statement)


def test_the_application_may_write_events(ledger: OrganizationFacts):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local role chancery_app")
        happened(1, RITA)


def test_one_command_says_that_nothing_was_changed(ledger: OrganizationFacts):
    happened(3)
    sealed(ledger)
    said = io.StringIO()
    call_command("verify_audit", organization=ledger.slug, stdout=said)
    assert said.getvalue().startswith(f"{ledger.slug}: ")
    assert "nothing was changed or removed" in said.getvalue()


# --- details ------------------------------------------------------------------------------------------------------


def test_open_transactions_that_record_the_same_details_do_not_wait_for_each_other(ledger: OrganizationFacts):
    """The first holds its transaction open; a second one that waited for it would run into its time limit."""
    done = threading.Event()

    def second() -> None:
        with in_organization(ledger.id), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = '5s'")
            record(kind="content.opened", outcome="allowed", details={"edition": 1})
            done.set()
        connection.close()

    with transaction.atomic():
        record(kind="content.opened", outcome="allowed", details={"edition": 1})
        thread = threading.Thread(target=second)
        thread.start()
        assert done.wait(4)
    thread.join()
    found = events(filter=Filter(kinds=["content.opened"]), limit=10).events
    assert [event.details for event in found] == [{"edition": 1}, {"edition": 1}], "two rows of details, two events"
