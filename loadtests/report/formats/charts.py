"""The charts of a report as SVG, a file each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadtests.report.blocks import Block, Chart, Folded, Source
from loadtests.report.charts import drawing
from loadtests.report.picture import Picture
from loadtests.report.sections import order


def render(source: Source) -> dict[str, str]:
    """Every chart in any section, by file name."""
    return {
        picture.file: drawing.svg(picture)
        for _, blocks in order.filled(source)
        for picture in pictures(blocks)
    }


def pictures(blocks: Sequence[Block]) -> Iterator[Picture]:
    for block in blocks:
        if isinstance(block, Chart):
            yield block.picture
        elif isinstance(block, Folded):
            yield from pictures(block.blocks)
