"""What a slow client costs a server of thousands, what that predicts, and limits."""

from __future__ import annotations

import dataclasses

import pytest

from loadtests import ROOT
from loadtests.analysis import scale, scale_limits
from loadtests.analysis.scale_checks import PROMISED, TOLERANCE, Figure, checks
from loadtests.analysis.scale_limits import Cost, Machine, Setting
from loadtests.commands.scale import STACK, runs_of
from loadtests.records.cell import Cell
from loadtests.records.run import Run
from tests import runs, thousands

MACHINE = Machine(32, 8)


def cost(scenario: str = "slow-headers", found: list[Run] | None = None) -> Cost:
    costs = scale_limits.costs(found or thousands.small_and_large())
    [one] = [one for one in costs if one.scenario == scenario]
    return one


def test_kept_runs_are_simulated_within_15_percent() -> None:
    """The figures of memory must be; another may miss, and the page says so."""
    found = [check for check in checks(runs_of(ROOT)) if check.held.stack == STACK]
    figures = {check.figure for check in found}
    assert figures >= {Figure.ADDED, Figure.BUSIEST}
    missed = {c.figure: c.ratio for c in found if c.figure in PROMISED and not c.holds}
    assert not missed


def test_costs_that_were_measured_predict_a_larger_run() -> None:
    found = {check.figure: check for check in checks(thousands.small_and_large())}
    assert set(found) == {*Figure} - {Figure.KERNEL}
    for figure, check in found.items():
        within = TOLERANCE if figure is Figure.BUSIEST else 0.001
        assert check.ratio == pytest.approx(1, abs=within), figure
        assert check.holds


def test_run_is_checked_by_one_of_fewer_clients_of_the_same_kind_only() -> None:
    small, large = thousands.small_and_large()
    assert checks([small, small]) == checks([large]) == []
    other = [dataclasses.replace(small.cells[0], scenario="slow-body")]
    assert checks([dataclasses.replace(small, cells=other), large]) == []


def test_check_misses_where_a_client_costs_more_than_a_sixth_more() -> None:
    small, _ = thousands.small_and_large()
    large = thousands.run(thousands.cell(50_000, 10, kb=7.2))
    found = {check.figure: check for check in checks([small, large])}
    assert found[Figure.ADDED].ratio == pytest.approx(1.2)
    assert not found[Figure.ADDED].holds


def test_one_process_is_not_asked_for_its_busiest_worker() -> None:
    found = [
        thousands.run(thousands.cell(n, 1, by_worker=[])) for n in (10_000, 50_000)
    ]
    assert Figure.BUSIEST not in {check.figure for check in checks(found)}
    assert scale.load(scale.held(found)) is None
    assert scale_limits.workers_share(scale.held(found), 8, seed=1) == 1.0
    assert scale_limits.most_of_a_worker(scale.held(found)) == 50_000


@pytest.mark.parametrize(
    "given",
    [
        {"valid": False},
        {"steps": []},
        {"capacity": dataclasses.replace(thousands.cell().capacity, held=5_000)},
        {"server": dataclasses.replace(thousands.cell().server, rss_peak_mb=None)},
    ],
)
def test_cell_that_did_not_hold_thousands_says_nothing(
    given: dict[str, object],
) -> None:
    assert scale.held([thousands.run(thousands.cell(**given))]) == []  # type: ignore[arg-type]
    assert scale.held([thousands.run(thousands.cell(4_999))]) == []


def changed(cell: Cell, step: int, **given: object) -> Cell:
    steps = [*cell.steps]
    steps[step] = dataclasses.replace(steps[step], **given)  # type: ignore[arg-type]
    return dataclasses.replace(cell, steps=steps)


@pytest.mark.parametrize(
    ("step", "given", "known"),
    [
        (0, {"server_cores": None}, set()),
        (0, {"slow_clients": 1}, set()),
        (1, {"arrival": None}, {Figure.CORES}),
        (1, {"server_cores": None}, {Figure.ARRIVING}),
    ],
)
def test_cpu_that_is_not_known_is_not_checked(
    step: int, given: dict[str, object], known: set[Figure]
) -> None:
    small, large = thousands.small_and_large()
    for n, run in enumerate((small, large)):
        [cell] = run.cells
        cells = [changed(cell, step, **given)]
        both = [small, large]
        both[n] = dataclasses.replace(run, cells=cells)
        found = {check.figure for check in checks(both)}
        assert found & {Figure.CORES, Figure.ARRIVING} == known
        assert {one.scenario for one in scale_limits.costs(both)} == {"slow-headers"}


def test_idle_clients_take_no_steps() -> None:
    idle = dataclasses.replace(thousands.cell(), scenario="idle")
    assert cost("idle", [thousands.run(idle)]).step_us == 0
    assert cost().step_us == pytest.approx(20.0)
    assert cost().come_us == pytest.approx(100.0)


