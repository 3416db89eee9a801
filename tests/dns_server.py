"""A DNS server of the test's own, over UDP and TCP, that answers TXT questions as it is told to."""

import socketserver
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Zone = dict[str, Sequence[str] | str | int | None]
"""What a name holds: texts, the name that it is an alias of, a code to answer with, or None for no answer at all."""


@dataclass
class DnsServer:
    """One server and what it was asked over which transport."""

    zone: Zone
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def resolver(self) -> str:
        """How the configuration names it."""
        return f"127.0.0.1:{self.port}"

    def answer(self, wire: bytes, transport: str) -> bytes | None:
        """Return the answer to one question; one that does not fit into a packet is cut, as a real server does."""
        question = dns.message.from_wire(wire)
        name = question.question[0].name
        self.asked.append(transport)
        held = self.zone.get(name.to_text(omit_final_dot=True), dns.rcode.NXDOMAIN)
        if held is None:
            return None
        made = dns.message.make_response(question)
        made.flags |= dns.flags.RA
        if isinstance(held, int):
            made.set_rcode(dns.rcode.Rcode(held))
        elif isinstance(held, str):
            made.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", f"{held}."))
            target = self.zone.get(held)
            if isinstance(target, list | tuple):
                made.answer.append(dns.rrset.from_text_list(f"{held}.", 60, "IN", "TXT", _quoted(target)))
        elif held:
            made.answer.append(dns.rrset.from_text_list(name, 60, "IN", "TXT", _quoted(held)))
        whole = made.to_wire(max_size=65_535)
        if transport == "tcp" or len(whole) <= 1_232:
            return whole
        cut = dns.message.make_response(question)
        cut.flags |= dns.flags.TC
        return cut.to_wire()


def _quoted(texts: Sequence[str]) -> list[str]:
    return [" ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255)) for text in texts]


@contextmanager
def dns_server(zone: Zone) -> Iterator[DnsServer]:
    """Serve a zone until the block ends."""
    server = DnsServer(zone)

    class Packet(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            answer = server.answer(wire, "udp")
            if answer is not None:
                socket.sendto(answer, self.client_address)

    class Stream(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            (length,) = struct.unpack("!H", self.request.recv(2))
            answer = server.answer(self.request.recv(length), "tcp")
            if answer is not None:
                with suppress(OSError):
                    self.request.sendall(struct.pack("!H", len(answer)) + answer)

    with (
        socketserver.ThreadingUDPServer(("127.0.0.1", 0), Packet) as udp,
        socketserver.ThreadingTCPServer(("127.0.0.1", udp.server_address[1]), Stream) as tcp,
    ):
        server.port = udp.server_address[1]
        threads = [threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True) for one in (udp, tcp)]
        for thread in threads:
            thread.start()
        try:
            yield server
        finally:
            udp.shutdown()
            tcp.shutdown()
