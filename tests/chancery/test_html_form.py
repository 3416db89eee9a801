"""A sealed file inside a web page: what carries it proves nothing, and nothing but its own script can act in it."""

import base64
import hashlib
import io
import os
import re
from pathlib import Path

import pytest

from chancery.crypto.suites import P256_SUITE
from chancery.errors import InvalidFile
from chancery.sealing import html_form
from chancery.sealing.metadata import Metadata
from chancery.sealing.read import open_sealed
from chancery.sealing.write import seal_file
from tests.chancery.cast import Organization

HEAD = html_form.head(address="https://chancery.example/open/", sender="Olga <i>", organization="A & B $address")


def page_of(sealed: bytes, head: bytes = HEAD) -> bytes:
    page = io.BytesIO()
    html_form.wrap(io.BytesIO(sealed), page, head)
    return page.getvalue()


def carried(page: bytes) -> bytes:
    return html_form.unwrapped(io.BytesIO(page)).read()


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 57 * 512, 57 * 512 + 1, html_form.MAX_SEALED])
def test_what_a_page_carries_comes_out_again(size: int) -> None:
    sealed = os.urandom(size)
    assert carried(page_of(sealed)) == sealed


def test_what_is_too_large_for_mail_is_refused() -> None:
    with pytest.raises(InvalidFile):
        page_of(bytes(html_form.MAX_SEALED + 1))
    with pytest.raises(InvalidFile):
        carried(page_of(bytes(html_form.MAX_SEALED), HEAD) + b"x" * html_form.MAX_HEAD)


def test_a_page_is_opened_like_the_file_that_it_carries(tmp_path: Path) -> None:
    contoso = Organization(P256_SUITE)
    plain, sealed, page = tmp_path / "plan.txt", tmp_path / "plan.txt.sealed", tmp_path / "plan.txt.html"
    plain.write_bytes(b"plan")
    metadata = Metadata(name="plan.txt", type="text/plain", mtime=1)
    seal_file(
        plain, sealed, content_key=contoso.content_key, license=contoso.license, metadata=metadata,
        make_seal=contoso.seal,
    )  # fmt: skip
    page.write_bytes(page_of(sealed.read_bytes()))
    with open_sealed(page) as file:
        sink = io.BytesIO()
        file.verify(contoso.trust).unlock(contoso.content_key).copy_to(sink)
        assert (file.in_page, sink.getvalue()) == (True, b"plan")


@pytest.mark.parametrize(
    "damage",
    [
        lambda page: page[:-1],
        lambda page: page + b"\n",
        lambda page: page.replace(html_form.MARK, html_form.MARK.replace(b"id=", b"ID=")),
        lambda page: page.replace(html_form.MARK, b"<p>" * 30_000 + html_form.MARK),
        lambda page: page.replace(html_form.MARK, html_form.MARK + b"\n"),
        lambda page: page.replace(html_form.MARK, html_form.MARK + b"AA=="),
        lambda page: page.replace(html_form.MARK, html_form.MARK + b"<!-- -->"),
        lambda page: page.replace(html_form.END, b" " + html_form.END),
        lambda page: page.replace(b"AAA=\n" + html_form.END, b"AAB=\n" + html_form.END),
    ],
)
def test_other_spellings_are_refused(damage) -> None:  # type: ignore[no-untyped-def]
    whole = page_of(bytes(200))
    assert whole.endswith(b"AAA=\n" + html_form.END)
    assert damage(whole) != whole
    with pytest.raises(InvalidFile):
        carried(damage(whole))


def test_nothing_but_its_own_script_and_style_acts() -> None:
    page = HEAD.decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    for name in ("script", "style"):
        inside = page.split(f"<{name}>", 1)[1].split(f"</{name}>", 1)[0]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert page.index("Content-Security-Policy") < page.index("<style>") < page.index("<script>")
    assert not re.search(r"\son\w+=|javascript:|src=|href=|innerHTML|\$\w", page.replace("B $address", ""))


def test_names_are_text_in_it() -> None:
    assert b"<b>Olga &lt;i&gt;</b>, A &amp; B $address</p>" in HEAD
