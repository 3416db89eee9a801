"""Roles at the command line: shown and taken in the words of the screens; the API's names are taken as well."""

from collections.abc import Sequence
from typing import Any, Final

import click

from chancery.cli.language import translate
from chancery.sdk.errors import Misused
from chancery.texts import joined, message

WORDS: Final = {
    "user": message("user"),
    "guest": message("guest"),
    "auditor": message("auditor"),
    "global_administrator": message("administrator"),
    "key_manager": message("key manager"),
    "template_editor": message("template editor"),
    "super_user_approver": message("super-user approver"),
    "support_reader": message("support reader"),
    "connector": message("connector"),
    "writer": message("writer"),
    "directory": message("directory application"),
    "groups": message("groups application"),
    "people": message("people application"),
    "reporter": message("reporting application"),
    "roles": message("roles application"),
}


class Role(click.ParamType[str]):
    """A role by its word, in English or the reader's language, or by the API's name."""

    name = "ROLE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the API's name."""
        written = str(value).strip().casefold()
        for role, word in WORDS.items():
            if written in {role, word.casefold(), translate(word).casefold()}:
                return role
        raise Misused(
            message("There is no role called {value!r}.", value=value),
            remedy=message("Name one of: {roles}.", roles=", ".join(WORDS.values())),
        )


def role_in_words(role: str) -> str:
    """Return what a role is called; one that this version does not know goes by its name."""
    return WORDS.get(role, role)


def roles_in_words(roles: Sequence[str]) -> str:
    """Return what roles are called, without the one of all members where there is another."""
    shown = [role for role in roles if role != "user"] or roles
    return joined([role_in_words(role) for role in shown], ", ")
