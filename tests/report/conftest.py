"""What several tests of the report ask for."""

from __future__ import annotations

import pytest

from loadtests.report.blocks import Source
from loadtests.report.formats import html
from tests import runs
from tests.report.whole import whole


@pytest.fixture(scope="package")
def full_page() -> str:
    """The page of a run as large as a full one, with all that may stand beside it."""
    return html.render(Source(whole(), runs.beside()))["report.html"]
