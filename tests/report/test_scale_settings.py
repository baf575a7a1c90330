"""The lines that are to be copied, to raise the limits of a machine."""

from __future__ import annotations

import pytest

from loadtests.report import scale_settings
from tests import thousands
from tests.report.test_scale import million


def test_settings_are_lines_to_copy() -> None:
    reading = thousands.run(thousands.slow_readers(800, 600.0))
    held = thousands.run(thousands.slow_readers(10_000, 80.0))
    lines = scale_settings.settings(
        million([*thousands.small_and_large(), reading, held])
    )
    assert lines[0] == "# a machine of 32 GB with 1,000,000 slow clients"
    values = [line.partition("  ")[0] for line in lines[1:-1]]
    assert values[0].startswith("LimitNOFILE=")
    assert values[1].startswith('sysctl -w net.ipv4.tcp_mem="')
    low, pressure, most = values[1].partition('"')[2].rstrip('"').split()
    assert int(low) == int(pressure) * 3 // 4
    assert pressure == most
    assert values[2:] == [
        "sysctl -w net.netfilter.nf_conntrack_max=1000000",
        'sysctl -w net.ipv4.ip_local_port_range="1024 65535"',
    ]
    assert (
        lines[-1] == "# fs.file-max and fs.nr_open suffice as Linux sets them on 32 GB"
    )


def test_settings_that_suffice_are_not_lowered() -> None:
    assert scale_settings.settings(million(thousands.small_and_large(), 100)) == [
        "# a machine of 32 GB with 100 slow clients",
        "# fs.file-max and fs.nr_open suffice as Linux sets them on 32 GB",
    ]


@pytest.mark.parametrize(
    ("workers", "raised", "suffices"),
    [
        (1, ["fs.nr_open", "fs.file-max"], False),
        (10, ["fs.file-max"], True),
    ],
)
def test_settings_of_millions_on_a_machine_raise_what_linux_sets(
    workers: int, raised: list[str], suffices: bool
) -> None:
    """One process has all of the clients, and ten share them out evenly."""
    by_worker = [1_000] * 10 if workers > 1 else []
    cell = thousands.cell(workers=workers, kb=2.0, by_worker=by_worker)
    lines = scale_settings.settings(million([thousands.run(cell)], 8_000_000))
    files = [line for line in lines if line.startswith("sysctl -w fs.")]
    names = [line.removeprefix("sysctl -w ").partition("=")[0] for line in files]
    assert names == raised
    assert (lines[-1] == "# fs.nr_open suffices as Linux sets it on 32 GB") is suffices
