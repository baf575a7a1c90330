"""What a client may expect of either application: request -> expected answer.

The one rule: an answer is written down here, never computed the way the applications
compute it. So the table can be wrong, and it can be checked by reading; it cannot be
wrong in the same way as they are. Only HEAD is derived: it is GET without the content.
"""

from loadtests.catalog.contract.exchange import (
    Deviation,
    Exchange,
    Expected,
    Request,
    deviation,
    mismatches,
)
from loadtests.catalog.contract.table import EXCHANGES, HEALTHY, exchanges

__all__ = [
    "EXCHANGES",
    "HEALTHY",
    "Deviation",
    "Exchange",
    "Expected",
    "Request",
    "deviation",
    "exchanges",
    "mismatches",
]
