"""Two runs compared: runs made by hand, of which one thing is changed at a time."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from loadtests.analysis import compare, differences, health
from loadtests.analysis.comparable import MISSING, VOID, Reason
from loadtests.analysis.compare import INCOMPARABLE, FalseAlarms
from loadtests.analysis.differences import (
    BETTER,
    CPU,
    DEGRADES_AT,
    IDLE_MEMORY,
    OUT_AT,
    SAME,
    SLOW_CLIENT,
    TIME,
    WORSE,
    Difference,
    Figure,
)
from loadtests.analysis.intervals import Interval
from loadtests.commands.main import main
from loadtests.records.facts import TIMES, fact
from loadtests.records.run import Cell, Run, Step, save_run
from loadtests.report.formats import comparison
from loadtests.report.formats.comparison import Compared
from loadtests.report.prose import text
from loadtests.report.sections import method
from tests import runs

LEVELS = (0, 4, 8, 16, 32, 64)
EVIL = "<b>|`x`*\x1b[31m[red]\n#"


def climb(out_at: int | None = None, **given: Any) -> Cell:
    """A cell of that staircase, out from `out_at` on."""
    limit = 10**6 if out_at is None else out_at
    answered = {level: 150 if level < limit else 0 for level in LEVELS}
    return runs.cell("wsgi-gunicorn-gthread", answered=answered, **given)


def timed(p90_ms: float, low: float | None = None, high: float | None = None) -> Cell:
    """A cell of which every step has that p90, with an interval."""
    cell = climb()
    steps = [
        dataclasses.replace(s, p90_ms=p90_ms, p90_low_ms=low, p90_high_ms=high)
        for s in cell.steps
    ]
    return dataclasses.replace(cell, steps=steps)


def costing(cpu_us: float | None = 200.0, idle_mb: float = 60.0, **given: Any) -> Cell:
    server = dataclasses.replace(
        climb().server, cpu_us_per_request=cpu_us, rss_idle_mb=idle_mb
    )
    kb = given.pop("kb", 12.5)
    server = dataclasses.replace(server, kb_per_slow_client=kb)
    return climb(server=server, **given)


def one(base: Cell | list[Cell], new: Cell | list[Cell], **given: Any) -> Any:
    """The comparison of two runs that have one cell, in repeats."""
    sides = [cells if isinstance(cells, list) else [cells] for cells in (base, new)]
    old, now = (runs.run(_numbered(side)) for side in sides)
    (found,) = compare.compare(old, now, **given)
    return found


def _numbered(cells: list[Cell]) -> list[Cell]:
    return [dataclasses.replace(c, repeat=n) for n, c in enumerate(cells, 1)]


def figure(found: Any, kind: str) -> Difference:
    (difference,) = (d for d in found.differences if d.figure.kind == kind)
    assert isinstance(difference, Difference)
    return difference


# Runs that are alike


@pytest.mark.parametrize("run", [runs.quick(), runs.full()], ids=["quick", "full"])
def test_run_does_not_differ_from_itself(run: Run) -> None:
    found = compare.compare(run, run)
    assert len(found) == len({(cell.stack, cell.scenario) for cell in run.cells})
    assert {comparison.verdict for comparison in found} == {SAME}
    assert compare.status(found) == 0


def test_figures_are_compared_at_the_baseline_and_the_largest_step_both_held() -> None:
    found = one(climb(16), climb(32))
    assert [difference.figure for difference in found.differences] == [
        *(
            Figure(DEGRADES_AT),
            Figure(OUT_AT),
            Figure(TIME, 90, 0),
            Figure(TIME, 90, 8),
        ),
        *(Figure(CPU), Figure(IDLE_MEMORY), Figure(SLOW_CLIENT)),
    ]


def test_percentile_is_the_highest_that_every_repeat_has() -> None:
    def with_p99(step: Step) -> Step:
        return dataclasses.replace(step, p99_ms=9.0)

    cell = climb()
    known = dataclasses.replace(cell, steps=[with_p99(s) for s in cell.steps])
    figures = [d.figure for d in one([known] * 2, [known] * 2).differences]
    assert Figure(TIME, 99, 0) in figures
    figures = [d.figure for d in one([known] * 2, [known, cell]).differences]
    assert Figure(TIME, 90, 0) in figures
    no_p90 = [dataclasses.replace(s, p90_ms=None) for s in cell.steps]
    less = dataclasses.replace(cell, steps=no_p90)
    assert Figure(TIME, 50, 0) in [d.figure for d in one(known, less).differences]


def test_figure_that_one_of_the_runs_lacks_is_left_out() -> None:
    nothing = climb(0)
    kinds = [d.figure.kind for d in one(nothing, costing(None)).differences]
    assert kinds == [DEGRADES_AT, OUT_AT, IDLE_MEMORY, SLOW_CLIENT]


# Capacity


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        (16, 16, SAME),
        (16, 32, SAME),
        (32, 16, SAME),
        (16, 64, BETTER),
        (64, 16, WORSE),
        (64, None, SAME),
        (32, None, BETTER),
        (None, 32, WORSE),
        (None, None, SAME),
    ],
)
def test_capacity_differs_by_more_than_one_step(
    base: int | None, new: int | None, verdict: str
) -> None:
    found = one(climb(base), climb(new))
    assert figure(found, OUT_AT).verdict == verdict
    assert found.verdict == verdict
    assert compare.status([found]) == (verdict == WORSE)


@pytest.mark.parametrize(
    ("base", "new", "low", "high"),
    [(16, 16, -8, 8), (64, 16, -56, -16), (None, 64, -float("inf"), 0)],
)
def test_capacity_lies_between_two_steps_and_so_does_its_difference(
    base: int | None, new: int | None, low: float, high: float
) -> None:
    assert figure(one(climb(base), climb(new)), OUT_AT).interval == Interval(low, high)


def test_capacity_of_repeats_is_the_middle_one_within_all() -> None:
    found = figure(one([climb(16)] * 3, [climb(8), climb(64), climb(64)]), OUT_AT)
    assert (found.base, found.new, found.verdict) == (16, 64, BETTER)
    assert found.interval == Interval(4 - 16, 64 - 8)
    never = figure(one([climb()] * 3, [climb()] * 3), OUT_AT)
    assert (never.base, never.new, never.interval) == (None, None, None)


def test_capacity_between_the_steps_is_no_crash() -> None:
    """A file may say anything."""
    odd = dataclasses.replace(climb().capacity, out_at=7, degrades_at=700)
    assert one(climb(8), climb(capacity=odd)).verdict == BETTER


# Times and costs


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        (200.0, 250.0, SAME),
        (200.0, 250.1, WORSE),
        (250.0, 200.0, SAME),
        (250.1, 200.0, BETTER),
    ],
)
def test_cost_differs_beyond_the_threshold(
    base: float, new: float, verdict: str
) -> None:
    assert one([costing(base)] * 3, [costing(new)] * 3).verdict == verdict


def test_threshold_can_be_chosen() -> None:
    base, new = [costing(200)] * 3, [costing(240)] * 3
    assert one(base, new, threshold=0.20).verdict == SAME
    assert one(base, new, threshold=0.19).verdict == WORSE


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        (costing(idle_mb=2.0), costing(idle_mb=3.0), SAME),
        (costing(idle_mb=2.0), costing(idle_mb=3.1), WORSE),
        (costing(kb=0.0), costing(kb=4.0), SAME),
        (costing(kb=0.0), costing(kb=4.1), WORSE),
        (costing(kb=2.0), costing(kb=-2.1), BETTER),
        (costing(kb=-9.0), costing(kb=-8.0), SAME),
        (timed(1.0), timed(6.0), SAME),
        (timed(1.0), timed(6.1), WORSE),
        (timed(8.1), timed(3.0), BETTER),
    ],
)
def test_difference_that_a_reading_cannot_resolve_is_none(
    base: Cell, new: Cell, verdict: str
) -> None:
    assert one(base, new).verdict == verdict


def test_times_are_resolved_as_far_as_requests_leave_in_time() -> None:
    assert differences.RESOLVED_MS == health.LAG_LIMIT_MS


def test_times_that_are_doubtful_are_not_compared() -> None:
    doubt = [fact(TIMES, stolen_percent=9, lag_p99_ms=6)]
    base, new = timed(20, 18, 22), timed(28, 26, 30)
    doubted = dataclasses.replace(new, doubts=doubt)
    assert any(d.figure.kind == TIME for d in one(base, new).differences)
    for pair in ((base, doubted), (doubted, base)):
        assert not any(d.figure.kind == TIME for d in one(*pair).differences)


@pytest.mark.parametrize(
    ("base", "new", "verdict"),
    [
        (timed(20, 18, 22), timed(28, 26, 30), WORSE),
        (timed(20, 10, 30), timed(28, 18, 38), SAME),
        (timed(20, 18, 22), timed(28, 18, None), SAME),
        (timed(28, 26, 30), timed(20, 18, 22), BETTER),
    ],
)
def test_time_differs_beyond_the_interval_of_its_own_samples(
    base: Cell, new: Cell, verdict: str
) -> None:
    assert one(base, new).verdict == verdict


def test_repeats_that_scatter_do_not_differ() -> None:
    base = [costing(cpu) for cpu in (100, 200, 300)]
    new = [costing(cpu) for cpu in (200, 300, 400)]
    found = figure(one(base, new), CPU)
    assert (found.base, found.new, found.verdict) == (200, 300, SAME)
    assert found.interval is not None
    assert found.interval.low < 0 < 100 < found.interval.high
    two = figure(one(base[:2], new[:2]), CPU)
    assert (two.interval, two.verdict) == (None, SAME)


def test_repeats_that_agree_differ() -> None:
    base = [costing(cpu) for cpu in (198, 200, 202)]
    new = [costing(cpu) for cpu in (298, 300, 302)]
    found = one(base, new)
    assert found.verdict == WORSE
    assert one(new, base).verdict == BETTER
    assert {d.verdict for d in found.differences if d.figure.kind != CPU} == {SAME}


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_figure_that_is_no_number_is_not_compared(odd: float) -> None:
    kinds = [d.figure.kind for d in one(costing(odd), costing()).differences]
    assert CPU not in kinds


@settings(max_examples=40)
@given(st.floats(1, 1e4), st.floats(1, 1e4), st.sampled_from([0.1, 0.25, 1.0]))
def test_better_there_is_worse_back(base: float, new: float, threshold: float) -> None:
    turned = {SAME: SAME, WORSE: BETTER, BETTER: WORSE}
    there = one(costing(base), costing(new), threshold=threshold).verdict
    assert (
        one(costing(new), costing(base), threshold=threshold).verdict == turned[there]
    )


def test_cell_with_a_figure_that_is_worse_is_worse() -> None:
    base, new = costing(200.0, idle_mb=60.0), costing(400.0, idle_mb=20.0)
    found = one([base] * 3, [new] * 3)
    assert {d.verdict for d in found.differences} == {SAME, WORSE, BETTER}
    assert found.verdict == WORSE


# What cannot be compared


def changed(part: str, **fields: Any) -> Run:
    run = runs.run([climb()])
    record = dataclasses.replace(getattr(run, part), **fields)
    return dataclasses.replace(run, **{part: record})


def packages(**versions: str) -> Run:
    return changed("environment", packages={**runs.ENVIRONMENT.packages, **versions})


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (changed("environment", cpu="Z80"), "cpu: AMD EPYC and Z80"),
        (changed("environment", cpus=4), "cpus: 2 and 4"),
        (changed("environment", python="3.13.0"), "python: 3.11.7 and 3.13.0"),
        (changed("environment", kernel="Linux 7"), "kernel: Linux 6.18.0 and Linux 7"),
        (changed("environment", nofile_limit=1024), "nofile_limit: 20000 and 1024"),
        (changed("method", rate_per_s=50.0), "rate_per_s: 100.0 and 50.0"),
        (changed("method", deadline_s=2.0), "deadline_s: 1.0 and 2.0"),
        (packages(gunicorn="28.0"), "gunicorn: 27.0.1 and 28.0"),
        (packages(locust="3"), "locust: none and 3"),
        (runs.run([climb(workers=4)]), "workers: 2 and 4"),
        (runs.run([climb(threads=4)]), "threads: 0 and 4"),
        (runs.run([climb(valid=False)]), "void in NEW"),
        (runs.run([]), "not in NEW"),
        (
            runs.run([runs.cell("wsgi-gunicorn-gthread", answered={0: 9, 4: 9})]),
            "staircase: 0 4 8 16 32 64 and 0 4",
        ),
    ],
)
def test_what_cannot_be_compared_says_why(new: Run, reason: str) -> None:
    (found,) = compare.compare(runs.run([climb()]), new)
    assert found.verdict == INCOMPARABLE
    assert [comparison.sentence(r) for r in found.reasons] == [reason]
    assert compare.status([found]) == 2


def test_cell_that_is_missing_in_the_base_says_so() -> None:
    void = climb(valid=False)
    found = compare.compare(runs.run([void]), runs.run([climb(), runs.cell()]))
    assert [c.reasons for c in found] == [
        [Reason(VOID, "BASE")],
        [Reason(MISSING, "BASE")],
    ]


@pytest.mark.parametrize(
    ("package", "stack", "matters"),
    [
        ("uvicorn", "wsgi-gunicorn-gthread", False),
        ("uvicorn", "asgi-gunicorn-uvicorn", True),
        ("uvicorn-worker", "asgi-gunicorn-uvicorn", True),
        ("uvicorn-worker", "asgi-uvicorn", False),
        ("gevent", "wsgi-gunicorn-gevent", True),
        ("gevent", "wsgi-gunicorn-sync", False),
        ("a2wsgi", "wsgi-uvicorn", True),
        ("a2wsgi", "asgi-uvicorn", False),
        ("httptools", "asgi-uvicorn", True),
        ("h11", "asgi-uvicorn-h11", True),
        ("h11", "asgi-uvicorn", False),
        ("uvloop", "asgi-gunicorn", False),
        ("locust", "asgi-gunicorn", True),
        ("hypercorn", "asgi-hypercorn", True),
    ],
)
def test_packages_matter_to_the_stacks_that_use_them(
    package: str, stack: str, matters: bool
) -> None:
    def of(version: str) -> Run:
        environment = dataclasses.replace(runs.ENVIRONMENT, packages={package: version})
        run = runs.run([runs.cell(stack)])
        return dataclasses.replace(run, environment=environment)

    (found,) = compare.compare(of("1"), of("2"))
    assert (found.verdict == INCOMPARABLE) is matters


def test_void_repeats_are_left_out_of_the_others() -> None:
    void = climb(4, valid=False)
    found = one([climb(32), void], climb(32))
    assert (found.verdict, figure(found, OUT_AT).base) == (SAME, 32)


def test_status_is_of_the_worst_and_needs_something_to_compare() -> None:
    same, worse = one(climb(32), climb(32)), one(climb(32), climb(4))
    better, other = one(climb(4), climb(32)), one(climb(), climb(workers=3))
    assert compare.status([same, better, other]) == 0
    assert compare.status([better, worse, other]) == 1
    assert compare.status([other]) == compare.status([]) == 2


# False alarms


def test_repeats_of_a_cell_should_not_differ() -> None:
    alike = [costing(idle_mb=mb) for mb in (200, 220, 240)]
    assert compare.false_alarms(runs.run(_numbered(alike))) == FalseAlarms(3, 0)
    noisy = [costing(idle_mb=mb) for mb in (100, 200, 210)]
    run = runs.run([*_numbered(noisy), runs.cell("other"), climb(2, valid=False)])
    assert compare.false_alarms(run) == FalseAlarms(3, 2)
    assert compare.false_alarms(run, threshold=1.1) == FalseAlarms(3, 0)
    assert compare.false_alarms(runs.quick()) == FalseAlarms(0, 0)


def test_repeats_of_another_staircase_are_no_pair() -> None:
    short = runs.cell("wsgi-gunicorn-gthread", answered={0: 150})
    run = runs.run(_numbered([climb(), short]))
    assert compare.false_alarms(run) == FalseAlarms(0, 0)


def test_report_of_repeats_says_how_often_they_differ() -> None:
    said = text(method.repeatability(runs.full()))
    assert "different in 0 of 96 pairs: a false-alarm rate of 0.0 %, at most" in said
    assert method.repeatability(runs.quick()) == ()


# How it is shown


def compared(base: Run, new: Run) -> Compared:
    return Compared(base, new, compare.compare(base, new), compare.THRESHOLD)


def shown(found: Compared, width: int = 80) -> str:
    console = Console(width=width, no_color=True, record=True, file=io.StringIO())
    console.print(comparison.table(found))
    return console.export_text()


def mixed() -> Compared:
    """Worse, better, the same, and not comparable."""
    alike, other = runs.cell("asgi-gunicorn"), runs.cell("asgi-uvicorn")
    faster = runs.cell("wsgi-gunicorn-sync", answered=dict.fromkeys(LEVELS, 150))
    slower = runs.cell(
        "wsgi-gunicorn-sync", answered={0: 150} | dict.fromkeys(LEVELS[1:], 0)
    )
    base = [climb(64), slower, alike, other]
    new = [climb(8), faster, alike, dataclasses.replace(other, workers=4)]
    return compared(runs.run(base), runs.run(new))


@pytest.mark.parametrize("width", [80, 120])
def test_table_shows_what_differs_and_counts_the_rest(width: int) -> None:
    text = shown(mixed(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "wsgi-gunicorn-gthread, slow-body: worse" in text
    assert "wsgi-gunicorn-sync, slow-body: better" in text
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "out at 64 8 -88 % -60 to -24 worse" in rows
    assert "out at 4 not reached – +60 or more better" in rows
    assert "No difference: 1 cell." in rows
    assert "workers: 2 and 4 (1 cell)" in rows
    assert "asgi-gunicorn" not in text
    assert (
        rows[-1]
        == "Of 3 cells that can be compared, NEW is worse in 1 and better in 1."
    )


def test_markdown_has_the_figures_that_differ() -> None:
    text = comparison.markdown(mixed())
    assert text.startswith("**Of 3 cells that can be compared, NEW is worse in 1")
    row = "| wsgi-gunicorn-gthread | slow-body | out at | 64 | 8 | -88 % | -60 to -24 |"
    assert f"{row} **worse** |" in text
    assert "idle memory" not in text
    assert "\n- Not comparable: 1 cell.\n  - workers: 2 and 4" in text
    alike = comparison.markdown(compared(runs.quick(), runs.quick()))
    assert "|" not in alike


@pytest.mark.parametrize(
    ("interval", "says"),
    [
        (None, "–"),
        (Interval(-2.5, 30.0), "-2.5 to +30"),
        (Interval(-float("inf"), 3.0), "+3.0 or less"),
        (Interval(3.0, float("inf")), "+3.0 or more"),
        (Interval(-float("inf"), float("inf")), "–"),
    ],
)
def test_interval_is_shown_as_far_as_it_is_known(
    interval: Interval | None, says: str
) -> None:
    found = Difference(Figure(TIME, 90, 0), 0.0, 3.0, interval, WORSE)
    assert comparison._values(found)[3:] == ["–", says]


def test_runs_without_anything_in_common_say_so() -> None:
    found = compared(runs.run([climb()]), runs.run([runs.cell()]))
    assert "No cell of these runs can be compared." in shown(found)
    assert "not in NEW (1 cell)" in shown(found)


def test_names_from_files_come_out_as_text() -> None:
    base = runs.run([runs.cell(EVIL, EVIL), runs.cell("b", EVIL)], id=EVIL)
    new = runs.run([runs.cell(EVIL, EVIL, answered={0: 150, 4: 0, 512: 0})], id=EVIL)
    environment = dataclasses.replace(runs.ENVIRONMENT, revision=EVIL)
    found = compared(base, dataclasses.replace(new, environment=environment))
    text = shown(found)
    assert "\x1b" not in text
    assert "[red] #" in text, "not taken for rich's markup"
    table = comparison.markdown(found)
    assert "\\<b\\>\\|\\`x\\`\\*\\[red\\] \\#" in table
    assert "<b>" not in table.replace("\\<b\\>", "")


# The command


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[str, Run], str]:
    def store(name: str, run: Run) -> str:
        save_run(run, tmp_path / name)
        return str(tmp_path / name)

    return store


Store = Callable[[str, Run], str]


@pytest.mark.parametrize(
    ("new", "status", "says"),
    [
        (climb(32), 0, "NEW is worse in none and better in none."),
        (climb(4), 1, "NEW is worse in 1 and better in none."),
        (climb(), 0, "NEW is worse in none and better in 1."),
        (climb(workers=3), 2, "No cell of these runs can be compared."),
    ],
)
def test_command_tells_by_its_status(
    stored: Store,
    capsys: pytest.CaptureFixture[str],
    new: Cell,
    status: int,
    says: str,
) -> None:
    paths = stored("base", runs.run([climb(32)])), stored("new", runs.run([new]))
    assert main(["compare", *paths]) == status
    assert says in capsys.readouterr().out
    assert main(["compare", *paths, "--markdown"]) == status
    assert capsys.readouterr().out.startswith("**")


def test_command_takes_a_threshold(
    stored: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = (
        stored("base", runs.run([costing(idle_mb=200)])),
        stored("new", runs.run([costing(idle_mb=300)])),
    )
    assert main(["compare", *paths]) == 1
    assert "by more than 25 %" in capsys.readouterr().out
    assert main(["compare", *paths, "--threshold=50"]) == 0
    assert "by more than 50 %" in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main(["compare", *paths, "--threshold=-5"])
    assert caught.value.code == 2


def test_command_refuses_what_is_not_a_run_of_this_format(
    stored: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = stored("base", runs.quick())
    assert main(["compare", base, str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    path = Path(stored("new", runs.quick())) / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 3}))
    assert main(["compare", base, str(path)]) == 2
    said = capsys.readouterr().err
    assert said == f"error: {path}: format: expected 2, found 3\n"


def test_run_of_before_there_were_intervals_can_be_compared(
    stored: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(stored("base", runs.run([timed(20, 10, 30)]))) / "run.json"
    data = json.loads(path.read_text())
    for step in data["cells"][0]["steps"]:
        for name in [name for name in step if "low" in name or "high" in name]:
            del step[name]
    data["cells"][0]["steps"] = [
        {**s, "slow_clients": n}
        for s, n in zip(data["cells"][0]["steps"], LEVELS, strict=True)
    ]
    path.write_text(json.dumps(data))
    new = stored("new", runs.run([timed(28, 18, 38)]))
    assert main(["compare", str(path), new]) == 1, "the threshold alone decides"
    assert "worse" in capsys.readouterr().out
