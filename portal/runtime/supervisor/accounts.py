"""Under which account a part runs, and what that account can reach.

PostgreSQL refuses to run as root. Rather than adding an account to the machine or opening folders to everybody, a
supervisor that runs as root lends the database the account ``nobody``, and keeps its files where ``nobody`` can go.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

LENT_ACCOUNT = "nobody"


@dataclass(frozen=True)
class Account:
    """The user and group ids a part runs under."""

    user: int
    group: int

    def own(self, folder: Path) -> None:
        """Make ``folder``, closed to everybody else, belong to this account."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.chown(folder, self.user, self.group)
        folder.chmod(0o700)

    def reaches(self, folder: Path) -> bool:
        """Say whether the account may walk down to ``folder``; the folder itself need not exist yet."""
        return all(self._walks(parent) for parent in reversed(folder.parents) if parent.exists())

    def _walks(self, folder: Path) -> bool:
        details = folder.stat()
        if details.st_uid == self.user:
            return bool(details.st_mode & stat.S_IXUSR)
        if details.st_gid == self.group:
            return bool(details.st_mode & stat.S_IXGRP)
        return bool(details.st_mode & stat.S_IXOTH)


def database_account(cluster: Path) -> Account | None:
    """Return the account to lend to the database, or ``None`` when ours will do.

    Files that an ordinary user made in ``cluster`` earlier stay that user's.
    """
    if os.geteuid() != 0:
        return None
    if cluster.exists() and cluster.stat().st_uid != 0:
        return Account(cluster.stat().st_uid, cluster.stat().st_gid)
    entry = pwd.getpwnam(LENT_ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid)
