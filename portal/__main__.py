"""What each command of ``manage.py`` means, once the environment exists."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence

from django.core.management import execute_from_command_line

from portal.command_overview import overview
from portal.development import benchmark, check_all, lock, messages, openapi, test
from portal.development.own_process import in_own_process
from portal.runtime.supervisor import commands, up
from portal.runtime.supervisor.errors import SupervisorError

COMMANDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "up": up.main,
    "test": test.main,
    "check_all": check_all.main,
    "lock": lock.main,
    "messages": messages.main,
    "openapi": openapi.main,
    "bench": benchmark.main,
    "drill": in_own_process("portal.development.drill.command"),
    "pictures": in_own_process("portal.development.pictures"),
}
HELP = (["help"], ["--help"], ["-h"])


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status. Whatever is not ours is a management command of Django."""
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command is not None:
        return command(arguments[1:])
    if not arguments or list(arguments) in HELP:
        print(overview())
        return 0
    if arguments[0] == "help" and arguments[1] in COMMANDS:
        return COMMANDS[arguments[1]](["--help"])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        named, rest = commands.of_data(arguments)
        with commands.surroundings(rest, named) as variables:
            os.environ.update(variables)
            execute_from_command_line(["manage.py", *rest])
    except SupervisorError as error:
        return up.complain(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
