"""What can stop the preparation of the Python environment."""


class BootstrapError(Exception):
    """A sentence for the person at the terminal, always ending in what to do next."""
