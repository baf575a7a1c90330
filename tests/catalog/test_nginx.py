"""Stacks with nginx in front: their configuration, and what they predict."""

from __future__ import annotations

import dataclasses
import re

import pytest

from loadtests.catalog.phases import Phase
from loadtests.catalog.scenarios import SCENARIOS
from loadtests.catalog.stacks import HTTP1, Stack, Supply, find
from loadtests.catalog.target import RAW

FRONTED = [stack for stack in HTTP1.values() if stack.front]
EACH = pytest.mark.parametrize("stack", FRONTED, ids=lambda stack: stack.id)


def degrades(stack: Stack, scenario: str) -> tuple[int | None, int | None]:
    low = stack.predicted_degrades_at(scenario)
    return low, stack.predicted_degrades_by(scenario)


def out(stack: Stack, scenario: str) -> tuple[int | None, int | None]:
    return stack.predicted_out_at(scenario), stack.predicted_out_by(scenario)


@EACH
def test_configuration_is_filled_in_and_stays_on_loopback(stack: Stack) -> None:
    config = stack.with_counts(3, None).front_config(8000, 8001, " pid /x;")
    assert "worker_processes 3;" in config
    assert "worker_connections 512;" in config
    assert "access_log off; pid /x;" in config
    assert re.findall(r"\d+\.\d+\.\d+\.\d+:\d+", config) == [
        "127.0.0.1:8000",
        "127.0.0.1:8001",
    ]
    assert config.count("{") == config.count("}") == 5
    off = [line for line in config.splitlines() if line.endswith("buffering off;")]
    assert len(off) == (2 if stack.id.endswith("-unbuffered") else 0)


@EACH
def test_server_behind_is_started_as_it_is_without_nginx(stack: Stack) -> None:
    alone = find(re.sub("-nginx.*", "", stack.id))
    assert stack.command(8001) == alone.command(8001)
    assert (stack.packages, stack.own_descriptors) == (
        alone.packages,
        alone.own_descriptors,
    )
    assert alone.front_config(8000, 8001) == ""
    assert not alone.stores("slow-read")


@EACH
def test_answers_are_stored_only_with_buffering(stack: Stack) -> None:
    stored = {name for name in SCENARIOS if stack.stores(name)}
    none = stack.id.endswith("-unbuffered")
    assert stored == (set() if none else {"slow-read", "slow-link"})


@EACH
def test_silent_clients_do_no_harm_at_any_number(stack: Stack) -> None:
    assert degrades(stack, "idle") == out(stack, "idle") == (None, None)
    assert stack.predicted_ran_out("idle") is None
    because = stack.predicted_because("idle")
    assert "ngx_drain_connections" in because
    assert "At the limit" not in because


def test_buffering_makes_sync_workers_hold_what_nginx_holds() -> None:
    for scenario in ("slow-headers", "slow-body"):
        for name in ("wsgi-gunicorn-sync-nginx", "asgi-uvicorn-nginx"):
            # 512 connections, 2 of its own, 2 for a request; a 16th less at first.
            assert degrades(find(name), scenario) == (941, 1068)
            assert out(find(name), scenario) == (1002, 1222)


def test_without_buffering_the_server_behind_is_held() -> None:
    sync = find("wsgi-gunicorn-sync-nginx-unbuffered")
    loop = find("asgi-uvicorn-nginx-unbuffered")
    for scenario in ("slow-body", "slow-read"):
        assert out(sync, scenario) == (2, 2)
        assert out(loop, scenario) == (502, 612)  # two connections for each client
        assert sync.predicted_ran_out(scenario) is Supply.WORKERS


def test_stored_answer_takes_a_descriptor_more() -> None:
    stack = find("wsgi-gunicorn-sync-nginx")
    assert stack.predicted_ran_out("slow-read") is Supply.DESCRIPTORS
    assert out(stack, "slow-read") == (1016, 1067)
    roomy = stack.with_counts(None, None, nofile=4096)
    assert roomy.predicted_ran_out("slow-read") is Supply.WORKER_CONNECTIONS
    few = stack.with_counts(None, None, nofile=256)
    assert few.predicted_ran_out("slow-headers") is Supply.DESCRIPTORS
    assert out(few, "slow-headers") == (2 * 247, 519)  # 8 of its own, 1 is no use


def test_more_connections_hold_more_up_to_the_descriptors() -> None:
    stack = find("asgi-uvicorn-nginx")
    assert stack.front is not None
    front = dataclasses.replace(stack.front, worker_connections=1024)
    more = dataclasses.replace(stack, front=front, nofile=4096)
    low, high = degrades(more, "slow-body")
    assert (low, high) == (int(958 * 1.97), 2144)
    one = stack.with_counts(1, None)
    assert degrades(one, "slow-body") == (478, 535)
    assert out(one, "slow-body") == (509, 535)


def test_short_download_is_shorter_and_as_slow_to_read() -> None:
    short = RAW.with_short_download()
    assert (RAW.download_mb, short.download_mb) == (64, 1)
    assert RAW.request(Phase.RESPONSE).target == "/stream?chunks=1024&size=65536"
    assert short.request(Phase.RESPONSE).target == "/stream?chunks=16&size=65536"
    assert short.request(Phase.BODY) == RAW.request(Phase.BODY)
    none = dataclasses.replace(RAW, short_download=None)
    assert none.with_short_download() is none
