"""Estimates in one call, for whoever uses the engine as a library: plans that are run in the process of the caller."""
