"""The README's walk, executed as it is written, line by line."""

import os
import re
import shlex
import sys
from pathlib import Path

from portal.runtime.bootstrap.environment import ROOT
from tests.journeys.people import PROGRAM, SECONDS, Stack
from tests.journeys.terminal import on_terminal

BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
CODE = re.compile(r'"\$\(python3 manage\.py enrollment_code (\S+)\)"')


def walk() -> tuple[list[str], str]:
    """Return the lines for the shell that speak of the client, and the program that uses the SDK."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    lines = [line for kind, text in blocks if not kind and "chancery" in text for line in text.splitlines()]
    (program,) = [text for kind, text in blocks if kind == "python"]
    return lines, program


def test_the_walk_works_as_it_is_written(stack: Stack, tmp_path: Path):
    lines, program = walk()
    assert len(lines) >= 9

    def enrollment_code(found: re.Match[str]) -> str:
        return stack.command("enrollment_code", found[1]).split()[-1]

    script = CODE.sub(enrollment_code, "\n".join(lines)).replace("localhost:8000", stack.host)
    assert "manage.py" not in script
    script = script.replace(".venv/bin/chancery", shlex.join(PROGRAM))
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    sdk = f"{shlex.quote(sys.executable)} program.py"
    code, shown = on_terminal(
        ["timeout", str(SECONDS), "bash", "-e", "-c", f"{script}\n{sdk}\n"],
        {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8",
         "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
        tmp_path,
    )  # fmt: skip
    assert code == 0, shown
    assert "The plan\n" in shown, "Rita reads it"
    assert {path.name for path in tmp_path.glob("*.txt*")} == {"plan.txt", "plan.txt.sealed"}
    assert (tmp_path / "second.sealed").exists()
