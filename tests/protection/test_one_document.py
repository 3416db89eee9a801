"""One document's whole life, through the SDK and the real service."""

from pathlib import Path

import pytest

from chancery.sdk.errors import Refused
from chancery.sdk.options import ProtectOptions
from chancery.sealing.read import open_sealed
from tests.cast import Cast


def test_a_partner_opens_with_no_set_up_between_the_organizations(cast: Cast, plan: Path, tmp_path: Path) -> None:
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",)))
    assert sealed.registered
    opened = cast.rita.session.open_file(sealed.path, tmp_path / "rita.txt")
    assert (tmp_path / "rita.txt").read_bytes() == plan.read_bytes()
    assert opened.rights == ("VIEW",)
    assert opened.source == "service"


def test_a_stranger_is_refused_and_leaves_nothing_on_disk(cast: Cast, plan: Path, tmp_path: Path) -> None:
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",)))
    with pytest.raises(Refused) as refusal:
        cast.mallory.session.open_file(sealed.path, tmp_path / "stolen.txt")
    assert refusal.value.reason == "not_granted"
    assert refusal.value.contact == "olga@contoso.example"
    assert not (tmp_path / "stolen.txt").exists()


def test_a_revocation_is_refused_at_the_very_next_request_and_restoring_works(
    cast: Cast, plan: Path, tmp_path: Path
) -> None:
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",), offline_days=0))
    cast.rita.session.open_file(sealed.path, tmp_path / "one")
    contoso = cast.olga.session.own_organization()
    contoso.call("POST", f"/api/v1/documents/{sealed.cid}/revoke", {"reason": "wrong version", "confirm": "plan.txt"})
    with pytest.raises(Refused) as refusal:
        cast.rita.session.open_file(sealed.path, tmp_path / "two")
    assert refusal.value.reason == "revoked"
    contoso.call("POST", f"/api/v1/documents/{sealed.cid}/restore", {})
    cast.rita.session.open_file(sealed.path, tmp_path / "three")


def test_a_change_of_rights_reaches_a_file_already_sent(cast: Cast, plan: Path, tmp_path: Path) -> None:
    sealed = cast.olga.session.protect(plan, ProtectOptions(grants=("rita@fabrikam.example:VIEW",), offline_days=0))
    contoso = cast.olga.session.own_organization()
    policy = {"grants": [{"who": "max@contoso.example", "rights": ["VIEW", "PRINT"]}]}
    contoso.call("PUT", f"/api/v1/documents/{sealed.cid}/policy", {"policy": policy})
    opened = cast.max.session.open_file(sealed.path, tmp_path / "max")
    assert set(opened.rights) == {"VIEW", "PRINT"}
    with pytest.raises(Refused):
        cast.rita.session.open_file(sealed.path, tmp_path / "rita")


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
