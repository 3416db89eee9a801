"""The version of the installed client, for its user agent and ``--version``."""

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    try:
        return version("chancery")
    except PackageNotFoundError:
        return "checkout"


VERSION = _installed()
