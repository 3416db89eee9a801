"""A viewer-only document is shown page by page: by the same decision, on record before, and nothing of it stays."""

import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.cache import cache
from pypdfium2 import PdfDocument

from chancery.objects import jws
from chancery.policy.policy import Conditions, Enforcement
from chancery.policy.rights import Right
from chancery.sealing.read import open_sealed
from portal.rendering import drawer, exchange, work
from portal.rendering.work import draw
from protection.services.feed import invalidate_all_of
from tenants.context import in_organization
from tests.cast import Cast
from tests.portal.identity.test_dump import dump
from tests.portal.rendering.test_hostile_documents import never_drawn
from tests.protection.outsider import outsider
from tests.protection.steps import (
    RITA,
    call,
    confirmed,
    content,
    ledger,
    objects,
    origin_of,
    problem,
    protect,
    refusal,
    rights,
)
from tests.protection.viewing import Viewing, a_worker_is_there, asks, license_in, picture

VIEWER = {"enforcement": Enforcement.VIEWER}
pytestmark = pytest.mark.usefixtures("_worker")


@pytest.fixture
def _worker() -> Iterator[None]:
    with a_worker_is_there():
        yield


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """Return a file of three pages."""
    file = PdfDocument.new()
    for _ in range(3):
        file.new_page(300, 400)
    file.save(tmp_path / "plan.pdf")
    return tmp_path / "plan.pdf"


def test_a_reader_gets_pages_and_never_the_key(cast: Cast, pdf: Path) -> None:
    sealed = protect(cast.olga, pdf, f"{RITA}:VIEW,PRINT,EDIT,EXTRACT", **VIEWER)
    viewing = Viewing(cast, cast.rita, sealed.path)
    use = viewing.use
    assert (use.key, use.edit, use.enforcement) == (None, None, "viewer")
    assert set(use.rights) == {"VIEW", "PRINT"}, "what is shown as pictures can be neither edited nor copied from"
    assert use.offline_until <= use.iat
    assert use.exp - use.iat <= 3600
    (event, *_) = ledger(cast, "contoso", "content.opened")
    assert (event.id, event.outcome, event.details["viewer"]) == (viewing.event, "allowed", True)
    assert viewing.state()["stage"] == "waiting"
    problem(viewing.send(1, viewing.data), 422, "invalid_object")
    assert viewing.drawn()
    state = viewing.state()
    assert (state["stage"], state["ready"], state["pages"], state["of"]) == ("drawn", 3, 3, 3)
    for number in (1, 2, 3):
        page = picture(viewing.page(number))
        assert (page.format, page.size) == ("WEBP", (625, 834))
        assert page.convert("L").histogram()[0:200] != [0] * 200, "an empty page carries the watermark"
    problem(viewing.get("/pages/1"), 404, "not_found")
    problem(call(cast.max, "contoso", "GET", f"renderings/{viewing.event}"), 404, "not_found")
    problem(call(cast.rita, "fabrikam", "GET", f"renderings/{viewing.event}"), 404, "not_found")


