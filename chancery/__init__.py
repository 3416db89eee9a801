"""Chancery's library: sealed files, policies, licenses and the ledger, and an SDK for programs.

    from pathlib import Path

    from chancery import ProtectOptions, Session

    with Session.open() as session:
        sealed = session.protect(Path("plan.pdf"), ProtectOptions(grants=("rita@fabrikam.example:VIEW",)))
        with session.reading(sealed.path) as content:
            print(content.name, len(content.stream.read()))

``Session`` and the names beside it are imported when they are asked for.  The service uses the packages below this one
and would otherwise load the SDK, with its HTTP and its files, in each of its processes.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chancery.errors import ChanceryError as ChanceryError
    from chancery.sdk.application import Application as Application
    from chancery.sdk.errors import Refused as Refused
    from chancery.sdk.licensed import Content as Content
    from chancery.sdk.options import ProtectOptions as ProtectOptions
    from chancery.sdk.session import Session as Session

_HOMES = {
    "Application": "chancery.sdk.application",
    "ChanceryError": "chancery.errors",
    "Content": "chancery.sdk.licensed",
    "ProtectOptions": "chancery.sdk.options",
    "Refused": "chancery.sdk.errors",
    "Session": "chancery.sdk.session",
}


def __getattr__(name: str) -> Any:
    """Return a public name of the SDK (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # The import contracts see these modules by the declarations above.
    return getattr(importlib.import_module(_HOMES[name]), name)  # noqa: TID251
