"""What README.md and docs/ say exists, and their sentences are short."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from loadtests import ROOT
from loadtests.catalog.stacks import STACKS
from loadtests.commands.targets import TARGETS

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MOST_README_LINES = 140
MOST_WORDS_MEDIAN, MOST_WORDS_P90 = 12, 22
ENVIRONMENT = {"TRACE_APP", "PYTHONPATH", "NOISE_SEED"}  # variables that are not make's

NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

every_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)


def prose(text: str) -> str:
    """The page without code blocks, tables, headings and pictures."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    left_out = re.compile(r"\s*(\||#|    |<|!\[)")
    return "\n".join(line for line in text.splitlines() if not left_out.match(line))


def words_of_sentences(text: str) -> list[int]:
    """How many words each sentence has, in order; labels of two words do not count."""
    sentences = re.split(r"(?<=[.!?:])\s+", " ".join(prose(text).split()))
    counts = sorted(len(sentence.split()) for sentence in sentences)
    return [count for count in counts if count > 2]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


def code(text: str) -> str:
    """What a page shows as code, in blocks and in lines."""
    fenced = re.findall(r"```.*?```", text, re.DOTALL)
    rest = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    indented = re.findall(r"^    .*$", rest, re.MULTILINE)
    return "\n".join([*fenced, *indented, *re.findall(r"`[^`\n]+`", rest)])


@pytest.fixture(scope="module")
def listed() -> str:
    """The list of targets and variables that `make` alone prints."""
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout


def test_prose_leaves_out_what_is_no_sentence() -> None:
    text = "# A heading.\n\nOne two three. Four five six seven!\n\n    code: a b c d\n"
    assert words_of_sentences(text + "\n| a b c | d e f |\n```sh\na b c\n```") == [3, 4]


def test_readme_is_short() -> None:
    assert len(PAGES[0].read_text().splitlines()) <= MOST_README_LINES


@every_page
def test_sentences_are_short(page: Path) -> None:
    words = words_of_sentences(page.read_text())
    assert words[len(words) // 2] <= MOST_WORDS_MEDIAN
    assert words[int(0.9 * (len(words) - 1))] <= MOST_WORDS_P90


@every_page
def test_sentences_are_not_chained_by_semicolons(page: Path) -> None:
    sentences = re.split(r"(?<=[.!?:])\s+", " ".join(prose(page.read_text()).split()))
    assert not [sentence for sentence in sentences if sentence.count(";") > 1]


@every_page
def test_links_and_anchors_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    for target in (t for t in targets if "://" not in t):
        path, _, anchor = target.partition("#")
        to = (page.parent / path).resolve() if path else page
        assert to.exists(), target
        assert not anchor or anchor in anchors(to), target


@every_page
def test_paths_that_are_named_exist(page: Path) -> None:
    named = set(re.findall(r"`([\w.-]+/[\w./-]*)`", page.read_text()))
    rooms = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"reports"}
    for path in named:
        made_by_a_run = path.startswith("reports/") and "/example" not in path
        if path.partition("/")[0] in rooms or path.startswith("reports/"):
            assert made_by_a_run or (ROOT / path).exists(), path


@every_page
def test_targets_that_are_named_exist(page: Path) -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", code(page.read_text())))
    assert named <= set(TARGETS)


@every_page
def test_variables_that_are_named_exist(page: Path, listed: str) -> None:
    text = code(page.read_text())
    after_make = re.findall(r"make [a-z-]+((?: [A-Z0-9_]+=\S*)+)", text)
    alone = re.findall(r"`([A-Z0-9_]+)=", text)
    named = {*alone, *re.findall(r"\b([A-Z0-9_]+)=", "".join(after_make))}
    assert named - ENVIRONMENT <= set(re.findall(r"\b([A-Z0-9_]+)=", listed))


@every_page
def test_stacks_that_are_named_exist(page: Path) -> None:
    text = re.sub(r"\(#[^)]*\)", "", page.read_text())  # anchors are headings
    named = re.findall(r"\b(?:wsgi|asgi)-(?!asgi-)[a-z0-9-]*[a-z0-9]", text)
    assert set(named) <= set(STACKS)


def test_index_names_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text()
    for page in PAGES:
        assert f"({page.name})" in index or page.name == "README.md"
