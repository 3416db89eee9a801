"""SHA3-256 in JavaScript, which the hybrid key encapsulation needs, gives what Python's gives."""

import hashlib
import json
import shutil
import subprocess

from portal.runtime.bootstrap.environment import ROOT
from tests.interop.test_reader import INSTALL

PROGRAM = """
const { sha3 } = await import(process.argv[1]);
const written = (byte) => byte.toString(16).padStart(2, "0");
const hashed = (length) => Array.from(sha3(Uint8Array.from({ length }, (_, at) => at % 251)), written).join("");
console.log(JSON.stringify(JSON.parse(process.argv[2]).map(hashed)));
"""
LENGTHS = [0, 1, 134, 135, 136, 137, 271, 272, 273, 1_000]
"""Around the edges of blocks; the key encapsulation hashes 134 bytes."""


def test_both_hash_alike() -> None:
    node = shutil.which("node")
    assert node is not None, INSTALL
    module = str(ROOT / "static" / "js" / "chancery-sha3.mjs")
    command = [node, "--input-type=module", "--eval", PROGRAM, module, json.dumps(LENGTHS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    whole = bytes(at % 251 for at in range(max(LENGTHS)))
    assert json.loads(done.stdout) == [hashlib.sha3_256(whole[:length]).hexdigest() for length in LENGTHS]
