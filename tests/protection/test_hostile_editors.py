"""Editions that somebody with the right to edit makes with a client of their own (docs/protocol.md P3, P11)."""

import io
import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from django.http import HttpResponse

from chancery.objects.body import SealFacts, seal_edition_key, sign_body
from chancery.sdk.errors import Refused
from chancery.sdk.licenses import Licenses
from chancery.sdk.results import Protected
from chancery.sealing.read import open_sealed
from protection.models import Edition
from protection.selectors.editions import UNSEEN_FOR
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.protection.steps import MAX, RITA, call, content, ledger, objects, opening, problem, protect
from tests.protection.test_attacks import body_of, license_of
from tests.protection.test_publishing import edited


@pytest.fixture
def shared(cast: Cast, plan: Path) -> Protected:
    return protect(cast.olga, plan, f"{RITA}:VIEW,EDIT", f"{MAX}:VIEW", offline_days=7)


@dataclass
class Hostile:
    """A person who may edit, and what they need to seal whatever they like."""

    player: Player
    shared: Protected

    def __post_init__(self) -> None:
        session = self.player.session
        with open_sealed(self.shared.path) as file:
            place = session.organization(file.publishing_license.org)
            licenses = Licenses(session.home, place, session.account, session.stated)
            _file, found, self.key = licenses.open(file)
        assert found.edit is not None
        self.certificate, self.delegation, self.rekey = found.edit, found.delegation, found.rekey
        self.first = body_of(self.shared)
        self.license = license_of(self.shared)

    def facts(self, **changes: Any) -> SealFacts:
        return replace(self.first.facts, n=2, prev=self.first.digest, **changes)

    def env(self, key: bytes, n: int = 2) -> bytes:
        place = self.player.session.organization(self.license.org)
        public = next(one for one in place.statement().tenant_keys if one.kid == self.license.kid).encryption_key()
        return seal_edition_key(
            public,
            key,
            org=self.license.org,
            cid=self.license.cid,
            n=n,
            device_key_id=self.player.session.account.signing.key_id,
        )

    def seal(
        self,
        facts: SealFacts | None = None,
        *,
        iat: int | None = None,
        env: bytes | None = None,
        certificate: str | None = None,
        signer: Player | None = None,
    ) -> str:
        return sign_body(
            facts or self.facts(),
            signer=(signer or self.player).session.account.signing,
            certificate=certificate or self.certificate,
            delegation=self.delegation,
            iat=int(time.time()) if iat is None else iat,
            env=env,
        )

    def register(self, seal: str, by: Player | None = None, license_: str | None = None) -> HttpResponse:
        body = {"publishing_license": license_ or self.license.token, "body_seal": seal}
        return call(by or self.player, "contoso", "POST", "registrations", body)


def test_no_edition_counts_that_is_dated_numbered_or_bound_to_something_else(
    cast: Cast, shared: Protected, plan: Path
) -> None:
    other = protect(cast.olga, plan, f"{RITA}:VIEW,EDIT")
    rita, theirs, now = Hostile(cast.rita, shared), Hostile(cast.rita, other), int(time.time())
    facts = rita.facts()
    tried = {
        "superseded": [
            rita.seal(replace(facts, n=5)),
            rita.seal(replace(facts, n=2**31 - 1)),
            rita.seal(replace(facts, prev=secrets.token_bytes(32))),
            rita.seal(replace(facts, prev=theirs.first.digest)),
            rita.seal(replace(facts, prev=rita.license.digest)),
        ],
        "may_not_edit": [rita.seal(iat=now + 400)],
        "clock_wrong": [rita.seal(iat=now + 60 * 86_400), rita.seal(iat=now - 86_400)],
        "tampered": [
            rita.seal(replace(facts, n=1, prev=None)),
            rita.seal(replace(facts, cid=theirs.license.cid)),
            rita.seal(replace(facts, pl=theirs.license.digest)),
            rita.seal(theirs.facts()),
            rita.seal(certificate=theirs.certificate),
            rita.seal(signer=cast.max),
            rita.seal(env=secrets.token_bytes(200)),
            rita.seal(env=rita.env(secrets.token_bytes(32), n=3)),
        ],
    }
    for reason, seals in tried.items():
        for seal in seals:
            problem(rita.register(seal), 409, reason)
    problem(rita.register(rita.seal(), license_=theirs.license.token), 409, "tampered")
    assert content(cast.max, shared.path) == plan.read_bytes()
    assert opening(cast.max, shared.path).status == "current"


@pytest.mark.parametrize("size", [0, 16, 33, 3000])
def test_an_edition_brings_a_key_of_the_right_size_or_is_refused(cast: Cast, shared: Protected, size: int) -> None:
    """Its readers, and everybody who edits it afterwards, would be left with a document that nobody can open."""
    rita = Hostile(cast.rita, shared)
    problem(rita.register(rita.seal(env=rita.env(secrets.token_bytes(size)))), 409, "tampered")
    assert opening(cast.max, shared.path).status == "current"


