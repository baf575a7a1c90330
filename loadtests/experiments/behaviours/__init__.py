"""The behaviour grid: what each server does with the same odd requests.

The one rule: an observation counts when two tries in a row agree, each on a connection
of its own. So what a busy machine did once does not stand in the record.
"""
