"""What an opening must meet beyond being granted: days of one's own, a program that enforces, a time window."""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from audit.services.report import ingest
from protection.client.errors import Refused
from protection.client.licenses import Stated
from protection.client.session import Protected, Wish
from protection.licensing.computed import Computed
from protection.licensing.policy import Conditions
from protection.licensing.rights import Right
from protection.models import Edition, FirstOpening
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.protection.scene import MAX, RITA, call, ledger, opening, protect, refusal

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


def test_each_person_s_days_begin_with_his_own_first_opening(cast: Cast, for_a_week: Protected) -> None:
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
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": policy}).status_code == 200
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


# --- the window -----------------------------------------------------------------------------------------------------


def test_a_document_opens_only_in_its_time_window(cast: Cast, plan: Path) -> None:
    now = int(time.time())
    early = protect(cast.olga, plan, f"{RITA}:VIEW", conditions=Conditions(not_before=now + 3_600))
    assert refusal(cast.rita, early.path).reason == "condition_unmet"
    inside = protect(cast.olga, plan, f"{RITA}:VIEW", conditions=Conditions(not_before=now - 60, not_after=now + 3_600))
    assert opening(cast.rita, inside.path).offline_until <= now + 3_600


# --- computed policies ------------------------------------------------------------------------------------------------


def test_attachments_inherit_and_what_is_protected_keeps_its_own(cast: Cast, plan: Path, tmp_path: Path) -> None:
    own = protect(cast.olga, plan, f"{MAX}:VIEW")
    wish = Wish.computed(Computed.DO_NOT_FORWARD, [RITA])
    fresh, kept = cast.olga.session.protect_attachments([plan, own.path], wish, tmp_path)
    assert set(opening(cast.rita, fresh).rights) == {"VIEW", "DOCEDIT", "EDIT", "OBJMODEL"}
    assert kept == own.path
    assert refusal(cast.rita, kept).reason == "not_granted"
    assert refusal(cast.max, fresh).reason == "not_granted"


# --- removing protection ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", ["VIEW,EXTRACT,PRINT", "VIEW,EDITRIGHTSDATA", "VIEW,EDIT,DOCEDIT"])
def test_protection_is_not_removed_or_replaced_without_export_or_owner(cast: Cast, plan: Path, held: str) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{held}").path
    before = sealed.read_bytes()
    with pytest.raises(Refused, match="not remove its protection"):
        cast.rita.session.unprotect(sealed)
    with pytest.raises(Refused, match="not remove its protection"):
        cast.rita.session.reprotect(sealed, Wish())
    assert sealed.read_bytes() == before
    assert not sealed.with_suffix("").exists()


@pytest.mark.parametrize("held", ["VIEW,EXPORT", "OWNER"])
def test_protection_is_removed_with_export_or_owner_and_that_is_on_record(cast: Cast, plan: Path, held: str) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:{held}")
    opened = cast.rita.session.unprotect(sealed.path)
    assert opened.path is not None
    assert opened.path.read_bytes() == plan.read_bytes()
    assert not sealed.path.exists()
    with in_organization(cast.organizations["contoso"].id):
        assert ingest()
    assert "exported" in [event.details["action"] for event in ledger(cast, "contoso", "content.reported")]


def test_a_protection_that_was_replaced_is_another_document_s(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW")
    done = cast.olga.session.reprotect(sealed.path, Wish(grants=(f"{RITA}:VIEW",)))
    assert (done.path, done.cid == sealed.cid) == (sealed.path, False)
    assert set(opening(cast.rita, done.path).rights) == {"VIEW"}
    assert refusal(cast.max, done.path).reason == "not_granted"


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
