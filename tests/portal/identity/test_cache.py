"""What Redis holds opens nothing: names are keyed hashes, values are sealed and bound to their names."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache

from portal.identity import clients
from tests.portal.identity.test_issuer import IssuerTest

ASKED = {
    "response_type": "code",
    "client_id": clients.CLI,
    "redirect_uri": "http://127.0.0.1:1/cb",
    "scope": "openid",
    "code_challenge": "x" * 43,
    "code_challenge_method": "S256",
}


def client() -> Any:
    return cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]


def everything() -> dict[bytes, bytes]:
    """Return all that is in the cache's database of Redis."""
    return {name: client().get(name) for name in client().scan_iter()}


class CodesInRedisTest(IssuerTest):
    def test_no_code_is_in_redis(self) -> None:
        started = self.begin_device()
        browser = self.signed_in()
        confirm = f"/identity/o/device?code={started['user_code']}"
        browser.post(confirm, {"action": "confirm"})
        page = browser.get("/identity/o/authorize", ASKED)
        form = {"request": page.context["form"]["request"].value(), "scopes": ["openid"], "action": "grant"}
        answer = browser.post("/identity/o/authorize", form)
        code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
        held = everything()
        assert len(held) > 2
        for secret in (started["user_code"], started["device_code"], code, str(self.olga.id), "olga@contoso.example"):
            for spelling in {secret, secret.lower(), secret.replace("-", "")}:
                found = [name for name, value in held.items() if spelling.encode() in name + b" " + (value or b"")]
                assert found == [], secret


@pytest.mark.parametrize("value", [{"a": [1, None, "b"]}, "text", 3.5, None, True, 7])
def test_values_come_back_as_they_were(value: object) -> None:
    cache.set("here", value, timeout=60)
    assert cache.get("here", "nothing") == value
    assert cache.get_many(["here", "elsewhere"]) == {"here": value}
    assert not cache.add("here", "other", timeout=60)
    assert cache.delete("here")
    assert cache.get("here", "nothing") == "nothing"


def test_counters_stay_numbers_that_redis_raises() -> None:
    cache.set("counter", 1, timeout=60)
    assert cache.incr("counter") == 2
    assert client().get(cache.make_key("counter")) == b"2"


def test_a_value_is_believed_under_its_own_name_only() -> None:
    """Who can write into Redis cannot give their own code the grant that belongs to another one."""
    cache.set("code of olga", {"granted": True}, timeout=60)
    stolen = client().get(cache.make_key("code of olga"))
    client().set(cache.make_key("code of mallory"), stolen)
    client().set(cache.make_key("pickled"), b"cos\nsystem\n(S'false'\ntR.")
    assert cache.get("code of mallory") is None
    assert cache.get("pickled") is None
    assert cache.get("code of olga") == {"granted": True}
