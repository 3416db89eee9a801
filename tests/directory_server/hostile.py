"""A server that speaks TLS and then does what a test says: nothing, garbage, or half an answer."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

from portal.ldap.connection import Target
from tests.directory_server.certificates import Signed

Behaviour = Callable[[socket.socket], None]


@contextmanager
def behaving(signed: Signed, behaviour: Behaviour) -> Iterator[Target]:
    """Give each connection, once it is encrypted, to the behaviour."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed.certificate, signed.key)
    over = threading.Event()

    def serve(listening: socket.socket) -> None:
        while not over.is_set():
            with (
                suppress(OSError),
                closing(listening.accept()[0]) as plain,
                context.wrap_socket(plain, server_side=True) as secure,
            ):
                behaviour(secure)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        authority = signed.authority.read_text(encoding="utf-8")
        try:
            yield Target("localhost", listening.getsockname()[1], "ldaps", authority)
        finally:
            over.set()
            thread.join()
