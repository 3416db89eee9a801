"""Run inside Django, once at each start that needs it: bring the database up to the code, or make the demo.

A program of its own, so that the supervisor neither loads Django nor fails by a mistake in it.
"""

import sys

import django
from django.core.management import call_command, get_commands

STEPS = ("migrate", "demo")


def migrate() -> None:
    """Migrate the shared schema and every organization's."""
    if "migrate_organizations" in get_commands():
        call_command("migrate_organizations")
    else:
        call_command("migrate_schemas", shared=True, interactive=False)


def demo() -> None:
    """Make the demo that fills a new installation, if the product has one."""
    if "create_demo" in get_commands():
        call_command("create_demo")


if __name__ == "__main__":
    step = sys.argv[1] if len(sys.argv) == 2 else ""
    if step not in STEPS:
        sys.exit(f"usage: python -m portal.runtime.supervisor.prepare {'|'.join(STEPS)}")
    django.setup()
    {"migrate": migrate, "demo": demo}[step]()
