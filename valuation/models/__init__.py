"""What is it worth: runs with their blocks and values, and quotes before any seller brings a row."""

from valuation.models.quotes import Quote
from valuation.models.runs import PlayerValue, RunState, ValuationRun, WorkBlock

__all__ = ["PlayerValue", "Quote", "RunState", "ValuationRun", "WorkBlock"]
