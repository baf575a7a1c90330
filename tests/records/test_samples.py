"""The raw records: what was written is what is read, even while it is being written."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.records.samples import (
    GENERATOR_FILE,
    SAMPLES_FILE,
    SERVER_FILE,
    STEPS_FILE,
    VISITS_FILE,
    WORKERS_FILE,
    GeneratorReading,
    Recording,
    Sample,
    SamplesTail,
    SampleWriter,
    ServerReading,
    StepTaken,
    Visit,
    WorkerReading,
    read_recording,
    read_samples,
)
from tests.disk import disk_with_room_for

SECONDS = st.floats(allow_nan=False)
COUNTS = st.integers()
# Faults, fates and pids are words; commas, quotes and odd letters do no harm.
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]))

FILES: dict[str, type[Any]] = {
    SAMPLES_FILE: Sample,
    VISITS_FILE: Visit,
    STEPS_FILE: StepTaken,
    SERVER_FILE: ServerReading,
    GENERATOR_FILE: GeneratorReading,
    WORKERS_FILE: WorkerReading,
}
RECORDINGS = st.builds(
    Recording,
    samples=st.lists(st.builds(Sample, SECONDS, SECONDS, SECONDS, WORDS)),
    visits=st.lists(
        st.builds(Visit, COUNTS, SECONDS, SECONDS, WORDS, st.none() | COUNTS)
    ),
    taken=st.lists(
        st.builds(StepTaken, COUNTS, SECONDS, SECONDS, SECONDS, COUNTS, COUNTS)
    ),
    server=st.lists(
        st.builds(
            *(ServerReading, SECONDS, SECONDS, SECONDS, WORDS),
            *(st.none() | SECONDS, st.none() | SECONDS, SECONDS, st.none() | SECONDS),
        )
    ),
    generator=st.lists(st.builds(GeneratorReading, *[SECONDS] * 5)),
    workers=st.lists(
        st.builds(
            *(WorkerReading, SECONDS, COUNTS, COUNTS),
            *[*[st.none() | COUNTS] * 4, COUNTS],
        )
    ),
)
VISITS = [
    Visit(0, 12.25, 13.5, "held", None),
    Visit(1, 12.5, 13.75, "rejected", 408),
    Visit(21, 12.34, 128.75, "closed", 200),
]

SAMPLES = [Sample(1.0, 1.0, 1.5, ""), Sample(2.0, 2.0, 3.0, "late")] * 3
STEP = StepTaken(4, 1.0, 2.0, 3.0, 4, 1)


def write(folder: Path, name: str, kind: type[Any], records: list[Any]) -> Path:
    with contextlib.closing(SampleWriter(folder, name, kind)) as writer:
        for record in records:
            writer.write(record)
    return folder / name


@settings(max_examples=40)
@given(RECORDINGS)
def test_recording_is_read_as_it_was_written(recording: Recording) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Who else was busy is no file: the names are in the record of the cell.
        parts = [part for name, part in vars(recording).items() if name != "neighbours"]
        for (file, kind), records in zip(FILES.items(), parts, strict=True):
            write(folder, file, kind, records)
        assert read_recording(folder) == recording


@pytest.mark.parametrize(("name", "kind"), FILES.items())
def test_file_names_its_columns(name: str, kind: type[Any], tmp_path: Path) -> None:
    path = write(tmp_path, name, kind, [])
    assert path.read_text() == ",".join(kind._fields) + "\n"


def test_status_is_empty_where_there_was_none(tmp_path: Path) -> None:
    path = write(tmp_path, VISITS_FILE, Visit, VISITS[:2])
    lines = path.read_text().splitlines()
    assert lines[1:] == ["0,12.25,13.5,held,", "1,12.5,13.75,rejected,408"]


def test_record_can_be_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    with contextlib.closing(SampleWriter(tmp_path, VISITS_FILE, Visit)) as writer:
        for number, visit in enumerate(VISITS, start=1):
            writer.write(visit)
            assert read_samples(tmp_path, VISITS_FILE, Visit) == VISITS[:number]


def test_file_cut_off_anywhere_has_the_records_before(tmp_path: Path) -> None:
    """`21,12.34,128.75,closed,200` cut off after the first 2 of 200 has five fields."""
    path = write(tmp_path, VISITS_FILE, Visit, VISITS)
    data = path.read_bytes()
    for end in range(len(data)):
        path.write_bytes(data[:end])
        whole_lines = data[:end].count(b"\n")
        found = read_samples(tmp_path, VISITS_FILE, Visit)
        assert found == VISITS[: max(0, whole_lines - 1)]


def test_file_cut_off_within_a_letter_is_readable(tmp_path: Path) -> None:
    samples = [*SAMPLES[:1], Sample(2.0, 2.0, 2.5, "tôt")]
    path = write(tmp_path, SAMPLES_FILE, Sample, samples)
    path.write_bytes(path.read_bytes()[: -len("\u00f4t\n".encode()) + 1])
    assert read_samples(tmp_path, SAMPLES_FILE, Sample) == samples[:1]


@pytest.mark.parametrize("row", ["4,1.0,2.0,3.0,4", "4,1,2,3,4,1,9", "soon,1,2,3,4,1"])
def test_whole_line_that_is_no_record_is_an_error(row: str, tmp_path: Path) -> None:
    path = write(tmp_path, STEPS_FILE, StepTaken, [STEP])
    path.write_text(f"{path.read_text()}{row}\n")
    with pytest.raises(ValueError, match=r"zip|could not convert|invalid literal"):
        read_samples(tmp_path, STEPS_FILE, StepTaken)


def test_new_writer_begins_a_new_file(tmp_path: Path) -> None:
    for slow_clients in (4, 8):
        write(
            tmp_path, STEPS_FILE, StepTaken, [STEP._replace(slow_clients=slow_clients)]
        )
    found = read_samples(tmp_path, STEPS_FILE, StepTaken)
    assert found == [STEP._replace(slow_clients=8)]


def test_last_step_of_a_recording_is_the_leaving() -> None:
    leaving = StepTaken(0, 6.0, 6.0, 9.0, 0, 1)
    recording = Recording([], [], [STEP, leaving], [], [])
    assert recording.steps == [STEP]
    assert recording.left_s == 6.0


def test_tail_has_nothing_of_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    tail = SamplesTail(tmp_path)
    assert tail.so_far() == []
    write(tmp_path, SAMPLES_FILE, Sample, SAMPLES[:1])
    assert tail.so_far() == SAMPLES[:1]


@given(st.lists(st.integers(1, 60), min_size=1))
def test_tail_has_the_whole_samples_of_a_file_that_grows(pieces: list[int]) -> None:
    """However the writer's pieces are cut, in lines or in words."""
    with tempfile.TemporaryDirectory() as name:
        path = write(Path(name), SAMPLES_FILE, Sample, SAMPLES)
        data, end = path.read_bytes(), 0
        path.write_bytes(b"")
        tail = SamplesTail(Path(name))
        for size in pieces:
            with path.open("ab") as file:
                file.write(data[end : end + size])
            end = min(end + size, len(data))
            whole = max(0, data[:end].count(b"\n") - 1)
            assert tail.so_far() == SAMPLES[:whole]
            assert tail.so_far() == SAMPLES[:whole], "asked again"


def test_file_that_cannot_become_longer_is_named(tmp_path: Path) -> None:
    writer = SampleWriter(tmp_path, SAMPLES_FILE, Sample)
    with disk_with_room_for(100):
        for _ in range(5):
            writer.write(Sample(1.0, 1.0, 1.5, ""))
        with pytest.raises(OSError, match="File too large") as refused:
            writer.write(Sample(1.0, 1.0, 1.5, "x" * 100))
    assert refused.value.filename == str(tmp_path / SAMPLES_FILE)
    writer.close()
