"""What a reader and the drawing worker exchange is taken once, also by two who come at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

from portal.rendering import exchange

ROUNDS = 100


def test_of_two_who_take_at_the_same_moment_one_gets_it() -> None:
    together = Barrier(2)

    def take(event: UUID) -> bytes | None:
        together.wait()
        return exchange.take_page(event, 1)

    for _ in range(ROUNDS):
        event = uuid4()
        exchange.put_page(event, 1, b"a page")
        with ThreadPoolExecutor(2) as two:
            assert sorted(filter(None, two.map(take, [event] * 2))) == [b"a page"]
