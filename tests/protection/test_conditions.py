"""What an opening must meet beyond being granted: days of one's own, a program that enforces, a time window."""

import io
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from audit.services.report import ingest
from chancery.errors import InvalidFile
from chancery.policy.computed import Computed
from chancery.policy.policy import Conditions
from chancery.policy.rights import Right
from chancery.policy.times import MOST_TIMES, parse_times
from chancery.sdk.errors import LocalFailure, Misused, Refused
from chancery.sdk.licensed import Room
from chancery.sdk.options import ProtectOptions
from chancery.sdk.results import Protected
from chancery.sdk.stated import Stated
from protection.models import Edition, FirstOpening
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.protection.steps import MAX, RITA, confirmed, ledger, opening, protect, refusal

WITHHOLDS_PRINT = Stated("Reader 1", frozenset({Right.PRINT}))


def first_openings(cast: Cast, cid: UUID) -> dict[UUID, Any]:
    with in_organization(cast.organizations["contoso"].id):
        return dict(FirstOpening.objects.filter(content_id=cid).values_list("person_id", "at"))


def opened_days_ago(cast: Cast, cid: UUID, days: int) -> None:
    """Let the first openings of a document have been earlier."""
    with in_organization(cast.organizations["contoso"].id):
        FirstOpening.objects.filter(content_id=cid).update(at=timezone.now() - timedelta(days=days))


