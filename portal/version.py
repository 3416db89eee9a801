"""The version of the product, which is written once: in the first version heading of the changelog."""

import re
from pathlib import Path

_CHANGELOG = Path(__file__).resolve().parents[1] / "docs" / "changelog.md"


def read(changelog: Path = _CHANGELOG) -> str:
    """Return the number in the first heading that has one; an ``Unreleased`` section above it is passed over."""
    found = re.search(r"^## \[(\d[^\]]*)\]", changelog.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        message = f"{changelog} has no version heading."
        raise ValueError(message)
    return found.group(1)


VERSION = read()
