"""The second implementation, in JavaScript, passes the same vectors."""

import json
import shutil
import subprocess
from pathlib import Path

RUNNER = Path(__file__).parent / "run.mjs"
INSTALL = "Node 20 or newer is needed: apt-get install nodejs (or https://nodejs.org/)"


def test_javascript_passes_the_vectors() -> None:
    node = shutil.which("node")
    assert node is not None, INSTALL
    done = subprocess.run([node, str(RUNNER)], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert report["failures"] == []
    assert report["passed"] > 440
    assert report["beyond"] == 3, "only ML-KEM is beyond WebCrypto"


def test_the_core_runs_in_a_browser() -> None:
    for module in (RUNNER.parents[2] / "static" / "js").glob("chancery-*.mjs"):
        text = module.read_text(encoding="utf-8")
        assert "node:" not in text, module
        assert "Buffer" not in text.replace("arrayBuffer", "").replace("ArrayBuffer", ""), module
        assert "process." not in text, module
