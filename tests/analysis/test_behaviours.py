"""The behaviour grid: what breaks a MUST, who differs, and what has changed."""

from __future__ import annotations

import pytest

from loadtests.analysis.behaviours import (
    agreed,
    alike,
    breaks,
    broken,
    by_row,
    changes,
    columns,
    differing,
    unexplained,
)
from loadtests.records.behaviours import VARIES, Behaviour
from tests.behaviours import GUNICORN, H11, UVICORN, answered, grid

CHUNKED, TWICE = "length-and-chunked", "length-twice"


def closed(row: str) -> Behaviour:
    return Behaviour(UVICORN, row, "closed")


def waits(row: str, *statuses: int) -> Behaviour:
    return Behaviour(UVICORN, row, "waits", [*statuses])


@pytest.mark.parametrize(
    ("one", "is_broken"),
    [
        # It may go by Transfer-Encoding or refuse, but not go on with the connection.
        (answered(UVICORN, CHUNKED, 400, after="closed"), False),
        (answered(UVICORN, CHUNKED, 200, saw="abc", after="closed"), False),
        (answered(UVICORN, CHUNKED, 200, saw="abc", after="kept"), True),
        (answered(UVICORN, CHUNKED, 200, saw="3\r\nabc", after="closed"), True),
        # 400 and then the end, and nothing else.
        (answered(UVICORN, TWICE, 400, after="closed"), False),
        (answered(UVICORN, TWICE, 400, after="kept"), True),
        (answered(UVICORN, TWICE, 501, after="closed"), True),
        (closed(TWICE), True),
        (waits(TWICE), True),
        # The app must not take a part for the whole.
        (answered(UVICORN, "length-short", 200, saw="whole"), True),
        (answered(UVICORN, "length-short", 200, saw="short"), False),
        (closed("length-short"), False),
        # A server that has said 100 may wait for the body, and else must not.
        (waits("expect-unread", 100), False),
        (waits("expect-unread"), True),
        (answered(UVICORN, "expect-in-1.0", 100, 200), True),
        (answered(UVICORN, "expect-in-1.0", 200), False),
        (answered(UVICORN, "unread-small", 200, after="wrong"), True),
        (answered(UVICORN, "unread-small", 200, after="kept"), False),
        (answered(UVICORN, "field-many", 431), False),
        (answered(UVICORN, "field-many", 500), True),
        (answered(UVICORN, "field-many", 200), False),
        # A handshake that is none, and a frame that is none after one that was right.
        (answered(UVICORN, "websocket-short-key", 101), True),
        (answered(UVICORN, "websocket-short-key", 400), False),
        (answered(UVICORN, "websocket-unmasked", 101, saw="echoed"), True),
        (Behaviour(UVICORN, "websocket-unmasked", "closed", [101], "1002"), False),
        # Of what no clause demands anything.
        (closed("half-closed"), False),
        (answered(UVICORN, "chunk-plus", 200, saw="abc"), False),
    ],
)
def test_behaviour_breaks_what_its_clause_demands(
    one: Behaviour, is_broken: bool
) -> None:
    assert breaks(one) is is_broken


def test_breaches_are_counted_by_stack() -> None:
    found = grid(closed(TWICE), closed("half-closed"), answered(GUNICORN, TWICE, 400))
    assert broken(found) == {GUNICORN: [], UVICORN: [TWICE]}


def test_stacks_that_behave_alike_share_a_column() -> None:
    rows = by_row(
        grid(
            *(answered(stack, TWICE, 400) for stack in (H11, UVICORN, GUNICORN)),
            answered(H11, CHUNKED, 400),
            answered(UVICORN, CHUNKED, 400),
            answered(GUNICORN, CHUNKED, 200, saw="abc"),
            answered(UVICORN, "no-such-row", 200),
            answered("no-such-stack", TWICE, 200),
        )
    )
    assert list(rows) == [CHUNKED, TWICE]
    assert columns([*rows.values()]) == [[GUNICORN], [UVICORN, H11]]
    assert columns([rows[TWICE]]) == [[GUNICORN, UVICORN, H11]]
    assert [names for _, names in alike(rows[CHUNKED])] == [[UVICORN, H11], [GUNICORN]]


def test_row_differs_if_a_stack_behaves_otherwise() -> None:
    same = [answered(stack, TWICE, 400) for stack in (UVICORN, GUNICORN)]
    assert differing(grid(*same)) == []
    assert differing(grid(*same, answered(H11, TWICE, 200))) == [TWICE]


def test_change_with_the_same_versions_is_unexplained() -> None:
    base, new = grid(answered(UVICORN, TWICE, 400)), grid(closed(TWICE))
    (change,) = changes(base, new)
    assert (change.before, change.now) == (base.behaviours[0], new.behaviours[0])
    assert change.is_unexplained
    assert list(changes(base, base)) == []


def test_change_with_other_versions_names_them() -> None:
    base = grid(answered(UVICORN, TWICE, 400), wsproto="1.2.0")
    newer = grid(closed(TWICE), python="3.13.1", httptools="0.10.0", wsproto="1.3.0")
    (change,) = changes(base, newer)
    assert not change.is_unexplained
    assert change.versions == (
        ("Python", "3.11", "3.13"),
        ("httptools", "0.9.0", "0.10.0"),
        ("wsproto", "1.2.0", "1.3.0"),
    )
    # Of a package that this stack does not use, or of the last figure of Python.
    other = grid(closed(TWICE), python="3.11.9", gunicorn="28.0.0", wsproto="1.2.0")
    (change,) = changes(base, other)
    assert change.is_unexplained


def test_what_varies_is_no_change_and_breaks_nothing() -> None:
    assert not breaks(Behaviour(UVICORN, TWICE, VARIES))
    varies = grid(Behaviour(UVICORN, TWICE, VARIES))
    assert list(changes(varies, grid(closed(TWICE)))) == []
    assert list(changes(grid(closed(TWICE)), varies)) == []


def test_what_two_grids_do_not_agree_on_varies() -> None:
    first = grid(closed(TWICE), closed(CHUNKED), answered(H11, TWICE, 400))
    second = grid(closed(TWICE), waits(CHUNKED))
    found = agreed(first, second).behaviours
    assert [one.kind for one in found] == ["closed", VARIES, "answered"]
    assert unexplained(second, first) == [UVICORN]
    assert unexplained(second, agreed(first, second)) == []


def test_nginx_of_another_version_explains_what_stands_behind_it() -> None:
    behind = "asgi-uvicorn-nginx"
    base = grid(answered(behind, TWICE, 400), nginx="1.22.1")
    new = grid(answered(behind, TWICE, 200), nginx="1.28.0")
    (change,) = changes(base, new)
    assert change.versions == (("nginx", "1.22.1", "1.28.0"),)


def test_row_that_the_record_lacks_is_no_failure() -> None:
    (change,) = changes(grid(), grid(closed(TWICE)))
    assert change.before is None
    assert not change.is_unexplained
