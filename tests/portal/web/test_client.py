"""The command line that the service offers is the one that speaks with it."""

import hashlib
import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client

from portal.version import VERSION


@pytest.fixture
def page(db: None) -> str:
    """Return the page that says how to install it."""
    return Client(HTTP_HOST="localhost:8000").get("/client/").content.decode()


def test_the_package_is_this_version_and_holds_what_its_digest_says(page: str) -> None:
    (address,) = set(re.findall(r"http://localhost:8000(/client/[^<\"\s]+[.]whl)", page))
    assert address == f"/client/chancery-{VERSION}-py3-none-any.whl"
    wheel = Client(HTTP_HOST="localhost:8000").get(address).content
    assert hashlib.sha256(wheel).hexdigest() in page
    names = zipfile.ZipFile(BytesIO(wheel)).namelist()
    assert "chancery/cli/main.py" in names
    assert [name for name in names if name.startswith(("portal", "tests", "protection"))] == []


def test_what_is_installed_from_it_runs_alone(page: str, tmp_path: Path) -> None:
    (address,) = set(re.findall(r"http://localhost:8000(/client/[^<\"\s]+[.]whl)", page))
    wheel = tmp_path / address.rpartition("/")[2]
    wheel.write_bytes(Client(HTTP_HOST="localhost:8000").get(address).content)
    code = f"import sys; sys.path.insert(0, {str(wheel)!r}); from chancery.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, "--version"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert VERSION in done.stdout


def test_another_version_is_not_here(db: None) -> None:
    answer = Client(HTTP_HOST="localhost:8000").get("/client/chancery-9.9.9-py3-none-any.whl")
    assert answer.status_code == 404
