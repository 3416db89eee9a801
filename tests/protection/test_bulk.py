"""Work in bulk: folders, archives and mails, with a report, going on and going back (promise C62)."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from chancery.bulk import work
from chancery.bulk.finding import find
from chancery.bulk.journal import Journal, new_run
from chancery.bulk.kinds import Kind
from chancery.errors import InvalidFile
from chancery.sdk.errors import Unreachable
from tests.cast import Cast
from tests.protection.steps import MAX, protect, refusal


@pytest.fixture
def run(chancery: Callable[..., Result], cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Return a function that runs ``chancery bulk`` as Olga and returns what it prints."""
    monkeypatch.setenv("CHANCERY_HOME", str(cast.folder / "olga"))

    def ran(*words: object, code: int = 0) -> dict[str, Any]:
        done = chancery("--json", "bulk", *words)
        assert done.exit_code == code, done.output
        found: dict[str, Any] = json.loads(done.stdout or "{}")
        return found

    return ran


@pytest.fixture
def tree(cast: Cast, plan: Path, tmp_path: Path) -> Path:
    """Return a folder with sealed and plain files, an archive in an archive, a mail, and a file of nobody's."""
    folder = tmp_path / "tree"
    (folder / "deep").mkdir(parents=True)
    sealed = protect(cast.olga, plan).path.read_bytes()
    inner, outer = io.BytesIO(), folder / "outer.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("in/plan.txt.sealed", sealed)
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
        archive.writestr("readme.txt", "as it is")
    mail = EmailMessage()
    mail["Subject"] = "The plan"
    mail.set_content("Here it is.")
    mail.add_attachment(sealed, "application", "octet-stream", filename="plan.txt.sealed")
    (folder / "mail.eml").write_bytes(mail.as_bytes())
    (folder / "a.txt.sealed").write_bytes(sealed)
    (folder / "deep" / "plain.txt").write_text("nobody's")
    (folder / "link").symlink_to("a.txt.sealed")
    return folder


