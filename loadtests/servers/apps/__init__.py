"""GET /hello and GET /json of the raw apps, as each framework invites to write them.

They are there for scale only: what a framework adds to the interface. The bytes of the
JSON may differ, its content may not.
"""
