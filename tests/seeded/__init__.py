"""Faults that are put into servers on purpose, to see what the doctor makes of them."""
