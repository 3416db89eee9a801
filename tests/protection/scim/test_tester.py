"""An independent program that checks SCIM services finds nothing wrong with this one."""

from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from portal.scim.resources import PROVIDER, FullUser, User
from tests.cast import Cast
from tests.portal.identity.browser import host_of
from tests.protection.scim.client import connected


class Addresses(list[str]):
    """As many fresh addresses as are asked for: the program takes user names from a field's examples."""

    def __init__(self) -> None:
        super().__init__(["an@example"])

    def __getitem__(self, index: Any) -> Any:
        return f"t{uuid4().hex[:12]}@contoso.example"


class DeletesOnce(WSGISCIMClient):
    """Sends each deletion once: after each check the program deletes again whatever it has made since it began."""

    def request(self, method: str, url: str, **more: Any) -> Any:
        again = self.__dict__.setdefault("deleted", {})
        if method != "DELETE":
            return super().request(method, url, **more)
        if url not in again:
            again[url] = super().request(method, url, **more)
        return again[url]


@pytest.fixture
def open_connection() -> Any:
    """Let requests leave the test's database connection open."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_a_program_that_checks_scim_finds_nothing_wrong(
    cast: Cast, open_connection: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    settings.CHANCERY_PROVISIONING_LEAST = 1_000
    scim = connected(cast, "people", "groups")
    for model in (User, FullUser):
        monkeypatch.setattr(model.model_fields["user_name"], "examples", Addresses())
    client = DeletesOnce(
        WSGIHandler(),
        base_url=f"http://{host_of('contoso')}/scim/v2",
        headers={"Authorization": f"Bearer {scim.token}"},
        provider=PROVIDER,
    )
    results = check_server(client)
    assert [(one.title, one.reason) for one in results if one.status != Status.SUCCESS] == []
    assert len(results) > 70