def test_an_edition_after_a_loss_brings_no_key_of_before_as_a_new_one(cast: Cast, shared: Protected) -> None:
    call(cast.olga, "contoso", "POST", f"documents/{shared.cid}/revoke", {"recipient": MAX})
    cast.rita.session.service.feeds_asked.clear()  # As the next command does.
    rita = Hostile(cast.rita, shared)
    assert rita.rekey
    problem(rita.register(rita.seal(env=rita.env(rita.key))), 409, "tampered")
    assert rita.register(rita.seal(env=rita.env(secrets.token_bytes(32)))).status_code == 201


def grow_old(cast: Cast, shared: Protected, n: int) -> None:
    """Let an edition have been registered a while ago."""
    with in_organization(cast.organizations["contoso"].id):
        Edition.objects.filter(content_id=shared.cid, n=n).update(registered_at=Now() - UNSEEN_FOR)


def unseen(player: Player, shared: Protected) -> None:
    """Register an edition whose body nobody gets: a program crashed, or somebody will not hand it out."""
    editor = Hostile(player, shared)
    assert editor.register(editor.seal()).status_code == 201


def test_an_edition_without_a_body_keeps_others_from_saving_only_for_a_while(
    cast: Cast, shared: Protected, plan: Path
) -> None:
    unseen(cast.rita, shared)
    assert opening(cast.max, shared.path).status == "superseded"
    with pytest.raises(Refused) as refused:
        edited(cast.olga, shared.path, b"at once")
    assert (refused.value.reason, "15 minutes" in (refused.value.next_step or "")) == ("superseded", True)
    grow_old(cast, shared, 2)
    assert opening(cast.max, shared.path).status == "superseded", "readers are still told that there is a newer one"
    third = edited(cast.olga, shared.path, b"third")
    assert content(cast.max, third) == b"third"
    assert (opening(cast.rita, third).edition, opening(cast.rita, third).status) == (3, "current")
    (event, *_) = ledger(cast, "contoso", "content.edited", cid=shared.cid)
    assert (event.details["edition"], event.details["follows"]) == (3, 1)
    assert content(cast.max, edited(cast.rita, third, b"fourth")) == b"fourth"


def test_an_edition_that_somebody_else_has_opened_is_not_passed_over(cast: Cast, shared: Protected) -> None:
    second = edited(cast.rita, shared.path, b"second")
    opening(cast.rita, second)
    assert opening(cast.max, second).status == "current"
    grow_old(cast, shared, 2)
    with pytest.raises(Refused) as refused:
        edited(cast.olga, shared.path, b"over it")
    assert refused.value.reason == "superseded"
    rita = Hostile(cast.rita, shared)
    problem(rita.register(rita.seal(replace(rita.facts(), n=3))), 409, "superseded")


def test_one_opened_edition_between_protects_all_before_it(cast: Cast, shared: Protected) -> None:
    second = edited(cast.rita, shared.path, b"second")
    third = edited(cast.rita, second, b"third")
    fourth = edited(cast.rita, third, b"fourth")
    opening(cast.max, third)
    for n in (2, 3, 4):
        grow_old(cast, shared, n)
    for older in (shared.path, second):
        with pytest.raises(Refused):
            edited(cast.olga, older, b"over it")
    fifth = edited(cast.olga, third, b"fifth")
    assert [opening(cast.max, one).status for one in (fourth, fifth)] == ["superseded", "current"]


def test_the_author_of_an_unseen_edition_learns_that_it_was_passed_over(cast: Cast, shared: Protected) -> None:
    second = edited(cast.rita, shared.path, b"second")
    grow_old(cast, shared, 2)
    third = edited(cast.olga, shared.path, b"third")
    assert opening(cast.rita, second).status == "superseded"
    with pytest.raises(Refused):
        edited(cast.rita, second, b"on top of what was passed over")
    assert body_key_of(third), "going back behind an edition takes a new key"


def body_key_of(sealed: Path) -> bytes | None:
    with open_sealed(sealed) as file:
        return file.body_seal.env


def test_a_kept_license_does_not_keep_anybody_from_saving(cast: Cast, shared: Protected) -> None:
    assert edited(cast.rita, shared.path, b"mine").exists()
    cast.olga.session.open_stream(shared.path, io.BytesIO())
    grow_old(cast, shared, 2)
    assert content(cast.max, edited(cast.rita, shared.path, b"mine again")) == b"mine again"


def test_an_edition_that_was_on_record_before_does_not_become_the_newest_again(cast: Cast, shared: Protected) -> None:
    rita = Hostile(cast.rita, shared)
    second = edited(cast.rita, shared.path, b"second")
    for seal in (rita.first.token, objects(second)["body_seal"]):
        assert rita.register(seal).status_code == 200
    assert [opening(cast.max, one).status for one in (shared.path, second)] == ["superseded", "current"]
