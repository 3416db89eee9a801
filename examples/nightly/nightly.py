"""Protect what a nightly job leaves in a folder, as an application that signs in by a key of its own.

    nightly.py FOLDER --template NAME              the application owns what it protects
    nightly.py FOLDER --template NAME --owner ADDRESS    a member owns it

README.md says what the application needs.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from chancery import Application, ChanceryError, ProtectOptions

SEALED = ".sealed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Protect the files; return 1, with a sentence that says what to do, where one is refused."""
    asked = _arguments().parse_args(arguments)
    options = ProtectOptions(template=asked.template, owner=asked.owner)
    try:
        with Application.sign_in(
            os.environ["CHANCERY_HOST"], os.environ["CHANCERY_CLIENT_ID"], key=Path(os.environ["CHANCERY_CLIENT_KEY"])
        ) as application:
            for path in waiting(asked.folder):
                made = application.protect(path, options)
                # The plain file goes only once the sealed one is whole.
                path.unlink()
                print(made.path)
    except ChanceryError as error:
        print(f"{error.message} {error.next_step}".strip(), file=sys.stderr)
        return 1
    return 0


def waiting(folder: Path) -> list[Path]:
    """Return the plain files of a folder that have no sealed one beside them."""
    files = sorted(one for one in folder.iterdir() if one.is_file() and one.suffix != SEALED)
    return [one for one in files if not one.with_name(one.name + SEALED).exists()]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--template", required=True)
    parser.add_argument("--owner", help="The address of the member who is to own the files.")
    return parser


if __name__ == "__main__":
    sys.exit(main())