def test_the_owner_and_who_may_export_open_it_as_ever(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW,EXPORT", **VIEWER)
    assert content(cast.olga, sealed.path) == plan.read_bytes()
    assert rights(cast.rita, sealed.path) == {"VIEW", "EXPORT"}
    assert license_in(asks(cast.rita, sealed.path)).key is not None, "also in the browser"


def test_other_programs_are_told_where_it_opens(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", **VIEWER)
    refused = refusal(cast.rita, sealed.path)
    assert (refused.reason, refused.message) == ("viewer_only", "This document is shown in the browser only.")
    assert refused.next_step == "Open it in the browser: http://localhost:8000/open/"
    body = {"items": [objects(sealed.path)]}
    batch = json.loads(call(cast.rita, "contoso", "POST", "licenses/batch", body).content)["batch"]
    results: Any = jws.parse(batch, jws.Kind.USE_BATCH).claims["results"]
    assert [one["refusal"]["details"]["next_step"] for one in results] == [refused.next_step]
    exchange.announce({"draws": False, "office": False})
    problem(asks(cast.rita, sealed.path), 403, "viewer_only")
    exchange.announce({"draws": True, "office": False})
    problem(asks(cast.rita, sealed.path, rendering=settings.CHANCERY_VIEWER_BYTES + 1), 403, "viewer_only")


def test_it_is_decided_like_every_opening(cast: Cast, plan: Path) -> None:
    enforced = Conditions(enforced=frozenset({Right.EXPORT}))
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", **VIEWER, conditions=enforced)
    assert license_in(asks(cast.rita, sealed.path)).key is None, "the service withholds what the program need not"
    problem(asks(cast.max, sealed.path), 403, "not_granted")
    assert confirmed(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke").status_code == 200
    problem(asks(cast.rita, sealed.path), 403, "revoked")


def test_access_that_is_taken_back_ends_it_between_two_pages(cast: Cast, pdf: Path) -> None:
    sealed = protect(cast.olga, pdf, f"{RITA}:VIEW", **VIEWER)
    viewing = Viewing(cast, cast.rita, sealed.path)
    assert viewing.drawn()
    assert viewing.page(1)
    assert confirmed(cast.olga, "contoso", "POST", f"documents/{sealed.cid}/revoke").status_code == 200
    problem(viewing.get("/pages/2"), 422, "revoked")


def test_whatever_ends_a_kept_license_ends_the_pages_too(cast: Cast, pdf: Path) -> None:
    sealed = protect(cast.olga, pdf, f"{RITA}:VIEW", **VIEWER)
    viewing = Viewing(cast, cast.rita, sealed.path)
    assert viewing.drawn()
    assert viewing.page(1)
    with in_organization(viewing.organization):
        invalidate_all_of(viewing.use.sub)
    problem(viewing.get("/pages/2"), 422, "revoked")
    again = Viewing(cast, cast.rita, sealed.path)
    assert again.drawn(), "what was decided after it is not meant"
    assert again.page(1)
    state = exchange.progress(again.event)
    assert state is not None
    assert state.allowed.until == again.use.exp
    exchange.note(again.event, replace(state, allowed=replace(state.allowed, until=again.use.iat)))
    problem(again.get("/pages/2"), 422, "revoked")


def test_what_is_being_drawn_ends_when_its_reader_opens_something_else(cast: Cast, tmp_path: Path) -> None:
    endless = tmp_path / "endless.pdf"
    endless.write_bytes(never_drawn())
    plain = tmp_path / "note.txt"
    plain.write_text("text", encoding="utf-8")
    first, second = (protect(cast.olga, one, f"{RITA}:VIEW", **VIEWER).path for one in (endless, plain))
    viewing = Viewing(cast, cast.rita, first)
    with ThreadPoolExecutor(1) as pool:
        drawn = pool.submit(viewing.work)
        for stage in ("waiting", "receiving"):
            while viewing.state()["stage"] == stage:
                assert not drawn.done(), drawn.result()
            if stage == "waiting":
                assert viewing.send(1, viewing.data).status_code == 202
        assert Viewing(cast, cast.rita, second).drawn()
        assert not drawn.result(60)
    assert viewing.state()["problem"] == "replaced"


def test_a_document_that_waits_its_turn_ends_when_its_reader_opens_something_else(cast: Cast, pdf: Path) -> None:
    sealed = protect(cast.olga, pdf, f"{RITA}:VIEW", **VIEWER)
    job = exchange.take(Viewing(cast, cast.rita, sealed.path).event)
    assert job is not None
    asks(cast.rita, sealed.path)
    with ExitStack() as others:
        for _ in range(work.AT_ONCE):
            others.enter_context(work._drawing)
        with pytest.raises(drawer.NotDrawn, match="replaced"), work._turn(job):
            pass


def test_a_reader_has_one_document_drawn_at_a_time(cast: Cast, pdf: Path) -> None:
    sealed = protect(cast.olga, pdf, f"{RITA}:VIEW", **VIEWER)
    first, second = (Viewing(cast, cast.rita, sealed.path) for _ in range(2))
    with in_organization(first.organization):
        assert not draw(first.event)
    assert first.state()["problem"] == "replaced"
    assert second.drawn()


def test_another_file_than_the_allowed_one_is_not_drawn(cast: Cast, pdf: Path, plan: Path) -> None:
    sealed = protect(cast.olga, pdf, f"{RITA}:VIEW", **VIEWER)
    viewing = Viewing(cast, cast.rita, sealed.path)
    changed = bytearray(viewing.data)
    with open_sealed(sealed.path) as file:
        changed[file.layout.body_offset + 5] ^= 1
    assert not viewing.drawn(bytes(changed))
    state = viewing.state()
    assert (state["stage"], state["problem"], state["ready"]) == ("failed", "invalid_file", 0)
    assert state["message"]
    assert state["next_step"]
    (failed, *_) = ledger(cast, "contoso", "license.release_failed")
    assert (failed.reason, failed.details["of"]) == ("invalid_file", str(viewing.event))


def test_an_outsider_reads_it_by_a_mailed_code(cast: Cast, pdf: Path, settings: Any) -> None:
    settings.EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
    jo = outsider("jo")
    sealed = protect(cast.olga, pdf, f"{jo.address}:VIEW", **VIEWER).path
    jo.come_in(sealed)
    asked = {**objects(sealed), "rendering": sealed.stat().st_size}
    use = license_in(jo.call("POST", origin_of("contoso"), "/api/v1/licenses", asked))
    assert use.key is None
    state = jo.call("GET", origin_of("contoso"), f"/api/v1/renderings/{use.jti}")
    assert json.loads(state.content)["stage"] == "waiting"


MARKER = "Only-for-the-eyes-of-Rita"


def test_nothing_of_the_body_survives(cast: Cast, tmp_path: Path) -> None:
    """Look for the text, and for bytes of the picture, in all that is written: folders, database, Redis."""
    plain = tmp_path / "secret.txt"
    plain.write_text(f"{MARKER} {uuid4()}\n" * 400)
    sealed = protect(cast.olga, plain, f"{RITA}:VIEW", **VIEWER)
    plain.unlink()
    began = time.time()
    viewing = Viewing(cast, cast.rita, sealed.path)
    assert viewing.drawn()
    drawn = viewing.page(1)
    needles = [MARKER.encode(), drawn[200:260]]
    rows = dump()
    redis = cache._cache.get_client()
    values = [redis.dump(name) or b"" for name in redis.scan_iter()]
    assert values, "pages that nobody has taken wait there"
    found = [needle for needle in needles for value in values if needle in value]
    found += [needle for needle in needles if needle.hex() in rows]
    assert MARKER not in rows
    assert [*found, *_in_files(needles, began)] == []
    with tempfile.NamedTemporaryFile() as planted:
        planted.write(needles[0])
        planted.flush()
        assert _in_files(needles, began) == [needles[0]], "what is there is found"
    assert picture(drawn).size == (1240, 1754)


def _in_files(needles: list[bytes], since: float) -> list[bytes]:
    folders = [settings.CHANCERY_DATA, *(Path(name) for name in (tempfile.gettempdir(), "/var/tmp", "/dev/shm"))]
    files = [path for folder in folders for path in _written(folder, since)]
    return [needle for needle in needles for path in files if _holds(path, needle)]


def _written(folder: Path, since: float) -> Iterator[Path]:
    """Yield the files that were written since; in folders that others use too, those that are new at the top."""
    shared = folder != settings.CHANCERY_DATA
    for path in folder.iterdir() if shared else folder.rglob("*"):
        with suppress(OSError):
            if path.is_file() and path.stat().st_mtime >= since - 1:
                yield path
            elif shared and path.is_dir() and path.stat().st_ctime >= since - 1 and "-of-" not in path.name:
                yield from (inner for inner in path.rglob("*") if inner.is_file())


def _holds(path: Path, needle: bytes) -> bool:
    with suppress(OSError):
        return needle in path.read_bytes()
    return False
