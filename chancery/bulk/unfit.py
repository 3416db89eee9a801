"""The error for files that work in bulk leaves as they are."""

from chancery.errors import ChanceryError
from chancery.texts import message


class Unfit(ChanceryError):
    """A container cannot be written anew without changing more than was asked for; it is left as it is."""

    code = "unfit"
    remedy = message("Take the protected files out of it, and work on them.")
