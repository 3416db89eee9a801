"""Licenses that travel with files: what the command writes, and what finds them, in folders, mails and archives."""

import io
import json
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result

from tests.cast import Cast, Player
from tests.protection.steps import protect


@pytest.fixture
def reader(cast: Cast) -> Player:
    """Return a member whose device has never asked for anything."""
    player = cast.join(f"carries-{uuid4().hex[:6]}", "contoso")
    assert player.session.account.device
    return player


@pytest.fixture
def away(reader: Player) -> Any:
    """Return the same person without a network."""
    return SimpleNamespace(session=reader.offline())


def test_protecting_writes_the_licenses_and_opening_finds_them(
    chancery: Callable[..., Result], reader: Player, away: Any, plan: Path
) -> None:
    done = chancery("--json", "protect", plan, "--grant", f"{reader.address}:VIEW,EXPORT", "--prelicense")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert [(one["recipient"], one["licenses"]) for one in said["recipients"]] == [(reader.address, 1)]
    assert said["licenses"] == f"{said['sealed']}.licenses"
    opened = chancery("--json", "open", said["sealed"], "-o", plan.with_name("copy.txt"), "--offline", who=away)
    assert json.loads(opened.stdout)["source"] == "carried"
    assert plan.with_name("copy.txt").read_bytes() == plan.read_bytes()


def test_licenses_elsewhere_are_named(
    chancery: Callable[..., Result], cast: Cast, reader: Player, away: Any, plan: Path, tmp_path: Path
) -> None:
    sealed = protect(cast.olga, plan, f"{reader.address}:VIEW,EXPORT").path
    elsewhere = tmp_path / "elsewhere" / "some.licenses"
    assert chancery("prelicense", sealed, "--to", reader.address, "--into", elsewhere).exit_code == 0
    opening = ("open", sealed, "-o", tmp_path / "copy.txt", "--offline")
    assert chancery(*opening, who=away).exit_code == 4
    assert chancery(*opening, "--licenses", elsewhere, who=away).exit_code == 0


def test_people_read_who_got_none_and_why(chancery: Callable[..., Result], cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, "nobody@fabrikam.example:VIEW").path
    done = chancery("prelicense", sealed)
    assert done.exit_code == 0
    assert "nobody@fabrikam.example: none. No license can be sent ahead to this recipient now" in done.output
    assert not sealed.with_name(f"{sealed.name}.licenses").exists()


@pytest.mark.parametrize(
    "words", [("--html",), ("--offline",), ("-o", "-")], ids=lambda words: " ".join(map(str, words))
)
def test_licenses_are_only_put_beside_a_sealed_file(
    chancery: Callable[..., Result], plan: Path, words: tuple[str, ...]
) -> None:
    done = chancery("protect", plan, "--prelicense", *words)
    assert done.exit_code == 2
    assert "--prelicense" in done.output or "prelicense FILE" in done.output


def test_nothing_else_is_overwritten(chancery: Callable[..., Result], cast: Cast, reader: Player, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{reader.address}:VIEW").path
    done = chancery("prelicense", sealed, "--into", plan)
    assert done.exit_code == 2
    assert plan.read_bytes() == b"the plan" * 1000


def mailed(sealed: Path, licenses: Path) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "The plan"
    mail.set_content("Here it is.")
    for path in (sealed, licenses):
        mail.add_attachment(path.read_bytes(), "application", "octet-stream", filename=path.name)
    return mail.as_bytes()


def zipped(sealed: Path, licenses: Path) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mail.eml", mailed(sealed, licenses))
    return made.getvalue()


@pytest.mark.parametrize(("name", "packed"), [("mail.eml", mailed), ("all.zip", zipped)])
def test_a_mail_brings_the_licenses_of_its_attachments(
    chancery: Callable[..., Result],
    cast: Cast,
    reader: Player,
    away: Any,
    plan: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    packed: Callable[[Path, Path], bytes],
) -> None:
    monkeypatch.setenv("CHANCERY_HOME", str(cast.folder / "carried"))
    sealed = protect(cast.olga, plan, f"{reader.address}:VIEW,EXPORT").path
    licenses = cast.olga.session.prelicense(sealed).path
    assert licenses is not None
    place = tmp_path / "mails" / name
    place.parent.mkdir()
    place.write_bytes(packed(sealed, licenses))
    done = chancery("--json", "bulk", "unprotect", place, "--yes", who=away)
    assert done.exit_code == 0, done.output
    assert b"the plan" * 10 in place.read_bytes() or b"dGhlIHBsYW50aGUgcGxhb" in unpacked(place)


def unpacked(place: Path) -> bytes:
    if place.suffix != ".zip":
        return place.read_bytes()
    with zipfile.ZipFile(place) as archive:
        return archive.read("mail.eml")
