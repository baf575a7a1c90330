"""Does the probe agree with load tools that others wrote?

The one rule: a client's own work is part of every time that it reports, and only ever
adds. So the probe and each tool ask the same idle server in turns, at the same rate,
each request on a new connection, on the cores that generators have in a cell; and the
probe's median is compared with each tool's of the same round. `tools` says how a tool
is asked and what it answered, and starts no process; `rounds` does. What follows from
the rounds is in `analysis.agreement`, and how that is shown in `report.agreement`.
"""
