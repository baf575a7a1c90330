"""The stacks, the scenarios and the profiles: tables that other things rely on."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import version

import pytest

from loadtests.catalog import profiles, scenarios, stacks
from loadtests.catalog.phases import Phase
from loadtests.catalog.profiles import PROFILES, Profile
from loadtests.catalog.scenarios import SCENARIOS, ScenarioError
from loadtests.catalog.stacks import (
    HTTP1,
    HTTP2,
    STACKS,
    AtLimit,
    Holds,
    Limit,
    Stack,
    StackError,
    Supply,
)

ALL_STACKS = pytest.mark.parametrize("stack", STACKS.values(), ids=list(STACKS))
MEASURED = pytest.mark.parametrize("stack", HTTP1.values(), ids=list(HTTP1))
ALL_PROFILES = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
UNTHREADED = [stack for stack in STACKS.values() if stack.threads is None]
UNCONNECTED = [s for s in STACKS.values() if s.worker_connections is None]
OVERHEAD_S = 3  # starting and stopping the processes of a cell

# Stacks


@ALL_STACKS
def test_stack_id_says_interface_and_server(stack: Stack) -> None:
    assert STACKS[stack.id] is stack
    assert stack.interface in ("wsgi", "asgi")
    start = re.escape(f"{stack.interface}-{stack.server}")
    assert re.fullmatch(rf"{start}(-[a-z0-9]+)?(-h2)?", stack.id)
    assert stack.id.endswith("-h2") == stack.http2


def test_stack_table_has_no_id_twice() -> None:
    assert len(STACKS) == len({stack.id for stack in STACKS.values()})
    assert {**HTTP1, **HTTP2} == STACKS


@ALL_STACKS
def test_stack_names_the_packages_that_decide_what_it_does(stack: Stack) -> None:
    """They are installed, so that a run can record their versions."""
    assert stack.packages
    assert all(version(package) for package in stack.packages)
    assert set(stack.packages) <= set(stacks.packages())


@ALL_STACKS
def test_stack_serves_the_app_of_its_interface(stack: Stack) -> None:
    assert stack.app == f"{stack.interface}_app:app"
    assert any(stack.app in word for word in stack.command(port=8000))


@ALL_STACKS
def test_stack_binds_loopback_and_nothing_else(stack: Stack) -> None:
    command = " ".join(stack.command(port=8123))
    assert re.search(
        r"--bind 127\.0\.0\.1:8123\b|--host 127\.0\.0\.1 --port 8123\b", command
    )
    assert re.findall(r"\d+\.\d+\.\d+\.\d+", command) == ["127.0.0.1"]
    assert len(re.findall(r"--(?:bind|host|uds|fd)\b", command)) == 1


@ALL_STACKS
def test_stack_command_is_filled_in(stack: Stack) -> None:
    assert not re.search(r"[{}]", " ".join(stack.command(port=8000)))


@ALL_STACKS
def test_stack_command_has_the_counts(stack: Stack) -> None:
    threads = stack.threads and 34
    command = " ".join(stack.with_counts(12, threads).command(port=8000))
    assert re.search(r"--workers 12\b", command)
    assert bool(re.search(r"(?:--threads |THREADS=)34\b", command)) == bool(threads)


@ALL_STACKS
def test_stack_writes_no_access_log(stack: Stack) -> None:
    """gunicorn writes none unless told to."""
    words = stack.command(port=8000)
    assert ("--no-access-log" in words) == (stack.server == "uvicorn")
    assert "--access-logfile" not in words


@ALL_STACKS
def test_stack_counts_are_equal_everywhere(stack: Stack) -> None:
    assert (stack.workers, stack.threads) in [(2, None), (2, 8)]


# Counts


@ALL_STACKS
def test_counts_that_are_not_given_stay(stack: Stack) -> None:
    assert stack.with_counts(None, None) == stack


@pytest.mark.parametrize("stack", UNTHREADED, ids=lambda stack: stack.id)
def test_threads_for_a_stack_without_any_are_an_error(stack: Stack) -> None:
    with pytest.raises(StackError) as caught:
        stack.with_counts(None, 8)
    assert_one_line(caught.value, stack.id, "THREADS=")


@pytest.mark.parametrize("stack", UNCONNECTED, ids=lambda stack: stack.id)
def test_worker_connections_for_a_stack_without_any_are_an_error(stack: Stack) -> None:
    with pytest.raises(StackError) as caught:
        stack.with_counts(None, None, worker_connections=8)
    assert_one_line(caught.value, stack.id, "worker_connections")


@MEASURED
def test_descriptors_that_no_client_could_have_are_an_error(stack: Stack) -> None:
    least = stack.idle_descriptors + 1
    assert stack.with_counts(None, None, nofile=least).nofile == least
    with pytest.raises(StackError) as caught:
        stack.with_counts(None, None, nofile=least - 1)
    assert_one_line(caught.value, stack.id, f"needs {least} descriptors")


@MEASURED
def test_command_has_the_worker_connections_where_they_are_obeyed(stack: Stack) -> None:
    words = stack.command(port=8000)
    limited = "--worker-connections" in words
    assert limited == (stack.worker_connections is not None)
    assert not limited or words[words.index("--worker-connections") + 1] == "1000"


# Finding things


def assert_one_line(error: Exception, *words: str) -> None:
    assert "\n" not in str(error)
    for word in words:
        assert word in str(error)


@ALL_STACKS
def test_stack_is_found_by_its_id(stack: Stack) -> None:
    assert stacks.find(stack.id) is stack


@pytest.mark.parametrize("stack_id", ["", "wsgi", "WSGI-UVICORN", "wsgi-flask"])
def test_unknown_stack_is_an_error_that_says_how_to_list_them(stack_id: str) -> None:
    with pytest.raises(StackError) as caught:
        stacks.find(stack_id)
    assert_one_line(caught.value, repr(stack_id), "make stacks lists them")


@pytest.mark.parametrize(
    ("interface", "server", "worker", "stack_id"),
    [
        ("wsgi", None, None, "wsgi-gunicorn-sync"),
        ("wsgi", "gunicorn", None, "wsgi-gunicorn-sync"),
        ("wsgi", "gunicorn", "gthread", "wsgi-gunicorn-gthread"),
        ("wsgi", None, "gevent", "wsgi-gunicorn-gevent"),
        ("wsgi", "uvicorn", None, "wsgi-uvicorn"),
        ("asgi", None, None, "asgi-uvicorn"),
        ("asgi", "uvicorn", "h11", "asgi-uvicorn-h11"),
        ("asgi", "gunicorn", None, "asgi-gunicorn"),
        ("asgi", "gunicorn", "uvicorn", "asgi-gunicorn-uvicorn"),
    ],
)
def test_stack_is_chosen_by_server_and_worker_class(
    interface: str, server: str | None, worker: str | None, stack_id: str
) -> None:
    assert stacks.choose(interface, server, worker).id == stack_id


@MEASURED
def test_stack_can_be_chosen(stack: Stack) -> None:
    assert stacks.choose(stack.interface, stack.server, stack.worker) is stack


@pytest.mark.parametrize(
    ("interface", "server", "worker", "wrong"),
    [
        ("wsgi", "waitress", None, "no wsgi server 'waitress': "),
        ("wsgi", None, "httptools", "no wsgi worker class 'httptools': "),
        ("wsgi", "uvicorn", "sync", "wsgi with SERVER=uvicorn WORKER=sync: "),
        ("asgi", "gunicorn", "sync", "no asgi worker class 'sync': "),
    ],
)
def test_choice_of_nothing_is_an_error_that_names_the_choices(
    interface: str, server: str | None, worker: str | None, wrong: str
) -> None:
    with pytest.raises(StackError) as caught:
        stacks.choose(interface, server, worker)
    there_are = [
        f"SERVER={stack.server} WORKER={stack.worker}"
        for stack in HTTP1.values()
        if stack.interface == interface
    ]
    assert_one_line(caught.value, wrong, *there_are)


@pytest.mark.parametrize("find", [scenarios.scenario, profiles.profile])
@pytest.mark.parametrize("name", ["", "slow", "FULL"])
def test_unknown_scenario_or_profile_is_an_error_that_names_them(
    find: Callable[[str], object], name: str
) -> None:
    known = SCENARIOS if find is scenarios.scenario else PROFILES
    with pytest.raises(ScenarioError) as caught:
        find(name)
    assert_one_line(caught.value, repr(name), ", ".join(known))


@MEASURED
def test_stack_that_speaks_http1_is_measurable(stack: Stack) -> None:
    assert stacks.find_measurable(stack.id) is stack


@pytest.mark.parametrize("stack_id", [*HTTP2])
def test_stack_that_speaks_http2_is_not_measurable(stack_id: str) -> None:
    with pytest.raises(StackError) as caught:
        stacks.find_measurable(stack_id)
    words = ("cannot be measured", "HTTP/1.1", f"make serve STACK={stack_id}")
    assert_one_line(caught.value, stack_id, *words)


def test_profiles_hold_no_stack_that_cannot_be_measured() -> None:
    assert not {name for p in PROFILES.values() for name in p.stacks} & HTTP2.keys()
    assert PROFILES["full"].stacks == tuple(HTTP1)


def test_scenarios_and_profiles_are_found_by_their_ids() -> None:
    assert [scenarios.scenario(name) for name in SCENARIOS] == [*SCENARIOS.values()]
    assert [profiles.profile(name) for name in PROFILES] == [*PROFILES.values()]
    for table in (SCENARIOS, PROFILES):
        assert [*table] == [entry.id for entry in table.values()]


# Profiles


@ALL_PROFILES
def test_profile_measures_what_exists(profile: Profile) -> None:
    assert set(profile.stacks) <= STACKS.keys()
    assert set(profile.scenarios) <= SCENARIOS.keys()
    assert profile.repeats >= 1


@ALL_PROFILES
def test_profile_leaves_each_step_a_window(profile: Profile) -> None:
    """Enough for a median with ten samples beyond it, on the last step too."""
    longest_cut_s = profile.settle_s + profile.deadline_s - profile.top_extra_s
    assert (profile.hold_s - longest_cut_s) * profile.rate_per_s >= 20
    assert profile.top_extra_s >= profile.deadline_s


@ALL_PROFILES
@MEASURED
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_staircase_climbs_from_zero_over_the_predicted_capacity(
    profile: Profile, stack: Stack, scenario: str
) -> None:
    steps = profile.staircase(stack, scenario)
    assert steps[0] == 0
    assert steps == sorted(set(steps))
    assert set(profile.levels) <= set(steps)
    assert steps[-1] == profile.levels[-1]
    predicted = stack.predicted_out_at(scenario)
    near = {predicted - 1, predicted, 2 * predicted}
    assert {n for n in near if n <= steps[-1]} <= set(steps)


@pytest.mark.parametrize(
    ("supply", "steps"),
    [
        (1, [0, 1, 2, 64]),
        (32, [0, 31, 32, 64]),
        (33, [0, 32, 33, 64]),
        (64, [0, 63, 64]),
        (65, [0, 64]),
        (66, [0, 64]),
    ],
)
def test_staircase_stays_within_its_top(supply: int, steps: list[int]) -> None:
    limit = Limit(Supply.WORKERS, lambda _: supply, AtLimit.BLOCKS, "")
    holds = {Phase.SILENT: Holds("a thing", (limit,), "")}
    stack = Stack("x", "wsgi", "x", "x", (), holds, "x:app", (), workers=1)
    assert PROFILES["smoke"].staircase(stack, "idle") == steps


@ALL_PROFILES
@MEASURED
def test_cell_lasts_as_long_as_its_parts(profile: Profile, stack: Stack) -> None:
    steps = len(profile.staircase(stack, "slow-body"))
    parts_s = [profile.hold_s] * steps + [profile.top_extra_s, profile.release_s]
    assert profile.cell_s(stack, "slow-body") == sum(parts_s)


def cells_s(profile: Profile) -> list[int]:
    """How long each cell of one repeat lasts."""
    return [
        profile.cell_s(STACKS[stack_id], scenario)
        for stack_id in profile.stacks
        for scenario in profile.scenarios
    ]


def test_quick_profile_is_twelve_cells_in_200_s() -> None:
    lengths = cells_s(PROFILES["quick"])
    assert len(lengths) == 12
    assert sum(lengths) <= 200


def test_full_profile_is_everything_three_times_within_an_hour() -> None:
    full = PROFILES["full"]
    lengths = cells_s(full) * full.repeats
    assert len(lengths) == len(HTTP1) * len(SCENARIOS) * 3
    assert sum(length + OVERHEAD_S for length in lengths) < 60 * 60


def test_smoke_profile_is_half_a_minute() -> None:
    assert sum(length + OVERHEAD_S for length in cells_s(PROFILES["smoke"])) <= 30
