"""Can the tests fail? Faults are put into the code, one at a time."""