@pytest.fixture
def for_a_week(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW", expires_after_opening_days=7, offline_days=0)


# --- days from one's own first opening ------------------------------------------------------------------------------


def test_each_person_s_days_begin_with_their_own_first_opening(cast: Cast, for_a_week: Protected) -> None:
    opening(cast.rita, for_a_week.path)
    opened_days_ago(cast, for_a_week.cid, 8)
    refused = refusal(cast.rita, for_a_week.path)
    assert refused.reason == "expired_after_opening"
    assert "first opened" in refused.message
    opening(cast.max, for_a_week.path)
    assert set(first_openings(cast, for_a_week.cid)) == {cast.rita.id, cast.max.id}


def test_a_kept_license_ends_with_the_person_s_days(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", expires_after_opening_days=2)
    assert opening(cast.rita, sealed.path).offline_until <= time.time() + 2 * 86_400
    later = protect(cast.olga, plan, f"{RITA}:VIEW")
    assert opening(cast.rita, later.path).offline_until > time.time() + 3 * 86_400


def test_the_first_opening_is_kept_once_and_not_for_issuers_or_the_refused(cast: Cast, for_a_week: Protected) -> None:
    opening(cast.olga, for_a_week.path)
    assert first_openings(cast, for_a_week.cid) == {}
    opening(cast.rita, for_a_week.path)
    opened_days_ago(cast, for_a_week.cid, 3)
    before = first_openings(cast, for_a_week.cid)
    opening(cast.rita, for_a_week.path)
    assert first_openings(cast, for_a_week.cid) == before


def test_a_rule_set_later_counts_from_the_true_first_opening(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    opening(cast.rita, sealed.path)
    opened_days_ago(cast, sealed.cid, 8)
    policy = {"grants": [{"who": RITA, "rights": ["VIEW"]}], "expires_after_opening_days": 7}
    path = f"documents/{sealed.cid}/policy"
    assert confirmed(cast.olga, "contoso", "PUT", path, {"policy": policy}).status_code == 200
    assert refusal(cast.rita, sealed.path).reason == "expired_after_opening"


# --- programs ---------------------------------------------------------------------------------------------------------


def stating(player: Player, stated: Stated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player.session, "stated", stated)


@pytest.fixture
def not_to_print(cast: Cast, plan: Path) -> Protected:
    conditions = Conditions(enforced=frozenset({Right.PRINT}))
    return protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW,PRINT", conditions=conditions)


def test_a_policy_refuses_programs_that_do_not_enforce_it(
    cast: Cast, not_to_print: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = refusal(cast.rita, not_to_print.path)
    assert refused.reason == "program_does_not_enforce"
    assert "print" in refused.message
    opening(cast.max, not_to_print.path)
    stating(cast.rita, WITHHOLDS_PRINT, monkeypatch)
    assert opening(cast.rita, not_to_print.path).rights == ("VIEW",)


def test_a_license_kept_for_one_program_does_not_serve_another(
    cast: Cast, not_to_print: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    stating(cast.rita, WITHHOLDS_PRINT, monkeypatch)
    opening(cast.rita, not_to_print.path)
    assert opening(cast.rita, not_to_print.path).source == "kept"
    stating(cast.rita, Stated("Another", frozenset()), monkeypatch)
    assert refusal(cast.rita, not_to_print.path).reason == "program_does_not_enforce"


def test_what_a_program_says_of_itself_is_on_record(
    cast: Cast, not_to_print: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    stating(cast.rita, WITHHOLDS_PRINT, monkeypatch)
    opening(cast.rita, not_to_print.path)
    (event,) = ledger(cast, "contoso", "content.opened", cid=not_to_print.cid)
    assert event.details["program"] == "Reader 1"
    assert event.details["enforces"] == ["PRINT"]


class Boastful(Stated):
    """A program that tells the service it withholds printing, and does not."""

    def as_json(self) -> dict[str, Any]:
        return {"program": self.program, "enforces": ["PRINT"]}


def test_a_fresh_license_that_demands_more_than_the_program_does_is_refused(
    cast: Cast, not_to_print: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    stating(cast.rita, Boastful("Reader 0", frozenset()), monkeypatch)
    refused = refusal(cast.rita, not_to_print.path)
    assert (refused.reason, refused.next_step[:19]) == ("program_does_not_enforce", "Update this program")


def test_a_program_does_not_keep_to_what_it_does_not_know() -> None:
    assert WITHHOLDS_PRINT.keeps_to({"withhold": ["PRINT"]})
    assert not WITHHOLDS_PRINT.keeps_to({"withhold": ["PRINT", "EXTRACT"]})
    assert not WITHHOLDS_PRINT.keeps_to({"watermark": "{address}"})


# --- the window -----------------------------------------------------------------------------------------------------


def test_a_document_opens_only_in_its_time_window(cast: Cast, plan: Path) -> None:
    now = int(time.time())
    early = protect(cast.olga, plan, f"{RITA}:VIEW", conditions=Conditions(not_before=now + 3_600))
    assert refusal(cast.rita, early.path).reason == "condition_unmet"
    inside = protect(cast.olga, plan, f"{RITA}:VIEW", conditions=Conditions(not_before=now - 60, not_after=now + 3_600))
    assert opening(cast.rita, inside.path).offline_until <= now + 3_600


# --- computed policies ------------------------------------------------------------------------------------------------


def test_a_file_sent_under_do_not_forward_opens_for_the_recipients_alone(cast: Cast, plan: Path) -> None:
    sealed = cast.olga.session.protect(plan, ProtectOptions.computed(Computed.DO_NOT_FORWARD, [RITA])).path
    assert set(opening(cast.rita, sealed).rights) == {"VIEW", "DOCEDIT", "EDIT", "OBJMODEL"}
    assert refusal(cast.max, sealed).reason == "not_granted"


def test_a_protected_file_is_recognized_by_its_content_not_by_its_name(cast: Cast, plan: Path, tmp_path: Path) -> None:
    renamed = protect(cast.olga, plan, f"{MAX}:VIEW").path.rename(tmp_path / "renamed.bin")
    with pytest.raises(Misused, match="protected already"):
        cast.olga.session.protect(renamed, ProtectOptions())
    false = tmp_path / "false.sealed"
    false.write_bytes(b"plain text")
    assert b"plain text" not in cast.olga.session.protect(false, ProtectOptions()).path.read_bytes()


# --- removing protection ----------------------------------------------------------------------------------------------


watched_writes: list[list[str]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    """Note the folders that are made and the files that are opened for writing; Python never forgets such a hook."""
    if watched_writes and (event == "tempfile.mkdtemp" or (event == "open" and _of_a_plain_file(arguments))):
        watched_writes[-1].append(f"{event} {arguments[0]}")


def _of_a_plain_file(arguments: tuple[Any, ...]) -> bool:
    """Return whether a file without a name is opened, as all content is written; a client's own records are not it."""
    if arguments[2] & os.O_TMPFILE != os.O_TMPFILE or "/homes/" in str(arguments[0]):
        return False
    # Whether a folder can be written to is tried with a file that stays empty.
    return not any(frame.f_code is Room.check.__code__ for frame, _line in traceback.walk_stack(None))


sys.addaudithook(_note)


@contextmanager
def writes() -> Iterator[list[str]]:
    """Note what is written under no name, and which temporary folders are made."""
    watched_writes.append([])
    try:
        yield watched_writes[-1]
    finally:
        watched_writes.pop()


def exports(cast: Cast, sealed: Protected) -> list[str]:
    """Return what was reported of a document as exported."""
    with in_organization(cast.organizations["contoso"].id):
        ingest()
    reported = ledger(cast, "contoso", "content.reported", cid=sealed.cid)
    return [event.details["action"] for event in reported if event.details["action"] == "exported"]


@pytest.mark.parametrize("held", ["VIEW,EXTRACT,PRINT", "VIEW,EDITRIGHTSDATA", "VIEW,EDIT,DOCEDIT"])
def test_protection_is_not_removed_or_replaced_without_export_or_owner(cast: Cast, plan: Path, held: str) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{held}").path
    before = sealed.read_bytes()
    with writes() as written:
        with pytest.raises(Refused, match="not save it without this protection"):
            cast.rita.session.unprotect(sealed)
        with pytest.raises(Refused, match="not save it without this protection"):
            cast.rita.session.reprotect(sealed, ProtectOptions())
    assert written == []
    assert sealed.read_bytes() == before
    assert not sealed.with_suffix("").exists()


@pytest.mark.parametrize("held", ["VIEW,EXPORT", "OWNER"])
def test_protection_is_removed_with_export_or_owner_and_that_is_on_record(cast: Cast, plan: Path, held: str) -> None:
    sealed, content = protect(cast.olga, plan, f"{RITA}:{held}"), plan.read_bytes()
    plan.unlink()
    opened = cast.rita.session.unprotect(sealed.path)
    assert opened.path is not None
    assert opened.path.read_bytes() == content
    assert not sealed.path.exists()
    with in_organization(cast.organizations["contoso"].id):
        assert ingest()
    assert "exported" in [event.details["action"] for event in ledger(cast, "contoso", "content.reported")]


def test_a_protection_that_was_replaced_is_another_document_s(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW")
    done = cast.olga.session.reprotect(sealed.path, ProtectOptions(grants=(f"{RITA}:VIEW",)))
    assert (done.path, done.cid == sealed.cid) == (sealed.path, False)
    assert set(opening(cast.rita, done.path).rights) == {"VIEW"}
    assert refusal(cast.max, done.path).reason == "not_granted"


def test_the_content_is_never_written_while_its_protection_is_replaced(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan)
    with writes() as written:
        cast.olga.session.reprotect(sealed.path, ProtectOptions())
    assert written == [f"open {plan.parent}"], "the sealed file, and nothing of its content anywhere"


def test_a_file_keeps_its_permissions_when_its_protection_is_replaced(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan).path
    sealed.chmod(0o644)
    cast.olga.session.reprotect(sealed, ProtectOptions(), organization="contoso")
    assert sealed.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("options", "organization"),
    [
        (ProtectOptions(template="No such template"), None),
        (ProtectOptions(grants=("nobody",)), None),
        (ProtectOptions(), "x"),
    ],
)
def test_a_wish_that_is_refused_leaves_the_file_and_no_record(
    cast: Cast, plan: Path, options: ProtectOptions, organization: str | None
) -> None:
    sealed = protect(cast.olga, plan)
    before = sealed.path.read_bytes()
    with writes() as written, pytest.raises((Misused, Refused)):
        cast.olga.session.reprotect(sealed.path, options, organization=organization)
    assert (written, sealed.path.read_bytes(), exports(cast, sealed)) == ([], before, [])
    cast.olga.session.reprotect(sealed.path, ProtectOptions())
    assert exports(cast, sealed) == ["exported"]


def test_a_file_that_changes_while_its_protection_is_removed_stays(cast: Cast, plan: Path) -> None:
    sealed, newer = protect(cast.olga, plan).path, protect(cast.olga, plan).path.read_bytes()
    content = plan.read_bytes()
    plan.unlink()

    def change(done: int, total: int | None) -> None:
        sealed.with_name("newer").write_bytes(newer)
        sealed.with_name("newer").replace(sealed)

    with pytest.raises(LocalFailure, match="changed or moved in the meantime"):
        cast.olga.session.unprotect(sealed, progress=change)
    assert sealed.read_bytes() == newer
    assert plan.read_bytes() == content, "and so does what was opened, under its true name"


def test_a_file_that_changes_while_its_protection_is_replaced_stays(cast: Cast, plan: Path) -> None:
    sealed, newer = protect(cast.olga, plan).path, protect(cast.olga, plan).path.read_bytes()

    def change(done: int, total: int | None) -> None:
        sealed.with_name("newer").write_bytes(newer)
        sealed.with_name("newer").replace(sealed)

    before = {path.name for path in plan.parent.iterdir()}
    with pytest.raises(LocalFailure, match="changed or moved in the meantime"):
        cast.olga.session.reprotect(sealed, ProtectOptions(), progress=change)
    assert sealed.read_bytes() == newer
    assert {path.name for path in plan.parent.iterdir()} == before


def test_whose_days_have_ended_does_not_know_the_next_key(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", f"{MAX}:VIEW,EDIT", expires_after_opening_days=7, offline_days=0)
    opening(cast.rita, sealed.path)
    assert not opening(cast.max, sealed.path).rekey
    with in_organization(cast.organizations["contoso"].id):
        Edition.objects.filter(content_id=sealed.cid).update(registered_at=timezone.now() - timedelta(days=9))
        FirstOpening.objects.filter(content_id=sealed.cid, person_id=cast.rita.id).update(
            at=timezone.now() - timedelta(days=8)
        )
    assert opening(cast.max, sealed.path).rekey


# --- more than a policy holds ---------------------------------------------------------------------------------------


def test_a_file_whose_policy_names_too_many_times_is_refused_and_not_judged(cast: Cast, plan: Path) -> None:
    """Whoever protects by a program of their own seals what they like."""
    many = tuple(parse_times([f"mon-sun 00:00-23:{number:02} UTC"])[0] for number in range(MOST_TIMES + 1))
    protect(cast.olga, plan)
    sealed = cast.olga.offline().protect(
        plan,
        ProtectOptions(grants=(f"{RITA}:VIEW",), conditions=Conditions(times=many)),
        target=plan.with_name("many.sealed"),
    )
    with pytest.raises(InvalidFile):
        cast.rita.session.open_stream(sealed.path, io.BytesIO())
    assert "content.registered" not in {one.kind for one in ledger(cast, "contoso", cid=sealed.cid)}
