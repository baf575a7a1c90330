"""What the machine still has: of made files as of /proc, and of real limits."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from loadtests.servers.processes import wait_until
from loadtests.servers.room import (
    NoRoomError,
    free_memory_mb,
    free_ports,
    port_rests_s,
    refuse_few_descriptors,
)

MB = 1024**2
UNLIMITED = 9223372036854771712


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return folder


def version_2(limit: str, used_mb: int, cached_mb: int = 0) -> dict[str, str]:
    return {
        "memory.max": limit,
        "memory.current": str(used_mb * MB),
        "memory.stat": f"anon 1\ninactive_file {cached_mb * MB}\nactive_file 3",
    }


def version_1(limit: int, used_mb: int, cached_mb: int = 0) -> dict[str, str]:
    return {
        "memory.limit_in_bytes": str(limit),
        "memory.usage_in_bytes": str(used_mb * MB),
        "memory.stat": f"inactive_file 1\ntotal_inactive_file {cached_mb * MB}",
    }


@pytest.mark.parametrize(
    ("cgroup", "folder", "files", "free_mb"),
    [
        ("0::/shop", "shop", version_2(str(90 * MB), 60), 30),
        ("0::/shop", "shop", version_2(str(90 * MB), 60, cached_mb=20), 50),
        ("0::/a/shop", "a", version_2(str(90 * MB), 80), 10),  # the one around it
        ("0::/of/the/host", "", version_2(str(90 * MB), 50), 40),  # a container
        ("7:cpu,memory:/shop", "memory/shop", version_1(90 * MB, 60, 25), 55),
        ("7:memory:/docker/1f", "memory", version_1(90 * MB, 60), 30),
    ],
)
def test_memory_is_that_of_the_smallest_cgroup(
    tmp_path: Path, cgroup: str, folder: str, files: dict[str, str], free_mb: float
) -> None:
    proc = written(tmp_path / "proc", {"self/cgroup": f"9:cpuset:/\n{cgroup}"})
    written(tmp_path / "cgroup" / folder, files)
    assert free_memory_mb((), proc, tmp_path / "cgroup") == free_mb


@pytest.mark.parametrize(
    "files",
    [version_2("max", 60), version_1(UNLIMITED, 60), {"memory.max": str(MB)}, {}],
)
def test_cgroup_without_a_limit_takes_nothing(
    tmp_path: Path, files: dict[str, str]
) -> None:
    lines = {"self/cgroup": "4:memory:/shop\n0::/shop"}
    proc = written(tmp_path / "proc", lines)
    written(tmp_path / "cgroup/shop", files)
    written(tmp_path / "cgroup/memory/shop", files)
    free_mb = free_memory_mb((), proc, tmp_path / "cgroup")
    available_mb = psutil.virtual_memory().available / MB
    assert free_mb == pytest.approx(available_mb, rel=0.5)
    assert free_memory_mb((), tmp_path / "no proc") == pytest.approx(free_mb, rel=0.5)


def test_address_space_of_each_process_is_a_limit_too() -> None:
    sleeps = [sys.executable, "-S", "-c", "input()"]
    with subprocess.Popen(sleeps, stdin=subprocess.PIPE) as process:
        one, limit = psutil.Process(process.pid), 400 * MB
        resource.prlimit(one.pid, resource.RLIMIT_AS, (limit, limit))
        assert wait_until(lambda: one.memory_info().vms < limit, 10)
        free_mb = free_memory_mb([psutil.Process(os.getpid()), one])
        assert free_mb < (limit - one.memory_info().vms) / MB + 50 < 450
        process.communicate(b"\n")
    free_memory_mb([one])  # it has ended


def settings(folder: Path, **given: str) -> Path:
    usual = {
        "ip_local_port_range": "32768\t60999",
        "ip_local_reserved_ports": "",
        "tcp_tw_reuse": "2",
        "tcp_timestamps": "1",
    }
    found = {f"sys/net/ipv4/{name}": text for name, text in (usual | given).items()}
    return written(folder, found)


@pytest.mark.parametrize(
    ("reserved", "free"),
    [
        ("", 500),
        ("80", 500),
        ("40000", 499),
        ("39990-40009", 490),
        ("40100-40199,40499-50000", 399),
    ],
)
def test_ports_to_connect_from_are_those_that_nobody_has_reserved(
    tmp_path: Path, reserved: str, free: int
) -> None:
    given = {"ip_local_port_range": "40000 40499", "ip_local_reserved_ports": reserved}
    assert free_ports(settings(tmp_path, **given)) == free
    assert free_ports() > 0


@pytest.mark.parametrize(
    ("reuse", "stamps", "remote", "rests_s"),
    [
        ("2", "1", False, 1.0),
        ("2", "1", True, 60.0),
        ("1", "1", True, 1.0),
        ("0", "1", False, 60.0),
        ("1", "0", False, 60.0),
    ],
)
def test_port_rests_for_as_long_as_the_kernel_has_it(
    tmp_path: Path, reuse: str, stamps: str, remote: bool, rests_s: float
) -> None:
    proc = settings(tmp_path, tcp_tw_reuse=reuse, tcp_timestamps=stamps)
    assert port_rests_s(remote=remote, proc=proc) == rests_s


def test_hard_limit_of_this_process_is_the_one_that_counts() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    refuse_few_descriptors(min(64, hard) if hard > 0 else 64)
    if hard != resource.RLIM_INFINITY:
        with pytest.raises(NoRoomError, match=f"hard limit here is {hard:,}: raise"):
            refuse_few_descriptors(hard + 1)
