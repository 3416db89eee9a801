"""What the pages use of the npm registry: installed by its lock, missed loudly and without harm."""

import shutil
from pathlib import Path

import pytest

from portal.runtime.bootstrap import browser_packages
from portal.runtime.bootstrap.browser_packages import MANIFESTS


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """Return the folder of an environment in which they are installed, as far as their manifests say."""
    folder = browser_packages.folder_in(tmp_path)
    folder.mkdir()
    for manifest in MANIFESTS:
        shutil.copy(manifest, folder)
    return tmp_path


def test_what_is_installed_is_not_installed_again(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    browser_packages.provide(venv)
    assert browser_packages.are_installed(venv)


def test_another_lock_makes_them_old(venv: Path) -> None:
    lock = browser_packages.folder_in(venv) / "package-lock.json"
    lock.write_text(lock.read_text(encoding="utf-8").replace("6.", "5."), encoding="utf-8")
    assert not browser_packages.are_installed(venv)


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is missing; fetching it takes a minute")
def test_a_registry_that_does_not_answer_is_named_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("registry", "http://127.0.0.1:9/"), ("fetch_retries", "0"), ("cache", str(tmp_path / "npm"))):
        monkeypatch.setenv(f"npm_config_{name}", value)
    venv = tmp_path / "venv"
    venv.mkdir()
    browser_packages.provide(venv)
    said = capsys.readouterr().err
    assert "PDF and zip files cannot be shown in the browser" in said
    assert "npm_config_registry" in said
    assert "ECONNREFUSED" in said
    assert list(venv.iterdir()) == [], "nothing half installed is left"
