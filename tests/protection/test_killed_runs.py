"""A run that is killed at its worst moment: the next one finishes or undoes it, says so, and no plaintext is left."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chancery.sdk import unfinished
from chancery.sdk.licensed import Licensed
from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import Session
from chancery.sealing import atomic
from chancery.sealing.read import open_sealed
from tests.cast import Cast
from tests.protection.steps import RITA, content, opening, protect, rights


class Killed(BaseException):
    """The end of a process: nothing of it runs any more."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, session: Session, owner: object, name: str) -> Iterator[None]:
    """End the run where this function would be called; what would be tidied up behind it is not.

    Writing the client's own records goes through the same functions and is let through.
    """
    called = getattr(owner, name)

    def end(*arguments: Any, **more: Any) -> Any:
        if any(isinstance(one, Path) and one.is_relative_to(session.home._folder) for one in arguments):
            return called(*arguments, **more)
        monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
        monkeypatch.setattr(session.home, "remove", lambda _: None)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, end)
        try:
            with pytest.raises(Killed):
                yield
        finally:
            monkeypatch.undo()


def next_run(session: Session) -> list[str]:
    said = unfinished.recover(session.home, session.organization)
    assert unfinished.recover(session.home, session.organization) == []
    return [str(one) for one in said]


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_protecting_is_finished_once_it_was_registered(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session, sealed = cast.olga.session, plan.with_name("plan.txt.sealed")
    with killed_at(monkeypatch, session, atomic, "_link"):
        session.protect(plan, ProtectOptions(grants=(f"{RITA}:VIEW",)))
    assert not sealed.exists()
    (said,) = next_run(session)
    assert "finished now" in said
    assert names_in(plan.parent) == {"plan.txt", "plan.txt.sealed"}
    assert opening(cast.rita, sealed).rights == ("VIEW",)


def test_protecting_is_undone_before_it_was_registered(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = cast.olga.session
    with killed_at(monkeypatch, session, unfinished.Note, "complete"):
        session.protect(plan, ProtectOptions())
    assert len(names_in(plan.parent)) == 2
    (said,) = next_run(session)
    assert "nothing was changed" in said
    assert names_in(plan.parent) == {"plan.txt"}


def test_a_saved_edition_that_was_registered_takes_its_place(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, sealed = cast.rita.session, protect(cast.olga, plan, f"{RITA}:VIEW,EDIT").path
    better = plan.with_name("better.txt")
    better.write_bytes(b"better")
    with killed_at(monkeypatch, session, atomic, "_replace"):
        session.save_edition(sealed, better)
    (said,) = next_run(session)
    assert "finished now" in said
    assert names_in(plan.parent) == {plan.name, better.name, sealed.name}
    with open_sealed(sealed) as file:
        assert file.body_seal.facts.n == 2
    session.save_edition(sealed, plan)
    opened = opening(cast.rita, sealed)
    assert (opened.edition, opened.status) == (3, "current")


def test_what_was_changed_meanwhile_is_not_overwritten(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session, sealed = cast.rita.session, protect(cast.olga, plan, f"{RITA}:VIEW,EDIT").path
    with killed_at(monkeypatch, session, atomic, "_replace"):
        session.save_edition(sealed, plan)
    sealed.write_bytes(b"something else")
    (said,) = next_run(session)
    assert sealed.read_bytes() == b"something else"
    (other,) = names_in(plan.parent) - {plan.name, sealed.name}
    assert other in said
    with open_sealed(plan.with_name(other)) as file:
        assert file.body_seal.facts.n == 2


def test_protecting_anew_is_finished_and_writes_no_plaintext(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, sealed = cast.olga.session, protect(cast.olga, plan).path
    monkeypatch.setattr(Licensed, "write_to", None)
    session.reprotect(sealed, ProtectOptions(grants=(f"{RITA}:VIEW",)))
    monkeypatch.undo()
    with killed_at(monkeypatch, session, atomic, "_replace"):
        session.reprotect(sealed, ProtectOptions(grants=(f"{RITA}:VIEW,PRINT",)))
    next_run(session)
    assert names_in(plan.parent) == {plan.name, sealed.name}
    assert rights(cast.rita, sealed) == {"VIEW", "PRINT"}
    assert content(cast.rita, sealed) == plan.read_bytes()


def test_a_removal_is_finished_once_the_plain_file_has_its_name(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, sealed = cast.olga.session, protect(cast.olga, plan).path
    text = plan.read_bytes()
    plan.unlink()
    with killed_at(monkeypatch, session, Licensed, "check_unchanged"):
        session.unprotect(sealed)
    assert names_in(plan.parent) == {plan.name, sealed.name}
    (said,) = next_run(session)
    assert "finished now" in said
    assert names_in(plan.parent) == {plan.name}
    assert plan.read_bytes() == text


def test_a_removal_is_undone_before(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session, sealed = cast.olga.session, protect(cast.olga, plan).path
    plan.unlink()
    for owner, name in ((Licensed, "write_to"), (atomic, "_give_name")):
        with killed_at(monkeypatch, session, owner, name):
            session.unprotect(sealed)
        (said,) = next_run(session)
        assert "nothing was changed" in said
        assert names_in(plan.parent) == {sealed.name}


def test_where_files_need_a_name_an_opening_leaves_no_plaintext(
    cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS and Windows."""
    session, sealed = cast.olga.session, protect(cast.olga, plan).path
    monkeypatch.setattr(atomic, "_open_nameless", lambda _: None)
    plan.unlink()
    with killed_at(monkeypatch, session, atomic, "_link"):
        monkeypatch.setattr(atomic, "_open_nameless", lambda _: None)
        session.open_file(sealed)
    assert len(names_in(plan.parent)) == 2
    next_run(session)
    assert names_in(plan.parent) == {sealed.name}
