"""The charts of a report as SVG, a file each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadtests.report.blocks import Block, Chart, Folded, Source
from loadtests.report.charts import drawing
from loadtests.report.picture import Picture
from loadtests.report.sections import order


def render(source: Source) -> dict[str, str]:
    """Every chart in any section, by file name."""
    found = [p for _, blocks in order.filled(source) for p in pictures(blocks)]
    files = [picture.file for picture in found]
    return dict(zip(files, drawing.svgs(found), strict=True))


def pictures(blocks: Sequence[Block]) -> Iterator[Picture]:
    for block in blocks:
        if isinstance(block, Chart):
            yield block.picture
        elif isinstance(block, Folded):
            yield from pictures(block.blocks)
