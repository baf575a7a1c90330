"""What people claim about WSGI and ASGI, each claim decided by running it.

The one rule: a verdict follows from what was measured in this run. Each claim is one
function, with the claim in its docstring; it returns a `Finding` made of figures, and
where they fail to appear it raises, which is an error and no verdict.
"""
