"""Faults to put into the code: each makes a claim of a docstring or comment untrue.

The one rule: a fault is a text of one file and what to write in its place. The text is
there once. `tests` are those that are about that file, and so should find it.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTRACT = "tests/catalog/test_contract_in_process.py"
OF_RULES = ("tests/apps/test_rules.py", CONTRACT)
OF_WSGI = (
    *("tests/apps/test_wsgi_app.py", "tests/apps/test_wsgi_upload.py"),
    *("tests/apps/test_pair.py", CONTRACT),
)
OF_ASGI = (
    *("tests/apps/test_asgi_app.py", "tests/apps/test_asgi_upload.py"),
    *("tests/apps/test_pair.py", "tests/apps/test_beyond.py"),
    *("tests/apps/test_lifespan.py", CONTRACT),
)
ANALYSIS = ("tests/analysis",)
CATALOG = (
    *("tests/catalog/test_stacks.py", "tests/catalog/test_predictions_of_stacks.py"),
    *("tests/catalog/test_predictions_of_other_servers.py",),
    *("tests/catalog/test_options.py", "tests/analysis/test_rates.py"),
)
SERVERS = (
    *("tests/servers/test_listening.py", "tests/servers/test_impostors.py"),
    "tests/servers/test_server.py",
    *("tests/servers/test_usage.py", "tests/servers/test_neighbours.py"),
    *("tests/servers/test_processes.py", "tests/servers/test_interrupted.py"),
    "tests/experiments/test_broken_servers.py",
)
ANSWERS = ("tests/clients/test_answers.py", "tests/report/test_overload.py")


@dataclass(frozen=True)
class Fault:
    """In these files, that text instead of the other."""

    files: tuple[str, ...]
    old: str
    new: str
    tests: tuple[str, ...]


def _of(
    tests: tuple[str, ...], *files: str, **changes: tuple[str, str]
) -> dict[str, Fault]:
    return {name: Fault(files, *change, tests) for name, change in changes.items()}


FAULTS = {
    **_of(
        OF_RULES,
        "wsgi_app/rules.py",
        "asgi_app/rules.py",
        a_hundred_fields_are_too_many=(
            "if len(pieces) > MAX_FIELDS",
            "if len(pieces) >= MAX_FIELDS",
        ),
        nothing_is_a_field=(
            '[piece for piece in raw.split(b"&") if piece]',
            'raw.split(b"&")',
        ),
        blank_values_are_dropped=("keep_blank_values=True", "keep_blank_values=False"),
        the_last_of_fields_counts=(
            "in fields if key == name",
            "in fields[::-1] if key == name",
        ),
        limit_is_out_of_range=("low <= int(text) <= high", "low <= int(text) < high"),
        digits_of_every_script=('fullmatch("[0-9]{1,9}"', r'fullmatch(r"\d{1,9}"'),
        leading_zeros_are_digits=('"0*[0-9]{1,18}"', '"[0-9]{1,18}"'),
        largest_upload_is_too_large=("if size > MAX_UPLOAD", "if size >= MAX_UPLOAD"),
        more_than_announced_is_whole=(
            "and received != length",
            "and received < length",
        ),
    ),
    **_of(
        OF_WSGI,
        "wsgi_app/main.py",
        body_of_head_is_not_closed=("        body.close()\n", "        pass\n"),
        head_of_a_stream_has_a_length=('return iter([b""])', 'return [b""]'),
        length_beside_chunks_counts=(
            'if "HTTP_TRANSFER_ENCODING" in environ:\n        return None',
            "if False:\n        return None",
        ),
        body_is_read_past_its_end=("read(min(PIECE, end - received))", "read(PIECE)"),
        broken_connection_is_raised=(
            "except OSError as error:",
            "except ValueError as error:",
        ),
        part_of_a_body_is_whole=(
            "    check_complete(received, length)\n",
            "    pass\n",
        ),
        first_piece_waits=("        if index:\n", "        if chunks:\n"),
        no_allow=('{allow}", allow)', '{allow}")'),
        length_is_no_header=('("CONTENT_TYPE", "CONTENT_LENGTH")', '("CONTENT_TYPE",)'),
        chunked_upload_has_no_limit=("(MAX_UPLOAD + 1 if", "(MAX_UPLOAD if"),
        body_without_end_is_read=("and not terminated and", "and terminated and"),
        another_size=('"size", default="1024"', '"size", default="1000"'),
    ),
    **_of(
        OF_ASGI,
        "asgi_app/main.py",
        head_makes_all_pieces=("        chunks = 0  #", "        chunks += 0  #"),
        pieces_block_the_loop=(
            "await asyncio.sleep(interval_s)  #",
            "time.sleep(interval_s)  #",
        ),
        stream_ends_at_its_first_piece=('"more_body": True}', '"more_body": False}'),
        work_goes_on_without_a_client=("        working.cancel()\n", "        pass\n"),
        client_that_goes_is_not_seen=("FIRST_COMPLETED", "ALL_COMPLETED"),
        end_of_a_client_is_a_piece=(
            'if event["type"] == "http.disconnect":',
            'if event["type"] == "http.gone":',
        ),
        event_without_more_body_is_not_the_last=(
            'event.get("more_body", False)',
            'event.get("more_body", True)',
        ),
        values_are_joined_otherwise=(
            "{fields[name]},{value}",
            "{fields[name]}, {value}",
        ),
        mounted_app_has_no_routes=(
            'scope["path"].removeprefix(scope.get("root_path", ""))',
            'scope["path"]',
        ),
        unknown_scope_is_accepted=("raise NotImplementedError(", "return print("),
        head_has_a_body=('event = {**event, "body": b""}', "event = {**event}"),
        error_of_a_task_is_lost=(
            "            task.result()  #",
            "            task.done()  #",
        ),
        length_beside_chunks_counts_here=(
            'if "transfer-encoding" in fields:',
            'if "x-transfer-encoding" in fields:',
        ),
    ),
    **_of(
        OF_ASGI,
        "asgi_app/beyond.py",
        refused_handshake_is_accepted=(
            '{"type": "websocket.close"})\n        return',
            '{"type": "websocket.accept"})\n        return',
        ),
        any_subprotocol_is_chosen=(
            "SUBPROTOCOL if SUBPROTOCOL in offered else None",
            "offered[0] if offered else None",
        ),
        close_of_1000_is_refused=("if 1000 < close_code", "if 1000 <= close_code"),
        work_is_done_at_once=("respond(send, 202, TEXT", "respond(send, 200, TEXT"),
        failed_start_is_complete=(
            'f"lifespan.{phase}.failed"',
            'f"lifespan.{phase}.complete"',
        ),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/search.py",
        two_in_a_hundred_are_no_harm=("DEGRADED_UNDER = 0.99", "DEGRADED_UNDER = 0.98"),
        one_in_a_hundred_is_out=("if share < OUT_UNDER", "if share <= OUT_UNDER"),
        bisection_is_upwards=("(len(inside) - 1) // 2", "len(inside) - 1"),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/predictions.py",
        sixty_four_is_not_exact=(
            "if slow_clients <= EXACT_UP_TO",
            "if slow_clients < EXACT_UP_TO",
        ),
        near_by_the_smaller=(
            "resolution(max(one, other))",
            "resolution(min(one, other))",
        ),
        confirmed_before_beyond=(
            "(REFUTED, BEYOND, CONFIRMED)",
            "(REFUTED, CONFIRMED, BEYOND)",
        ),
        wrong_supply_is_confirmed=(
            "return bool(named) and capacity",
            "return not named and capacity",
        ),
        too_many_is_as_predicted=(
            "at > self.high + resolution(self.high)",
            "at > 2 * self.high",
        ),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/over_repeats.py",
        the_more_flattering_counts=("median_low(known)", "median_high(known)"),
        nothing_held_is_the_most=("-math.inf if", "math.inf if"),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/changes.py",
        interval_that_touches_0_counts=(
            "within.low <= 0 <= within.high",
            "within.low < 0 < within.high",
        ),
        what_cannot_be_resolved_counts=(
            "(1 + threshold) or larger",
            "(1 + threshold) and larger",
        ),
        slower_is_better=("WORSE if now > old", "WORSE if now < old"),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/health.py",
        first_reading_of_stolen_time_counts=(
            "recording.generator[1:]",
            "recording.generator",
        ),
        busy_slow_clients_are_no_matter=(
            "max(reading.probe_percent, reading.slow_clients_percent)",
            "reading.probe_percent",
        ),
        late_requests_count=("elif lag > limit_ms:", "elif lag > 9 * limit_ms:"),
        foreign_time_is_of_a_second=(" / (last.at_s - first.at_s)", ""),
        whoever_came_before_is_there=(
            "v.began_s < step.ends_s and v.ended_s",
            "v.began_s < step.ends_s or v.ended_s",
        ),
        reading_across_a_step_counts=(
            "s.has(before.at_s) and s.has(reading.at_s)",
            "s.has(reading.at_s)",
        ),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/intervals.py",
        rank_is_one_too_high=(
            "math.ceil(share * len(ordered)) - 1",
            "math.ceil(share * len(ordered)) - (share < 0.5)",
        ),
        nine_beyond_are_enough=(">= BEYOND", ">= BEYOND - 1"),
        two_repeats_are_enough=("FEWEST_REPEATS = 3", "FEWEST_REPEATS = 2"),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/response_times.py",
        times_from_the_actual_start=(
            "(s.ended_s - s.intended_s)",
            "(s.ended_s - s.started_s)",
        ),
        unanswered_ones_are_fast=("math.inf if s.fault", "0.0 if s.fault"),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/cell.py",
        well_in_spite_of_a_fault=(
            "        if sample.fault:\n            break\n",
            "        if sample.fault:\n            continue\n",
        ),
        held_after_harm=("itertools.takewhile(", "filter("),
        out_is_degraded=(
            "if harm is Harm.OUT), None)",
            "if harm is not Harm.NONE), None)",
        ),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/ran_out.py",
        last_descriptors_do_not_count=(
            "most - _ALL_BUT\n\n\ndef _at",
            "most\n\n\ndef _at",
        ),
        server_is_looked_at_first=(
            "return in_front or _of_server(subject, behind, found.degrades_at)",
            "return _of_server(subject, behind, found.degrades_at) or in_front",
        ),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/server_figures.py",
        memory_of_the_next_step=(
            "r.at_s < next_one.asked_s",
            "r.at_s < next_one.begins_s",
        ),
        few_clients_have_a_slope=("default=0) < FEWEST", "default=0) < 2"),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/outcomes.py",
        repeat_that_held_most_counts=("return min(held or 0", "return max(held or 0"),
        harmed_step_has_the_time=("step.slow_clients < below", "True"),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/differences.py",
        baseline_is_near_a_step=("if step.slow_clients and near(", "if near("),
        one_run_has_a_p99=(
            "if repeated else PERCENTILES[1:]",
            "if repeated else PERCENTILES",
        ),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/gate.py",
        nothing_found_is_met=("or {UNKNOWN}", "or {MET}"),
        neighbours_miss_a_limit=(
            "if state == MISSED and outcome",
            "if state == UNKNOWN and outcome",
        ),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/compare.py",
        one_cell_not_comparable_is_all=("<= {INCOMPARABLE}", ">= {INCOMPARABLE}"),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/capacities.py",
        fewer_is_better=(
            "_or_never(now) > _or_never(old)",
            "_or_never(now) < _or_never(old)",
        ),
        chance_counts=("and not _is_chance", "or not _is_chance"),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/rates.py",
        best_overload_decides=("least = min(", "least = max("),
        a_fifth_off_is_confirmed=("WITHIN = 0.10", "WITHIN = 0.20"),
        cpu_is_no_limit=("if by_cpu < by_places", "if by_cpu > by_places"),
    ),
    **_of(
        CATALOG,
        "loadtests/catalog/stacks/limits.py",
        full_one_does_no_harm=("(others if harms else 0)", "0"),
        more_descriptors_than_there_are=(
            "stack.nofile - stack.idle_descriptors",
            "stack.nofile",
        ),
        most_plentiful_decides=(
            "return min(self.limits, key",
            "return max(self.limits, key",
        ),
        nobody_fits_at_first=(
            "return 1 + (self.away_s + wait_s)",
            "return (self.away_s + wait_s)",
        ),
    ),
    **_of(
        CATALOG,
        "loadtests/catalog/rates.py",
        one_worker_has_all_places=("return each * stack.workers", "return each"),
        slow_clients_hold_no_places=("max(0, places - held)", "max(0, places)"),
    ),
    **_of(
        SERVERS,
        "loadtests/servers/listening.py",
        listener_of_all_ipv6_is_none=("return found or {", "return found and {"),
        port_that_is_bound_is_free=(
            "bind((HOST, port))",
            "bind((HOST, 0))",
        ),
    ),
    **_of(
        SERVERS,
        "loadtests/servers/processes.py",
        one_guard_knows=(
            "in self._guards:\n                socket.send_fds",
            "in self._guards[:1]:\n                socket.send_fds",
        ),
        signal_in_a_start_is_not_put_off=(
            "with uninterrupted():\n            group = Group(",
            "with contextlib.nullcontext():\n            group = Group(",
        ),
    ),
    **_of(
        SERVERS,
        "loadtests/servers/parts.py",
        foreign_listener_is_ours=(
            "return not self._holdings.lacks(listening(self.port))",
            "return True",
        ),
        one_listener_of_ours_is_enough=(
            "return not self._holdings.lacks(listening(self.port))",
            "return self._holdings.lacks(here := listening(self.port)) != here",
        ),
    ),
    **_of(
        SERVERS,
        "loadtests/servers/server.py",
        any_app_is_ready=(
            "return not server.target.check(",
            "return answer.status == 200 or bool(",
        ),
        taken_port_is_tried=(
            "    see_that_it_is_free(port)\n",
            "",
        ),
    ),
    **_of(
        SERVERS,
        "loadtests/servers/usage.py",
        megabytes_of_a_million=(
            "memory_info().rss / 1024**2",
            "memory_info().rss / 1e6",
        ),
        ended_process_has_no_memory=(
            "        except ProcessLookupError:\n            continue",
            "        except ProcessLookupError:\n            return None",
        ),
    ),
    **_of(
        SERVERS,
        "loadtests/servers/neighbours.py",
        our_own_time_is_foreign=("max(0.0, busy_s - ours_s)", "max(0.0, busy_s)"),
        orphans_are_foreign=("return max(0.0, ended - taken_over)", "return 0.0"),
    ),
    **_of(
        SERVERS,
        "loadtests/servers/signals.py",
        kernel_is_not_asked=(
            "_LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)",
            "pass",
        ),
    ),
    **_of(
        ANSWERS,
        "loadtests/clients/answers.py",
        more_than_announced_is_an_answer=(
            "if len(rest) > int(length):",
            "if len(rest) > int(length) + 9:",
        ),
        any_end_of_chunks_is_whole=("return self._last == _LAST_CHUNK", "return True"),
        error_400_is_wrong=(
            "if status < HTTPStatus.BAD_REQUEST",
            "if status <= HTTPStatus.BAD_REQUEST",
        ),
        chunk_may_be_longer=('if not b"\\r\\n".startswith(line_end):', "if False:"),
    ),
    **_of(
        ("tests/servers/test_logs.py",),
        "loadtests/servers/guard.py",
        log_has_no_cap=("if size + len(said) <= CAP_BYTES:", "if True:"),
        what_is_left_out_is_forgotten=(
            "left_out = length(log) + len(said) - HEAD_BYTES - TAIL_BYTES",
            "left_out = len(said)",
        ),
    ),
    **_of(
        ("tests/clients/test_websocket.py",),
        "loadtests/clients/websocket.py",
        ping_is_not_answered=("if opcode == _PING:", "if opcode == _PONG:"),
        bytes_of_a_message_are_frames=(
            "self._rest, self._skip = self._rest[begins:], length",
            "self._rest, self._skip = self._rest[begins:], 0",
        ),
    ),
    **_of(
        ANALYSIS,
        "loadtests/analysis/accepting.py",
        all_busy_takes_the_first=("back_at.index(min(back_at))", "0"),
    ),
}
