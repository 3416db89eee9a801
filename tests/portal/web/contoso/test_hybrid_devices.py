"""A browser that has ML-KEM becomes a device with the hybrid key; Chromium has it behind a switch for now."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import Session
from portal.runtime.bootstrap.environment import ROOT
from tests.chromium import FLAGS, PROGRAM
from tests.portal.web.browsing import content, opens
from tests.portal.web.visitor import Installation, Visitor

READER = "jonas@contoso.example"
HAS_IT = """() => crypto.subtle.generateKey({ name: "ML-KEM-768" }, false, ["encapsulateBits", "decapsulateBits"])
  .then(() => true, () => false)"""
UNSEAL = """async ({ kem, private: secret, public: open, blob, info }) => {
  const { DecryptionKey, fromBase64url, toBase64url, unseal } = await import("/static/js/chancery-crypto.mjs");
  const key = await DecryptionKey.load(kem, fromBase64url(secret), fromBase64url(open));
  try {
    return toBase64url(await unseal(key, fromBase64url(blob), fromBase64url(info)));
  } catch (error) {
    return error.code;
  }
}"""


@pytest.fixture(scope="module")
def reader(installation: Installation) -> Iterator[Visitor]:
    """Return a colleague of Olga's in a browser that has ML-KEM."""
    installation.add_person(READER, "Jonas Jansen")
    chromium = installation.chromium.browser_type.launch(
        executable_path=PROGRAM, args=[*FLAGS, "--enable-features=WebCryptoPQC"]
    )
    reader = replace(installation, chromium=chromium).visitor()
    reader.arrive(READER)
    if not reader.page.evaluate(HAS_IT):
        pytest.skip("This Chromium has no ML-KEM.")
    yield reader
    chromium.close()


@pytest.fixture
def owner(olga: Visitor) -> Iterator[Session]:
    with olga.device("olga") as device:
        yield device


def test_the_browser_opens_what_is_sealed_to_a_hybrid_key(reader: Visitor) -> None:
    vectors = json.loads((ROOT / "tests" / "vectors" / "primitives.json").read_text(encoding="utf-8"))["sealed"]
    hybrid = [vector for vector in vectors if vector["kem"] == "mlkem768-x25519"]
    assert {vector["expect"] for vector in hybrid} == {"ok", "cannot_unseal"}
    for vector in hybrid:
        expected = vector["plaintext"] if vector["expect"] == "ok" else vector["expect"]
        assert reader.page.evaluate(UNSEAL, vector) == expected, vector["name"]


def test_it_becomes_a_hybrid_device_and_stays_one(owner: Session, reader: Visitor, tmp_path: Path) -> None:
    enrolled: list[str] = []
    reader.page.on(
        "request",
        lambda asked: (
            enrolled.append(json.loads(asked.post_data or "")["encryption"]["kem"])
            if asked.url.endswith("/api/v1/devices")
            else None
        ),
    )
    (tmp_path / "plan.txt").write_bytes(b"1. Sign the letter.")
    file = owner.protect(tmp_path / "plan.txt", ProtectOptions(grants=(f"{READER}:VIEW",))).path
    for _ in range(2):
        opens(reader, file)
        assert content(reader).locator("pre").inner_text() == "1. Sign the letter."
    assert enrolled == ["mlkem768-x25519"]
