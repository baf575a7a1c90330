"""Two runs compared, as the terminal and Markdown show it."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from loadtests.analysis import compare
from loadtests.analysis.changes import TIME, WORSE, Difference, Figure
from loadtests.analysis.intervals import Interval
from loadtests.records.beside_cells import Cost
from loadtests.records.facts import NEIGHBOURS, fact
from loadtests.records.run import Run
from loadtests.report.formats import comparison, comparison_page
from loadtests.report.formats.compared import Compared
from loadtests.report.prose import text
from loadtests.report.sections import method
from tests import runs
from tests.analysis.pairs import LEVELS, climb, found, new_run
from tests.report.page import Structure

EVIL = "<b>|`x`*\x1b[31m[red]\n#"


def test_report_of_repeats_says_how_often_they_differ() -> None:
    said = text(method.repeatability(runs.full()))
    assert "different in 0 of 96 pairs: a false-alarm rate of 0.0 %, at most" in said
    assert method.repeatability(runs.quick()) == ()


def compared(base: Run, new: Run) -> Compared:
    return Compared(base, new, compare.compare(base, new), compare.THRESHOLD)


def shown(found: Compared, width: int = 80) -> str:
    console = Console(width=width, no_color=True, record=True, file=io.StringIO())
    console.print(comparison.table(found))
    return console.export_text()


def test_comparison_says_what_a_difference_is_worth() -> None:
    repeated, once = runs.full(), runs.quick()
    assert (
        "differed in 0 of 192 pairs, though nothing"
        in compared(repeated, repeated).rule
    )
    assert "false-alarm" not in compared(once, once).rule


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


@pytest.mark.parametrize("width", [40, 80, 120])
def test_table_shows_what_differs_and_counts_the_rest(width: int) -> None:
    text = shown(mixed(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "wsgi-gunicorn-gthread, slow-body: worse" in text
    assert "wsgi-gunicorn-sync, slow-body: better" in text
    said = " ".join(text.split())
    assert "; out at: 64 → 8 (-88 %, by -60 to -24) wsgi-gunicorn-sync" in said
    assert "out at: 4 → not reached (+60 or more)" in said
    assert "No difference: 1 cell." in said
    assert "asgi-uvicorn, slow-body: The number of workers is 2 in BASE and 4" in said
    assert "asgi-gunicorn" not in text
    assert said.endswith(
        "Of 3 cells that can be compared, NEW is worse in 1 and better in 1."
    )


def test_comparison_with_another_machine_says_what_was_compared() -> None:
    other = dataclasses.replace(runs.ENVIRONMENT, cpus=4)
    cell = found(4, 7, 8, degrades=8, out=8)
    text = shown(compared(new_run([cell]), new_run([cell], environment=other)), 120)
    said = " ".join(text.split())
    assert "On another machine only numbers of slow clients compare: 1 cell." in said
    assert "The number of CPUs is 2 in BASE and 4 in NEW." in said
    assert "No difference in 1 cell that can be compared." in said


def test_page_has_a_verdict_a_line_and_all_figures() -> None:
    page = Structure(comparison_page.page(mixed()))
    assert page.count("h1") == 1
    assert page.values("id", "section") == ["verdicts", "all-figures"]
    assert "NEW is worse in 1 and better in 1" in page.text
    said = " ".join(page.text.split())
    assert (
        "wsgi-gunicorn-gthread, slow-body worse degrades at: 64 to 8; out at: 64 to 8"
        in said
    )
    assert said.index("slow-body worse degrades") < said.index("slow-body better")
    assert "asgi-uvicorn, slow-body not comparable –" in said
    assert "The number of workers is 2 in BASE and 4 in NEW" in said
    assert "idle memory, MB" in said, "what did not change is there too"


def test_page_of_runs_that_are_alike_has_nothing_else() -> None:
    page = Structure(comparison_page.page(compared(runs.quick(), runs.quick())))
    assert "No difference in 12 cells" in page.text
    assert "Why cells cannot be compared" not in page.text


def test_page_of_runs_that_cannot_be_compared_says_so() -> None:
    other = dataclasses.replace(runs.cell(), workers=4)
    page = Structure(comparison_page.page(compared(runs.quick(), runs.run([other]))))
    assert "No cell of these runs can be compared" in page.text
    assert page.values("id", "section") == ["verdicts"]


def test_markdown_has_the_figures_that_differ() -> None:
    text = comparison.markdown(mixed())
    assert text.startswith("**Of 3 cells that can be compared, NEW is worse in 1")
    row = "| wsgi-gunicorn-gthread, slow-body | out at | 64 | 8 | -88 % | -60 to -24 |"
    assert f"{row} **worse** |" in text
    assert "| idle memory" not in text
    assert (
        "\n- Not comparable: 1 cell.\n  - asgi-uvicorn, slow-body: The number of "
        "workers is 2 in BASE and 4 in NEW."
    ) in text
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
    assert comparison.values(found)[3:] == ["–", says]


def searches() -> Compared:
    """Costs that are worse, a cell whose times are doubtful, and one that is alike."""
    doubt = [fact(NEIGHBOURS, "make 90 %", foreign_cpu_percent=90.0)]
    one, other = found(7, 8, degrades=8), found(4, degrades=None, stack="wsgi-uvicorn")
    base = new_run([one, other], costs=[stream(100.0)])
    spoiled = dataclasses.replace(one, doubts=doubt)
    return compared(base, new_run([spoiled, other], costs=[stream(200.0)]))


def stream(us: float) -> Cost:
    target = "/stream?chunks=16&size=65536"
    return runs.cost("asgi-uvicorn", "starlette", us, target=target, kept_alive=False)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_costs_and_doubtful_times_are_shown(width: int) -> None:
    text = shown(searches(), width)
    assert max(map(len, text.splitlines())) <= width
    said = " ".join(text.split())
    assert "asgi-uvicorn, CPU time of a request: worse" in said
    assert "starlette, 1 MB stream" in said
    assert "100 → 200 (+100 %)" in said
    assert "No difference: 2 cells. Response times not compared: 1 cell." in said
    assert said.endswith(
        "Of 2 cells and the costs of 1 stack that can be compared, NEW is worse in 1 "
        "and better in none."
    )


@pytest.mark.parametrize(
    ("run", "rules"),
    [
        (runs.run([climb(8)]), ["more than 5 ms", "1 step of the staircase"]),
        (
            new_run([found(7, 8, degrades=8)]),
            ["more than 0.5 ms", "1 up to 64, and by more than 5 % above"],
        ),
    ],
    ids=["format 1", "search"],
)
def test_rule_is_that_of_the_method(run: Run, rules: list[str]) -> None:
    said = " ".join(shown(compared(run, run), 120).split())
    assert all(rule in said for rule in rules)
    assert said.endswith("No difference in 1 cell that can be compared.")


def test_runs_without_anything_in_common_say_so() -> None:
    found = compared(runs.run([climb()]), runs.run([runs.cell()]))
    assert "No cell of these runs can be compared." in shown(found)
    assert "wsgi-gunicorn-gthread, slow-body: Not measured in NEW." in shown(found)
    assert "differs if" not in shown(found) + comparison.markdown(found)


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
