"""Faults that are put into the code can be put there."""

from __future__ import annotations

import pytest

from loadtests import ROOT
from tests.mutants.faults import FAULTS


@pytest.mark.parametrize("name", FAULTS)
def test_fault_has_its_place_once_and_its_tests(name: str) -> None:
    fault = FAULTS[name]
    for file in fault.files:
        assert (ROOT / file).read_text("utf-8").count(fault.old) == 1, file
    assert [test for test in fault.tests if not (ROOT / test).exists()] == []
