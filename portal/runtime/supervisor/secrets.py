"""The secrets of an embedded installation: made once, readable by their owner alone."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from portal.runtime.supervisor import private

# Both are text without line ends: 64 characters sign sessions, 43 characters of base64url are the 32-byte root key.
MAKERS: Mapping[str, Callable[[], str]] = {
    "CHANCERY_SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "CHANCERY_ROOT_KEY": lambda: secrets.token_urlsafe(32),
}


def files(folder: Path) -> dict[str, str]:
    """Return the variables that point to the secrets, making those that do not exist."""
    variables = {}
    for name, make in MAKERS.items():
        path = folder / name.removeprefix("CHANCERY_").lower()
        if not path.exists():
            private.write(path, make())
        variables[f"{name}_FILE"] = str(path)
    return variables
