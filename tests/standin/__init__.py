"""A JotForm of the tests' own that shares no code with the package, and a gated site beside it."""
