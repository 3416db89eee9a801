"""Step one of every command: return inside the right virtual environment, or replace this process by one that is."""

import sys

from portal.runtime.bootstrap.environment import enter
from portal.runtime.bootstrap.errors import BootstrapError

if __name__ == "__main__":
    try:
        enter(sys.argv[1:])
    except BootstrapError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted while preparing the Python environment; the next start begins it again.")
