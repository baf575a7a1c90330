"""Whether two outputs of a command differ by no more than any two runs of it do."""

from __future__ import annotations

import re

TOLERANCE_MS = 60.0

NORMALISED = (
    (r"[ \t]+$", ""),  # blanks at the end of a line
    (r"(?i)(date): \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", r"\1: <date>"),
    (r"(gunicorn|uvicorn|curl)/\d[\w.]*", r"\1/<version>"),
    (r"(REMOTE_PORT = )'\d+'", r"\1'<port>'"),  # the client's
    (r"(client = \('127\.0\.0\.1', )\d+", r"\1<port>"),
    (r"(thread ThreadPoolExecutor-|task Task-)[\d_]+", r"\1<number>"),
    (r"(?<= )\(\d+(?= times\)| +│)", "(<some>"),  # pieces that this kernel buffers
    # How fast the machine is, and how busy.
    (r"(?<=after )\d+\.\d(?= ms)", "<ms>"),
    (r"^the event loop was blocked for \d\d\.\d ms\n", ""),
)
RESTS = re.compile(r", resting .*leaving")
EVENTS, WAITS = "→←↳~!", "┃┊"
# In ms: in the sums of a picture, or on its axis, in the middle.
TIMES = (
    r"(?<= for )\d+(?= ms(?::|$))",
    r"(?<=: )\d+(?= (?:in (?:next|receive|send|wsgi)|with the event loop))",
    r"(?<=^.{35}) {2,}\d+ *(?=[→←↳~!┃┊│]|$)",
)


def same(shown: str, printed: str) -> bool:
    """Whether two outputs differ by no more than any two runs do.

    How many pieces a client takes before it rests, and in how many goes, differs. So of
    such a picture each side must have the same events, however often.
    """
    if RESTS.search(shown):
        pairs = zip(events(shown), events(printed), strict=True)
        return all(bool(one) and one <= other for one, other in pairs)
    (one, one_ms), (other, other_ms) = normalised(shown), normalised(printed)
    return one == other and all(
        abs(a - b) <= TOLERANCE_MS for a, b in zip(one_ms, other_ms, strict=True)
    )


def events(picture: str) -> tuple[set[str], set[str]]:
    """What happens on either side of a picture, without times and counts."""
    found: tuple[list[str], list[str]] = ([], [])
    _, _, body = picture.partition("ASGI  ")
    for line in body.split("\n")[1:]:
        for side, part in zip(found, (line[:38], line[45:]), strict=True):
            words = part.strip()
            if words and words[0] in EVENTS + WAITS:
                side.append(words)
            elif side:  # the rest of a longer line
                side[-1] = f"{side[-1]} {words}".strip()
    left, right = (
        {re.sub(r" \(\d+ times\)", "", one) for one in side if one[0] in EVENTS}
        for side in found
    )
    return left, right


def normalised(text: str) -> tuple[str, list[float]]:
    """A text without what may differ, and the times that it had."""
    for pattern, replacement in NORMALISED:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    times = re.compile("|".join(TIMES), re.MULTILINE)
    return times.sub("<ms>", text), [float(ms) for ms in times.findall(text)]
