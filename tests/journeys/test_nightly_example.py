"""The nightly job in ``examples/nightly``, run as its README shows, against the running service (promise C116)."""

import os
import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from portal.runtime.bootstrap.environment import ROOT
from tests.journeys.people import SECONDS, Stack
from tests.journeys.test_search_example import YES, told


def test_c116_a_job_protects_by_its_own_key_and_its_key_is_changed_without_a_break(
    stack: Stack, tmp_path: Path
) -> None:
    made = told(stack.ada, "application", "create", "--name", "Reports", "--role", "connector")
    client, key, folder = made["client_id"], tmp_path / "private.pem", tmp_path / "reports"
    folder.mkdir()
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "CHANCERY_HOME": str(tmp_path / "home"),
        "CHANCERY_HOST": stack.host,
        "CHANCERY_CLIENT_ID": client,
        "CHANCERY_CLIENT_KEY": str(key),
    }

    def new_key(name: str) -> str:
        private = Ed25519PrivateKey.generate()
        key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = tmp_path / "public.pem"
        public.write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        added = told(stack.ada, "application", "add-key", client, "--name", name, "--file", str(public))
        return str(added["id"])

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        (folder / f"report {len(list(folder.iterdir()))}.txt").write_text("Numbers", encoding="utf-8")
        program = [sys.executable, str(ROOT / "examples" / "nightly" / "nightly.py"), str(folder)]
        return subprocess.run(
            [*program, "--template", "Confidential — all employees", *words],
            env=variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    first = new_key("first")
    assert run().returncode == 0
    new_key("second")
    stack.ada.run("application", "end-credential", client, first, *YES)
    for own in told(stack.ada, "application", "credentials", client)["results"]:
        if own["kind"] == "secret":
            stack.ada.run("application", "end-credential", client, own["id"], *YES)
    done = run("--owner", "olga@contoso.example")
    assert done.returncode == 0, done.stderr
    assert sorted(one.suffix for one in folder.iterdir()) == [".sealed", ".sealed"]
    (listed,) = [one for one in told(stack.olga, "documents")["results"] if one["title"].startswith("report")]
    assert listed["title"] == "report 1.txt"
