"""The local key in a key ring that is locked, silent or shared by two commands: nothing that is kept gets lost."""

import threading
from pathlib import Path

import pytest

from chancery.sdk.errors import LocalFailure
from chancery.sdk.home import Home

RING = """
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class Ring(KeyringBackend):
    priority = 10

    def get_password(self, service, username):
        if os.environ["RING_GIVES"] != "yes":
            raise KeyringLocked("locked")
        kept = Path(os.environ["RING"])
        return kept.read_text() if kept.exists() else None

    def set_password(self, service, username, password):
        if os.environ["RING_TAKES"] != "yes":
            raise KeyringLocked("locked")
        Path(os.environ["RING"]).write_text(password)

    def delete_password(self, service, username):
        Path(os.environ["RING"]).unlink()
"""


class KeyRing:
    """A key ring of a test that gives and takes as it is told."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.kept = folder / "kept"
        (folder / "ring_of_a_test.py").write_text(RING)
        for name, value in {
            "PYTHONPATH": str(folder),
            "PYTHON_KEYRING_BACKEND": "ring_of_a_test.Ring",
            "RING": str(self.kept),
        }.items():
            monkeypatch.setenv(name, value)
        self.works()

    def works(self, *, gives: bool = True, takes: bool = True) -> None:
        self._monkeypatch.setenv("RING_GIVES", "yes" if gives else "no")
        self._monkeypatch.setenv("RING_TAKES", "yes" if takes else "no")


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyRing:
    folder = tmp_path / "ring"
    folder.mkdir()
    return KeyRing(folder, monkeypatch)


@pytest.mark.parametrize("takes", [False, True])
def test_a_key_ring_that_is_locked_for_once_costs_no_sign_in(ring: KeyRing, tmp_path: Path, takes: bool) -> None:
    """A command without a screen, as in a remote shell, cannot read the key; a new one would shadow or replace it."""
    folder = tmp_path / "home"
    Home(folder, use_key_ring=True).write("one", {"it": "stays"})
    kept = ring.kept.read_text()
    ring.works(gives=False, takes=takes)
    with pytest.raises(LocalFailure, match="key ring"):
        Home(folder, use_key_ring=True)
    ring.works()
    assert ring.kept.read_text() == kept
    assert Home(folder, use_key_ring=True).read("one") == {"it": "stays"}


def test_the_folder_named_by_the_environment_gets_no_second_key(ring: KeyRing, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    Home(folder, use_key_ring=True).write("one", {"it": "stays"})
    with pytest.raises(LocalFailure, match="is not there"):
        Home(folder, use_key_ring=False)
    assert Home(folder, use_key_ring=True).read("one") == {"it": "stays"}


def test_without_a_key_ring_the_key_is_a_file_and_stays_one(ring: KeyRing, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    ring.works(gives=False, takes=False)
    Home(folder, use_key_ring=True).write("one", {"it": "stays"})
    assert (folder / "local.key").exists()
    ring.works()
    assert Home(folder, use_key_ring=True).read("one") == {"it": "stays"}
    assert not ring.kept.exists()


def test_two_first_commands_at_once_agree_on_one_key(ring: KeyRing, tmp_path: Path) -> None:
    folder, homes = tmp_path / "home", []
    threads = [threading.Thread(target=lambda: homes.append(Home(folder, use_key_ring=True))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, home in enumerate(homes):
        home.write(f"of-{number}", {"it": "is read by all"})
    assert all(one.read(f"of-{number}") for one in homes for number in range(3))
