"""What one implementation seals the other opens, a thousand random files; and what one refuses, so does the other."""

import hashlib
import io
import json
import random
import shutil
import subprocess
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chancery.crypto.suites import P256_SUITE
from chancery.errors import ChanceryError
from chancery.objects.body import BodyFacts, SealFacts
from chancery.sealing import html_form
from chancery.sealing.metadata import Metadata
from chancery.sealing.read import open_sealed
from chancery.sealing.write import seal_edition, seal_file
from tests.chancery.cast import ISS, NOW, Organization
from tests.interop.test_reader import INSTALL

PROGRAM = Path(__file__).parent / "both_ways.mjs"
FILES = 1_000
MUTATIONS = 400
CHUNK = 16 * 1024
EDGES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2**20 - 1, 2**20, 2**20 + 1)
NAMES = ("plan.txt", "Größe 5 – façade.pdf", "北京.md", "a b", "😀.png", "x" * 255)


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def un64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def facts_of(members: dict[str, Any]) -> SealFacts:
    """Return what a seal is to state, as the second implementation names it."""
    body = BodyFacts(hdr=un64(members["hdr"]), length=members["len"], root=un64(members["root"]))
    org, cid, pl = UUID(members["org"]), UUID(members["cid"]), un64(members["pl"])
    return SealFacts(org=org, cid=cid, pl=pl, body=body, n=members["n"], prev=members["prev"])


