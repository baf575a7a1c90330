"""What is predicted of servers that do not accept from one socket in many workers."""

from __future__ import annotations

import pytest

from loadtests.catalog.stacks import find
from tests.catalog.test_predictions_of_stacks import degrades, out

# Workers with a socket each


@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.parametrize("threads", [1, 8])
def test_prediction_for_sockets_of_their_own_is_from_the_first_full_to_the_last(
    workers: int, threads: int
) -> None:
    """The kernel hashes clients to full workers too."""
    stack = find("wsgi-granian").with_counts(workers, threads)
    first, first_by = degrades(stack, "slow-body")
    last, last_by = out(stack, "slow-body")
    assert threads <= first <= first_by <= workers * (threads - 1) + 1
    assert workers * threads <= last < last_by
    assert stack.limit_under("slow-body").hashed


def test_prediction_for_one_worker_alone_is_exact_however_it_listens() -> None:
    alone = find("wsgi-granian").with_counts(1, 8)
    assert degrades(alone, "slow-body") == out(alone, "slow-body") == (8, 8)


def test_blocked_loop_with_a_socket_of_its_own_does_harm_at_once() -> None:
    assert degrades(find("asgi-granian"), "loop-block") == (1, 1)
    assert out(find("asgi-granian"), "loop-block")[0] == 2


# One process


def test_prediction_of_one_process_is_exact() -> None:
    waitress = find("wsgi-waitress").with_counts(3, 5)
    assert degrades(waitress, "slow-read") == out(waitress, "slow-read") == (15, 15)
    assert degrades(waitress, "slow-body") == out(waitress, "slow-body") == (98, 98)
    more = waitress.with_counts(None, None, worker_connections=50)
    assert out(more, "slow-body") == (50, 50)
    assert "--connection-limit=52" in more.command(8000), "its own two count"
