"""The pages' scripts reach each organization at its host under the base domain: pages may connect to no other."""

import json
import shutil
import subprocess

import pytest

from portal.runtime.bootstrap.environment import ROOT
from tests.interop.test_reader import INSTALL

PROGRAM = """
const { Organization } = await import(process.argv[1]);
const [iss, ...origins] = process.argv.slice(2);
console.log(JSON.stringify(new Organization({ iss }, { org: "", origins }, null).origin));
"""


@pytest.mark.parametrize(
    ("iss", "origins", "reached"),
    [
        ("https://base.example", ["https://one.base.example"], "https://one.base.example"),
        ("https://base.example", ["https://own.example", "https://one.base.example"], "https://one.base.example"),
        ("https://base.example", ["https://evilbase.example", "https://one.base.example"], "https://one.base.example"),
        (
            "http://localhost:8000",
            ["http://own.example:8000", "http://one.localhost:8000"],
            "http://one.localhost:8000",
        ),
    ],
)
def test_an_own_domain_is_passed_over(iss: str, origins: list[str], reached: str) -> None:
    node = shutil.which("node")
    assert node is not None, INSTALL
    module = str(ROOT / "static" / "js" / "chancery-service.mjs")
    command = [node, "--input-type=module", "--eval", PROGRAM, module, iss, *origins]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == reached
