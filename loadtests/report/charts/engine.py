"""The engine of the charts, in a process of its own: Vega-Lite in, SVG out.

The engine takes a second to start, and the interpreter that starts it does nothing else
meanwhile. So a report starts this process first, works on its text, and then asks for
all charts at once. This file imports nothing of ours, so that it starts in no time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from typing import IO

import vl_convert


class Engine:
    """The process. It is asked once, and ends when it has answered, or when the process
    that started it has ended."""

    def __init__(self, version: str) -> None:
        # A session of its own: Ctrl-C is for the report, and ends this one with it.
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__, version],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def svgs(self, specifications: Iterable[str]) -> list[str]:
        """The charts, in order. CalledProcessError where the engine failed."""
        answer, _ = self._process.communicate("\n".join(specifications))
        if self._process.returncode:
            raise subprocess.CalledProcessError(self._process.returncode, "the charts")
        return [json.loads(line) for line in answer.splitlines()]

    def close(self) -> None:
        """End it, whether or not it was asked."""
        self._process.kill()
        self._process.communicate()


def answer(specifications: IO[str], charts: IO[str], version: str) -> None:
    """One chart a line, as JSON strings; the first one is only to start the engine."""
    svg(json.dumps({"mark": "point", "data": {"values": []}}), version)
    for specification in specifications:
        print(json.dumps(svg(specification, version)), file=charts)


def svg(specification: str, version: str) -> str:
    """The chart of a Vega-Lite specification, which is JSON."""
    return str(vl_convert.vegalite_to_svg(specification, vl_version=version))


if __name__ == "__main__":
    answer(sys.stdin, sys.stdout, sys.argv[1])
