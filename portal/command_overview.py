"""What ``manage.py help`` lists: the commands of Chancery, without those that Django and its parts bring along."""

import ast
from pathlib import Path
from typing import Final

OPERATORS: Final = Path(__file__).parent / "management" / "commands"
RUNS: Final = {"up": "Run everything; on the first start, set it up. See: up --help"}
DEVELOPS: Final = {
    "test": "Run the tests; --install also installs the browser that some of them need.",
    "check_all": "Run linters, type checker, import contracts, translations and deployment checks.",
    "messages": "Find the texts to translate, and compile the catalogs.",
    "openapi": "Render the API's description anew into docs/openapi.yaml.",
    "bench": "Measure licenses, files, ledger and pages beside plain references.",
    "drill": "Break a throw-away installation under load, and print what was lost.",
    "pictures": "Take the handbook's pictures anew, of an installation made for it.",
    "lock": "Make the locks anew from pyproject.toml.",
}


def overview() -> str:
    """Return the list; the sources are read, not imported, so that it also comes where the service cannot start."""
    operators = {path.stem: _help(path) for path in sorted(OPERATORS.glob("[a-z]*.py"))}
    operators["migrate_organizations"] = "Bring every organization's tables up to this version."
    width = max(map(len, (*RUNS, *operators, *DEVELOPS)))
    return "\n".join(
        [
            "Usage: python3 manage.py COMMAND [OPTIONS]",
            *_section("Run", RUNS, width),
            *_section("Operate an installation", dict(sorted(operators.items())), width),
            *_section("Develop", DEVELOPS, width),
            "",
            "python3 manage.py help COMMAND explains one of these; while `up` runs with --data, name the same --data.",
            "python3 manage.py help --commands also names the commands of Django and of its parts.",
        ]
    )


def _section(title: str, commands: dict[str, str], width: int) -> list[str]:
    return ["", f"{title}:", *(f"  {name:{width}}  {does}" for name, does in commands.items())]


def _help(path: Path) -> str:
    """Return the text of ``help`` of the command in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == "help"
            and isinstance(node.value, ast.Constant)
        ):
            return str(node.value.value)
    return ""
