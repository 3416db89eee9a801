"""One document's whole life, through the SDK and the real service."""

import io
from contextlib import nullcontext
from pathlib import Path

import pytest

from chancery.sdk.errors import NoCopy, Refused
from chancery.sdk.options import ProtectOptions
from chancery.sealing.read import open_sealed
from tests.cast import Cast
from tests.protection.steps import opening, refusal, rights


def test_a_partner_opens_with_no_set_up_between_the_organizations(cast: Cast, plan: Path, tmp_path: Path) -> None:
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",)))
    assert sealed.registered
    with cast.rita.session.reading(sealed.path) as content:
        assert content.stream.read() == plan.read_bytes()
    assert (content.name, content.type, content.size) == (plan.name, "text/plain", plan.stat().st_size)
    assert (content.opening.rights, content.opening.source) == (("VIEW",), "service")


@pytest.mark.parametrize(("held", "leaves"), [("VIEW,EXTRACT,PRINT", False), ("VIEW,EXPORT", True), ("OWNER", True)])
def test_a_plain_copy_is_written_only_with_export_or_owner(
    cast: Cast, plan: Path, tmp_path: Path, held: str, leaves: bool
) -> None:
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=(f"rita@fabrikam.example:{held}",)))
    copy, session = tmp_path / "copy.txt", cast.rita.session
    with session.reading(sealed.path) as content:
        assert content.opening.may_leave() == leaves
    with nullcontext() if leaves else pytest.raises(NoCopy, match="but not save it"):
        session.open_file(sealed.path, copy)
    assert copy.exists() == leaves
    with nullcontext() if leaves else pytest.raises(NoCopy) as refused, io.BytesIO() as sink:
        session.open_stream(sealed.path, sink, leaves=True)
    if refused is not None:
        assert refused.value.next_step == "Ask olga@contoso.example for the right to export."


def test_a_right_to_export_that_was_given_later_counts_at_once(cast: Cast, plan: Path, tmp_path: Path) -> None:
    """A license that is kept on the device may say less by now than the service does."""
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",), offline_days=7))
    with pytest.raises(NoCopy):
        cast.rita.session.open_file(sealed.path, tmp_path / "copy.txt")
    policy = {"grants": [{"who": "rita@fabrikam.example", "rights": ["VIEW", "EXPORT"]}]}
    contoso = cast.olga.session.own_organization()
    contoso.call("PUT", f"/api/v1/documents/{sealed.cid}/policy", {"policy": policy})
    cast.rita.session.open_file(sealed.path, tmp_path / "copy.txt")
    assert (tmp_path / "copy.txt").read_bytes() == plan.read_bytes()


def test_a_stranger_is_refused_and_leaves_nothing_on_disk(cast: Cast, plan: Path, tmp_path: Path) -> None:
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",)))
    with pytest.raises(Refused) as refused:
        cast.mallory.session.open_file(sealed.path, tmp_path / "stolen.txt")
    assert (refused.value.reason, refused.value.contact) == ("not_granted", "olga@contoso.example")
    assert not (tmp_path / "stolen.txt").exists()


def test_a_revocation_is_refused_at_the_very_next_request_and_restoring_works(cast: Cast, plan: Path) -> None:
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",), offline_days=0))
    opening(cast.rita, sealed.path)
    contoso = cast.olga.session.own_organization()
    contoso.call("POST", f"/api/v1/documents/{sealed.cid}/revoke", {"reason": "wrong version", "confirm": "plan.txt"})
    assert refusal(cast.rita, sealed.path).reason == "revoked"
    contoso.call("POST", f"/api/v1/documents/{sealed.cid}/restore", {})
    opening(cast.rita, sealed.path)


def test_a_change_of_rights_reaches_a_file_already_sent(cast: Cast, plan: Path) -> None:
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",), offline_days=0))
    contoso = cast.olga.session.own_organization()
    policy = {"grants": [{"who": "max@contoso.example", "rights": ["VIEW", "PRINT"]}]}
    contoso.call("PUT", f"/api/v1/documents/{sealed.cid}/policy", {"policy": policy})
    assert rights(cast.max, sealed.path) == {"VIEW", "PRINT"}
    refusal(cast.rita, sealed.path)


def test_after_somebody_lost_access_the_next_edition_has_a_new_key(cast: Cast, plan: Path, tmp_path: Path) -> None:
    grants = ("max@contoso.example:VIEW,EDIT", "rita@fabrikam.example:VIEW")
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=grants, offline_days=0))
    changed = tmp_path / "changed.txt"
    changed.write_bytes(b"second edition")
    cast.max.session.save_edition(sealed.path, changed)
    contoso = cast.olga.session.own_organization()
    contoso.call("POST", f"/api/v1/documents/{sealed.cid}/revoke", {"recipient": "rita@fabrikam.example"})
    changed.write_bytes(b"third edition")
    cast.max.session.save_edition(sealed.path, changed)
    with open_sealed(sealed.path) as file:
        assert file.body_seal.env is not None
    opened = cast.olga.session.open_file(sealed.path, tmp_path / "olga")
    assert (tmp_path / "olga").read_bytes() == b"third edition"
    assert (opened.edition, opened.status) == (3, "current")
    with pytest.raises(Refused):
        cast.rita.session.open_file(sealed.path, tmp_path / "rita")