def rows_in(report: Path) -> list[dict[str, str]]:
    with report.open(newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_everything_sealed_is_found_and_nothing_opened(
    run: Callable[..., dict[str, Any]], tree: Path, tmp_path: Path
) -> None:
    listed = run("report", tree)
    assert [Path(one["file"]).name for one in listed["left_out"]] == ["link"]
    found = {Path(row["file"]).name: row["inside"] for row in listed["results"]}
    assert found == {
        "a.txt.sealed": [],
        "mail.eml": ["plan.txt.sealed"],
        "outer.zip": ["inner.zip → in/plan.txt.sealed"],
    }
    assert run("unprotect", tree, "--dry-run")["results"] == listed["results"]
    run("report", tree, "-o", tmp_path / "there.csv")
    rows = rows_in(tmp_path / "there.csv")
    assert [row["kind"] for row in rows] == ["sealed", "mail", "zip"]


def test_a_folder_is_unprotected_and_put_back(
    run: Callable[..., dict[str, Any]], tree: Path, plan: Path, tmp_path: Path
) -> None:
    before = contents(tree)
    done = run("unprotect", tree, "--yes", "--report", tmp_path / "done.json")
    assert (done["done"], done["failed"]) == (3, 0)
    assert (tree / "plan.txt").read_bytes() == plan.read_bytes()
    assert not (tree / "a.txt.sealed").exists()
    with zipfile.ZipFile(tree / "outer.zip") as outer, zipfile.ZipFile(outer.open("inner.zip")) as inner:
        assert inner.read("in/plan.txt") == plan.read_bytes()
        assert outer.read("readme.txt") == b"as it is"
    assert {row["state"] for row in json.loads((tmp_path / "done.json").read_text())} == {"done"}
    (tree / "link").unlink()
    run("undo", "--yes")
    (tree / "link").symlink_to("a.txt.sealed")
    assert contents(tree) == before


def test_what_was_changed_since_is_not_put_back(run: Callable[..., dict[str, Any]], tree: Path) -> None:
    run("unprotect", tree / "a.txt.sealed", "--yes")
    (tree / "plan.txt").write_text("mine")
    assert run("undo", "--yes", code=5)["failed"] == 1
    assert (tree / "plan.txt").read_text() == "mine"


def test_one_that_fails_keeps_no_other_from_being_done(
    run: Callable[..., dict[str, Any]], cast: Cast, tree: Path, plan: Path, tmp_path: Path
) -> None:
    protect(cast.max, plan, "olga@contoso.example:VIEW").path.rename(tree / "of max.sealed")
    target = tmp_path / "report.csv"
    done = run("unprotect", tree, "--yes", "--report", target, code=1)
    assert (done["done"], done["failed"]) == (3, 1)
    assert [row["error"] for row in done["results"]].count("no_copy") == 1
    states = {Path(row["file"]).name: row["error"] for row in rows_in(target)}
    assert states["of max.sealed"] == "no_copy"
    assert (tree / "of max.sealed").exists()
    assert run("runs")["results"][0]["failed"] == 1


def test_a_folder_is_protected_in_place_and_back(run: Callable[..., dict[str, Any]], cast: Cast, tree: Path) -> None:
    before = contents(tree)
    done = run("protect", tree / "deep", "--grant", f"{MAX}:VIEW", "--yes")
    assert done["done"] == 1
    assert not (tree / "deep" / "plain.txt").exists()
    with cast.max.session.reading(tree / "deep" / "plain.txt.sealed") as content:
        assert content.stream.read() == b"nobody's"
    run("undo", "--yes")
    assert contents(tree) == before


def test_a_folder_is_protected_anew(run: Callable[..., dict[str, Any]], cast: Cast, tree: Path, plan: Path) -> None:
    assert refusal(cast.max, tree / "a.txt.sealed").reason == "not_granted"
    done = run("reprotect", tree, "--grant", f"{MAX}:VIEW", "--yes")
    assert done["done"] == 3
    with cast.max.session.reading(tree / "a.txt.sealed") as content:
        assert content.stream.read() == plan.read_bytes()
    with zipfile.ZipFile(tree / "outer.zip") as outer, zipfile.ZipFile(outer.open("inner.zip")) as inner:
        (tree / "taken out.sealed").write_bytes(inner.read("in/plan.txt.sealed"))
    with cast.max.session.reading(tree / "taken out.sealed") as content:
        assert content.stream.read() == plan.read_bytes()


def test_a_run_goes_on_where_the_network_was_lost(
    run: Callable[..., dict[str, Any]], cast: Cast, tree: Path, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = cast.olga.session.reading, iter(range(9))

    def lost(source: Any, **how: Any) -> Any:
        if next(calls) == 1:
            raise Unreachable("no network")
        return original(source, **how)

    monkeypatch.setattr(cast.olga.session, "reading", lost)
    run("unprotect", tree, "--yes", code=4)
    done = run("resume")
    assert done["failed"] == 0
    assert (tree / "plan.txt").read_bytes() == plan.read_bytes()
    assert run("runs")["results"][0]["open"] == 0


class Killed(BaseException):
    """The end of a process, which no program catches."""


def test_what_was_replaced_and_cannot_be_proven_leaves_the_former_content_behind(
    run: Callable[..., dict[str, Any]], cast: Cast, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = tree / "a.txt.sealed"
    before = sealed.read_bytes()

    def damaged(_: Path) -> None:
        raise InvalidFile("as if the disk had changed it")

    monkeypatch.setattr(cast.olga.session, "verify", damaged)
    (row,) = run("reprotect", sealed, "--grant", f"{MAX}:VIEW", "--yes", code=3)["results"]
    assert Path(row["next_step"].removeprefix("Its former content is in ").rstrip(".")).read_bytes() == before


def killed_after(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """End the process at a step of the journal: before it is written down, or just after."""
    note, left = Journal.note, iter(range(99))

    def noted(self: Journal, *words: Any, **members: Any) -> None:
        if next(left) == after // 2:
            if after % 2:
                note(self, *words, **members)
            raise Killed
        note(self, *words, **members)

    monkeypatch.setattr(Journal, "note", noted)


@pytest.mark.parametrize("after", range(12))
def test_a_run_that_was_killed_anywhere_goes_on(
    run: Callable[..., dict[str, Any]], cast: Cast, tree: Path, plan: Path, after: int
) -> None:
    (tree / "link").unlink()
    before = contents(tree)
    session, items = cast.olga.session, find([tree], Kind.SEALED).items
    journal = Journal.begin(session.home, new_run("unprotect", {}, session.account.iss), items)
    with pytest.MonkeyPatch.context() as kill:
        killed_after(kill, after)
        with pytest.raises(Killed):
            list(work.carry_out(journal, work.Unprotect(session)))
    run("resume")
    assert (tree / "plan.txt").read_bytes() == plan.read_bytes()
    assert not (tree / "a.txt.sealed").exists()
    assert sorted(contents(tree)) == ["deep/plain.txt", "mail.eml", "outer.zip", "plan.txt"]
    run("undo", "--yes")
    assert contents(tree) == before


@pytest.mark.parametrize("after", range(6))
def test_protecting_that_was_killed_anywhere_goes_on_and_leaves_one_sealed_file(
    run: Callable[..., dict[str, Any]], cast: Cast, tree: Path, after: int
) -> None:
    folder = tree / "deep"
    with pytest.MonkeyPatch.context() as kill:
        killed_after(kill, after)
        with pytest.raises(Killed):
            run("protect", folder, "--yes")
    run("resume")
    assert sorted(contents(folder)) == ["plain.txt.sealed"]
    with cast.olga.session.reading(folder / "plain.txt.sealed") as content:
        assert content.stream.read() == b"nobody's"
