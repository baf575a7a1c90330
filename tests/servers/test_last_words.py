"""What a log says of a server's end: the reason, not that it stops."""

import pytest

from loadtests.servers.logs import last_words

TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "x.py", line 1, in <module>\n'
    "    import nope\n"
    "ModuleNotFoundError: No module named 'nope'\n"
)


@pytest.mark.parametrize(
    ("log", "says"),
    [
        ("", ""),
        ("\n\n", ""),
        ("Serving\n", "Serving"),
        (TRACEBACK, "ModuleNotFoundError: No module named 'nope'"),
        (
            f"[ERROR] Exception in worker process\n{TRACEBACK}Worker failed to boot.\n",
            "ModuleNotFoundError: No module named 'nope'",
        ),
        (
            f"{TRACEBACK}{TRACEBACK.replace('nope', 'else')}Stopping\n",
            "ModuleNotFoundError: No module named 'else'",
        ),
        (
            "ERROR: Error loading ASGI app.\nINFO: Stopping parent process [1]\n",
            "ERROR: Error loading ASGI app.",
        ),
        (
            f"{TRACEBACK}Shutting down\nTraceback (most recent call last):\n  File\n"
            "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>\n",
            "ModuleNotFoundError: No module named 'nope'",
        ),
        (
            'ERROR: Could not import module "nope".\nERROR: Child process [7] failed '
            "to start, stopping the parent process.\n",
            'ERROR: Could not import module "nope".',
        ),
        (
            "There was an exception (ModuleNotFoundError) importing your module.\n\n"
            "It had these arguments: \n1. No module named 'nope'\n\n",
            "1. No module named 'nope'",
        ),
        ("No module named orjson\nERROR: out of files\n", "ERROR: out of files"),
        (
            f"Traceback (most recent call last):\n[ERROR] Unexpected exit from worker-1"
            f"\nINFO: Stopping parent process [1]\n{TRACEBACK.partition(chr(10))[2]}",
            "ModuleNotFoundError: No module named 'nope'",
        ),
        ("Traceback (most recent call last):\n  cut off", "cut off"),
        ("an error\nTraceback (most recent call last):\n  cut", "an error"),
    ],
)
def test_last_words_are_the_reason(log: str, says: str) -> None:
    assert last_words(log) == says


def test_last_words_are_not_long() -> None:
    assert len(last_words("x" * 1000)) == 200
