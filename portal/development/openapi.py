"""``manage.py openapi``: renders the API's description anew into the file that is committed.

It runs as a program of its own, since the description is made by the service itself.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from portal.runtime.bootstrap.environment import ROOT

FILE: Final = ROOT / "docs" / "openapi.yaml"


def main(arguments: Sequence[str]) -> int:
    """Write the file and return the exit status."""
    if arguments:
        print("usage: manage.py openapi", file=sys.stderr)
        return 2
    command = [
        sys.executable,
        "-m",
        "django",
        "spectacular",
        "--skip-checks",
        "--urlconf",
        "portal.api.schema",
        "--file",
        str(FILE),
    ]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