def test_kernel_memory_ends_where_that_of_tcp_does() -> None:
    """8 GB have 768 MB of tcp_mem: 1,000 slow readers are below, 10,000 are not. What
    is full tests no cost of a client."""
    assert scale.tcp_mem_mb(runs.ENVIRONMENT.memory_mb) == 768
    few, many = thousands.slow_readers(800, 600.0), thousands.slow_readers(10_000, 80.0)
    assert checks([thousands.run(few), thousands.run(many)]) == []
    one = cost("slow-read", [thousands.run(few), thousands.run(many)])
    assert one.kernel_kb == 600
    assert cost("slow-read", [thousands.run(many)]).kernel_kb == 80


def test_kernel_memory_below_its_end_tests_what_a_client_costs() -> None:
    few, many = thousands.slow_readers(800, 60.0), thousands.slow_readers(10_000, 50.0)
    [check] = checks([thousands.run(few), thousands.run(many)])
    assert (check.figure, check.holds) == (Figure.KERNEL, False)
    assert check.ratio == pytest.approx(50 / 60)


def test_buffers_that_shrink_leave_memory_for_more() -> None:
    reading = dataclasses.replace(cost(), kernel_kb=600.0)
    full = scale_limits.by_memory(reading, MACHINE, 170.0)
    shrunk = scale_limits.by_memory_as_shrunk(reading, MACHINE, 170.0)
    left_mb = 0.75 * 32 * 1024 - 3 / 32 * 32 * 1024 - 170
    assert full < shrunk == int(left_mb * 1024 / (reading.kb + 4))


def test_cpu_of_a_line_that_is_less_than_chance_is_not_known() -> None:
    first = thousands.cell().steps[0].server_cores or 0.0
    for more, known in ((0.009, False), (-0.02, False), (0.011, True)):
        cell = changed(thousands.cell(), 1, server_cores=first + more)
        one = cost(found=[thousands.run(cell)])
        assert (one.step_us is not None) == known
        planned = scale_limits.plan(one, MACHINE, 1_000_000, 0.4, 170.0, 13_000)
        assert (planned.step_cores is not None) == known


def test_options_of_a_stack_do_not_change_what_a_client_costs() -> None:
    stack = "asgi-uvicorn@backlog=100"
    named = dataclasses.replace(thousands.cell(), stack=stack)
    assert [one.stack for one in scale.held([thousands.run(named)])] == ["asgi-uvicorn"]


def test_memory_without_clients_is_on_a_line_through_what_was_measured() -> None:
    found = scale.held(thousands.small_and_large())
    for workers in (1, 2, 10, 32):
        assert scale.rest_mb(found, workers) == pytest.approx(26 + 18 * workers)
    assert scale.rest_mb(found[:1], 4) == 2 * found[0].rest_mb


def test_more_memory_holds_more_and_dearer_clients_are_fewer() -> None:
    held = [scale_limits.by_memory(cost(), Machine(gb, 2), 62.0) for gb in (8, 32, 128)]
    assert held == sorted(held)
    assert held[1] == pytest.approx(4 * held[0], rel=0.05)
    dearer = dataclasses.replace(cost(), kb=2 * cost().kb)
    assert scale_limits.by_memory(dearer, MACHINE, 62.0) < held[1]
    assert scale_limits.by_memory(cost(), MACHINE, 1e6) == 0


def test_limits_come_in_the_order_in_which_they_end_a_server() -> None:
    found = scale_limits.limits(cost(), MACHINE, 100_000, 0.4, 170.0)
    assert [one.ends_at for one in found] == sorted(one.ends_at for one in found)
    by_setting = {one.setting: one for one in found}
    assert found[0].setting is Setting.NOFILE
    assert found[0].ends_at == int((1024 - 64) / 0.4)
    assert by_setting[Setting.NOFILE].needed == 40_064
    assert by_setting[Setting.MEMORY].needed == 170 + 977
    assert Setting.TCP_MEM not in by_setting
    reading = dataclasses.replace(cost(), kernel_kb=600.0)
    found = scale_limits.limits(reading, MACHINE, 100_000, 0.4, 170.0)
    [tcp] = [one for one in found if one.setting is Setting.TCP_MEM]
    assert (tcp.ends_at, tcp.needed) == (3 * 1024 * 1024 // 600, 15_000_000)


def test_plan_shares_clients_out_among_as_many_machines_as_have_the_memory() -> None:
    def planned(clients: int) -> scale_limits.Plan:
        return scale_limits.plan(cost(), MACHINE, clients, 0.4, 170.0, 13_000)

    few, many = planned(1_000_000), planned(10_000_000)
    assert (few.machines, many.machines) == (1, 5)
    assert many.each == 2_000_000
    assert (few.each, few.as_measured, few.addresses) == (1_000_000, 31, 36)
    assert few.come_core_s == pytest.approx(100.0)
    assert few.step_cores == pytest.approx(1_000_000 / 60 * 20e-6)
