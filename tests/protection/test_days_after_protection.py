"""Access that ends a number of days after a document was protected, set while it is on its way."""

from pathlib import Path
from uuid import UUID

import pytest

from protection.models import Content
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.asking import command
from tests.protection.steps import MAX, call, protect


def ends(player: Player, cid: UUID) -> int:
    return int(call(player, "contoso", "GET", f"documents/{cid}/policy").json()["policy"]["expires"])


def test_days_after_protection_count_from_the_documents_own_day_everywhere(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = protect(cast.olga, plan, f"{MAX}:VIEW")
    with in_organization(cast.organizations["contoso"].id):
        published = int(Content.objects.get(cid=sealed.cid).published_at.timestamp())
    body = {"policy": {"grants": [{"who": MAX, "rights": ["VIEW"]}]}, "expires_after_days": 30}
    assert call(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", body).status_code == 200
    assert ends(cast.olga, sealed.cid) == published + 30 * 86_400
    command(cast.olga, monkeypatch, "change", str(sealed.path), "--expires-after-days", "10")
    monkeypatch.undo()
    assert ends(cast.olga, sealed.cid) == published + 10 * 86_400
    browser = Site(cast, {}).browser("contoso.localhost:8000", cast.olga)
    path = f"/documents/{sealed.cid}/change/"
    assert browser.post(path, {"grants": f"{MAX}: viewer", "expires_after_days": "5"}).status_code == 302
    assert ends(cast.olga, sealed.cid) == published + 5 * 86_400
    both = {"grants": "", "expires": "2099-01-01", "expires_after_days": "5"}
    assert "not both" in browser.post(path, both).content.decode()
