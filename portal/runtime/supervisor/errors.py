"""What can stop the supervisor."""


class SupervisorError(Exception):
    """A sentence for the person at the terminal, always ending in what to do next."""
