"""A reader of a viewer-only document, as the page's script acts for them, with the worker in a thread of the test."""

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connections
from django.http import HttpResponse
from PIL import Image

from chancery.crypto import bindings
from chancery.crypto.envelope import unseal
from chancery.objects import jws
from chancery.objects.claims import Claims
from chancery.objects.use import Common, UseLicense, read_license
from chancery.texts import message
from portal.rendering import exchange
from portal.rendering.requests import rendering_of
from portal.rendering.work import draw
from tenants.context import in_organization
from tests.cast import Cast, Player
from tests.protection.steps import call, objects


def asks(player: Player, sealed: Path, slug: str = "contoso", **more: Any) -> HttpResponse:
    """Ask for a license as the page does, which can show pages."""
    return call(player, slug, "POST", "licenses", {**objects(sealed), "rendering": sealed.stat().st_size, **more})


def license_in(answer: HttpResponse) -> UseLicense:
    assert answer.status_code == 200, answer.content
    claims = Claims(jws.parse(json.loads(answer.content)["use_license"], jws.Kind.USE).claims, message("license"))
    return read_license(claims, Common.read(claims), with_key=True)


@contextmanager
def a_worker_is_there() -> Iterator[None]:
    """Say that a worker draws; the test's own thread is it."""
    exchange.announce({"draws": True, "office": False})
    yield
    exchange.announce({"draws": False, "office": False})


class Viewing:
    """One document on its way to a reader's screen."""

    def __init__(self, cast: Cast, player: Player, sealed: Path, slug: str = "contoso") -> None:
        self.player, self.slug, self.data = player, slug, sealed.read_bytes()
        self.organization = cast.organizations[slug].id
        self.use = license_in(asks(player, sealed, slug))
        self.event = self.use.jti

    def get(self, path: str = "") -> HttpResponse:
        return call(self.player, self.slug, "GET", f"renderings/{self.event}{path}")

    def state(self) -> dict[str, Any]:
        answer = self.get()
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = json.loads(answer.content)
        return found

    def send(self, number: int, data: bytes) -> HttpResponse:
        path = f"renderings/{self.event}/parts/{number}"
        return call(self.player, self.slug, "POST", path, {"part": jws.b64(data)})

    def drawn(self, data: bytes | None = None) -> bool:
        """Send the file while the worker draws it; return whether it drew all."""
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(self.work)
            while self._stage() is exchange.Stage.WAITING:
                assert not done.done(), done.result()
            body = self.data if data is None else data
            for number in range(1, exchange.parts_of(len(body)) + 1):
                part = body[(number - 1) * exchange.PART : number * exchange.PART]
                assert self.send(number, part).status_code == 202
            return done.result(60)

    def _stage(self) -> exchange.Stage:
        return rendering_of(self.use.sub, self.organization, self.event).stage

    def work(self) -> bool:
        """Be the worker that draws it; return whether it drew all."""
        try:
            with in_organization(self.organization):
                return draw(self.event)
        finally:
            connections.close_all()

    def page(self, number: int) -> bytes:
        """Take a page and open it with the device's key."""
        answer = self.get(f"/pages/{number}")
        assert answer.status_code == 200, answer.content
        account = self.player.session.account
        info = bindings.rendering_page(org=self.organization, dev=self.use.dev, jti=self.event, number=number)
        sealed = jws.unb64(json.loads(answer.content)["page"])
        return unseal(account.key_store(), account.encryption.key_id, sealed, info)


def picture(page: bytes) -> Image.Image:
    return Image.open(io.BytesIO(page))
