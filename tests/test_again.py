"""A test of times is tried again a bounded number of times, and then fails."""

from __future__ import annotations

import pytest

from tests.again import TRIES, tried_again


@pytest.mark.parametrize("late", range(TRIES))
def test_try_that_succeeds_ends_the_tries(late: int) -> None:
    tries: list[int] = []

    @tried_again("the machine may be late")
    def measure() -> None:
        tries.append(1)
        assert len(tries) > late

    measure()
    assert len(tries) == late + 1


def test_fault_in_every_try_fails_the_test() -> None:
    tries: list[int] = []

    @tried_again("the machine may be late")
    def measure() -> None:
        tries.append(1)
        raise AssertionError("wrong")

    with pytest.raises(AssertionError, match="wrong"):
        measure()
    assert len(tries) == TRIES


def test_error_that_is_no_failed_check_is_not_tried_again() -> None:
    tries: list[int] = []

    @tried_again("the machine may be late")
    def measure() -> None:
        tries.append(1)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        measure()
    assert len(tries) == 1