class Javascript:
    """The second implementation, in a process of its own."""

    def __init__(self, contoso: Organization) -> None:
        node = shutil.which("node")
        assert node is not None, INSTALL
        self.contoso = contoso
        self.process = subprocess.Popen(
            [node, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        installation = contoso.installation.verify_key
        pinned = {"alg": installation.algorithm.name, "public": b64(installation.raw)}
        statement = contoso.statement.sign(contoso.installation)
        self.say({"statement": statement, "pinned": pinned, "iss": ISS, "now": NOW + 1})

    def say(self, line: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the program has ended; its errors are above"
        return dict(json.loads(line))

    def open(self, path: Path) -> dict[str, Any]:
        self.say({"do": "open", "path": str(path), "key": b64(self.contoso.content_key)})
        return self.hear()

    def seal(self, source: Path, target: Path, metadata: Metadata) -> None:
        described = {"name": metadata.name, "type": metadata.type, "mtime": metadata.mtime}
        papers = {"license": self.contoso.license.token, "key": b64(self.contoso.content_key)}
        self.say({"do": "seal", "source": str(source), "target": str(target), **papers, **described})
        facts = self.hear()["facts"]
        self.say({"token": self.contoso.seal(facts_of(facts))})
        assert self.hear() == {"code": "ok"}

    def wrap(self, source: Path, target: Path, head: bytes) -> None:
        self.say({"do": "wrap", "source": str(source), "target": str(target), "head": head.decode()})
        assert self.hear() == {"code": "ok"}


@pytest.fixture(scope="module")
def contoso() -> Organization:
    return Organization(P256_SUITE)


@pytest.fixture(scope="module")
def javascript(contoso: Organization) -> Iterator[Javascript]:
    program = Javascript(contoso)
    with program.process as process:
        yield program
        assert process.stdin is not None
        process.stdin.close()
    assert process.returncode == 0


@pytest.fixture
def dice() -> random.Random:
    """Return the same dice each time, so that what fails once fails again."""
    return random.Random(20261129)


def random_file(dice: random.Random, number: int) -> tuple[bytes, Metadata]:
    """Return content of a random size, at first of those at the edges of chunks and leaves, and its metadata."""
    size = EDGES[number] if number < len(EDGES) else int(dice.expovariate(1 / 4_000))
    metadata = Metadata(name=dice.choice(NAMES), type=dice.choice(("text/plain", "")), mtime=dice.randrange(2**33))
    return dice.randbytes(size), metadata


def opened(contoso: Organization, path: Path) -> dict[str, Any]:
    """Open a file with the first implementation and say what the second one says of it."""
    try:
        with open_sealed(path) as file:
            unlocked = file.verify(contoso.trust).unlock(contoso.content_key)
            out = io.BytesIO()
            unlocked.copy_to(out)
            found, content = unlocked.metadata, out.getvalue()
            number = file.body_seal.facts.n
    except ChanceryError:
        return {}
    digest = b64(hashlib.sha256(content).digest())
    described = {"name": found.name, "type": found.type, "size": len(content), "mtime": found.mtime}
    return {**described, "sha256": digest, "n": number}


def same(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Tell whether both opened the same, or both refused."""
    code = second.pop("code")
    return first == second and bool(first) == (code == "ok")


def test_a_thousand_files_of_either_open_in_the_other(
    contoso: Organization, javascript: Javascript, dice: random.Random, tmp_path: Path
) -> None:
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    for number in range(FILES):
        content, metadata = random_file(dice, number // 2)
        plain.write_bytes(content)
        sealed.unlink(missing_ok=True)
        if number % 2:
            javascript.seal(plain, sealed, metadata)
        else:
            seal_file(
                plain,
                sealed,
                content_key=contoso.content_key,
                license=contoso.license,
                metadata=metadata,
                make_seal=contoso.seal,
            )
        if number % 10 < 2:
            with open_sealed(sealed) as first:
                seal_edition(
                    first,
                    io.BytesIO(content + b"!"),
                    sealed,
                    content_key=contoso.content_key,
                    metadata=metadata,
                    make_seal=contoso.seal_as_editor,
                )
            content += b"!"
        found = opened(contoso, sealed)
        assert found["sha256"] == b64(hashlib.sha256(content).digest()), number
        assert (found["name"], found["type"], found["mtime"]) == (metadata.name, metadata.type, metadata.mtime), number
        assert same(found, javascript.open(sealed)), number


def mutated(dice: random.Random, data: bytes) -> bytes:
    """Return a file with one thing wrong: a bit, a byte, a cut, an insertion, a swap, a doubled part."""
    at, length = dice.randrange(len(data)), dice.choice((1, 2, 32, 200))
    match dice.randrange(6):
        case 0:
            return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]
        case 1:
            return data[:at] + dice.randbytes(1) + data[at + 1 :]
        case 2:
            return data[:at] + data[at + length :]
        case 3:
            return data[:at] + dice.randbytes(length) + data[at:]
        case 4:
            other = dice.randrange(len(data))
            first, second = sorted((at, other))
            return data[:first] + data[second:] + data[first:second]
        case _:
            return data[: at + length] + data[at:]


def test_both_refuse_the_same_files(
    contoso: Organization, javascript: Javascript, dice: random.Random, tmp_path: Path
) -> None:
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(dice.randbytes(3 * CHUNK + 5))
    javascript.seal(plain, sealed, Metadata(name="plan.txt", type="text/plain", mtime=5))
    whole, refused = sealed.read_bytes(), 0
    for number in range(MUTATIONS):
        sealed.write_bytes(mutated(dice, whole))
        found = opened(contoso, sealed)
        assert same(found, javascript.open(sealed)), number
        refused += not found
    assert refused > MUTATIONS * 0.97, "a byte replaced by itself is the only change that changes nothing"


def test_both_make_and_refuse_the_same_web_pages(
    contoso: Organization, javascript: Javascript, dice: random.Random, tmp_path: Path
) -> None:
    plain, sealed, page = tmp_path / "plain", tmp_path / "sealed", tmp_path / "page.html"
    head = html_form.head(address="https://chancery.example/open/", sender="Größe", organization="Contoso")
    for size in (0, 57 * 512 * 3 - 900, 3 * CHUNK + 5):
        plain.write_bytes(dice.randbytes(size))
        sealed.unlink(missing_ok=True)
        javascript.seal(plain, sealed, Metadata(name="plan.txt", type="text/plain", mtime=5))
        javascript.wrap(sealed, page, head)
        whole = io.BytesIO()
        html_form.wrap(io.BytesIO(sealed.read_bytes()), whole, head)
        assert page.read_bytes() == whole.getvalue()
        assert opened(contoso, page)["size"] == size
        assert same(opened(contoso, page), javascript.open(page))
    start, refused = whole.getvalue().index(html_form.MARK), 0
    for number in range(MUTATIONS):
        page.write_bytes(whole.getvalue()[:start] + mutated(dice, whole.getvalue()[start:]))
        found = opened(contoso, page)
        assert same(found, javascript.open(page)), number
        refused += not found
    assert refused > MUTATIONS * 0.97
