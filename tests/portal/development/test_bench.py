"""The bench's own arithmetic and its paper; what it measures is measured by running it."""

import json
import math
import re
import time

import pytest

from chancery.crypto.signatures import SigningKey
from chancery.crypto.suites import ED25519
from chancery.objects.jws import b64
from chancery.objects.proof import DeviceProof, Request
from portal.development.bench import command, figures, load
from portal.development.bench.figures import Line, Reference
from portal.runtime.bootstrap.environment import ROOT


def test_every_name_is_in_the_paper_and_none_besides() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(command.NAMES)


def test_unknown_name_is_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["licences"])
    assert "licences" in capsys.readouterr().err


@pytest.mark.parametrize(("share", "expected"), [(0.5, 3), (0.99, 5), (0.0, 1), (1.0, 5)])
def test_percentile_is_a_value_that_occurred(share: float, expected: float) -> None:
    assert figures.percentile([5, 1, 4, 2, 3], share) == expected


def test_nothing_measured_is_no_figure() -> None:
    assert math.isnan(figures.percentile([], 0.5))


def test_table_and_json_say_the_same() -> None:
    lines = [Line("licenses", 1500.0, "/s", "≥ 1,500", Reference("inserts/s", 3000.0)), Line("start", 0.25, "s")]
    assert json.loads(figures.as_json(lines))[0]["ratio"] == 0.5
    table = figures.as_table(lines)
    assert "1,500 /s" in table
    assert "0.50" in table
    assert "3,000 inserts/s" in table


def test_requests_carry_proofs_of_their_own_bodies() -> None:
    """What is signed beforehand must be what a device would sign, or refusals would be measured."""
    key = SigningKey.generate(ED25519)
    caller = {"algorithm": ED25519.name, "signing": b64(key.private_bytes()), "token": "token"}
    origin = "http://bench.localhost:18000"
    plan = {"method": "POST", "path": "/x", "origin": origin, "callers": [caller], "bodies": ["{}", "[]"], "count": 2}
    for request, body in zip(load.prepared(plan), (b"{}", b"[]"), strict=True):
        head, _, sent = request.partition(b"\r\n\r\n")
        assert sent == body
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        asked = Request(method="POST", url=f"{origin}/x", token="token", body=body)
        proof = DeviceProof.parse(headers["Chancery-Proof"])
        proof.verify(key=key.verify_key, request=asked, now=int(time.time()))


@pytest.mark.parametrize(
    ("headers", "body", "whole"),
    [
        (b"content-length: 3", b"abc", True),
        (b"content-length: 3", b"ab", False),
        (b"transfer-encoding: chunked", b"1\r\na\r\n0\r\n\r\n", True),
        (b"transfer-encoding: chunked", b"1\r\na\r\n", False),
    ],
)
def test_answer_is_whole_at_its_end(headers: bytes, body: bytes, *, whole: bool) -> None:
    assert load.is_whole(headers, bytearray(body), 0) is whole
