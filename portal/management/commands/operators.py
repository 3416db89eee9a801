"""Say who may look after the installation in the browser."""

from argparse import ArgumentParser
from typing import Any

from portal.management.operator import OperatorCommand, refusals_as_errors
from portal.usecases.operators import add_operator, remove_operator
from tenants.actor import OPERATOR
from tenants.directory.selectors.operators import operators


class Command(OperatorCommand):
    """The only way to become an operator; each change is in the operators' record."""

    help = "Add, remove or list the people who may use the operators' console."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what to do and by which address."""
        todo = parser.add_subparsers(dest="todo", required=True, metavar="add|remove|list")
        for name, text in (
            ("add", "let the person who has proven this address use the console; they need a second factor"),
            ("remove", "take that back"),
        ):
            todo.add_parser(name, help=text).add_argument("address", metavar="ADDRESS")
        todo.add_parser("list", help="list all operators")

    def handle(self, *_: Any, todo: str, address: str = "", **__: Any) -> None:
        """Do it and say what was done."""
        with refusals_as_errors():
            if todo == "add":
                self.stdout.write(add_operator(address=address, actor=OPERATOR).message)
            elif todo == "remove":
                self.stdout.write(remove_operator(address=address, actor=OPERATOR).message)
            else:
                self._list()

    def _list(self) -> None:
        listed = operators()
        if not listed:
            self.stdout.write("There are no operators yet. Add one: python3 manage.py operators add ADDRESS")
        for one in listed:
            state = "" if one.counts else "  (no access: the address is not proven any more, or the account is off)"
            self.stdout.write(f"{one.address}  {one.name}  since {one.since:%Y-%m-%d %H:%M} UTC{state}")
