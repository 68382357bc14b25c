"""Fuzzing by coverage: what the generated tests claim, tried with inputs that the code itself leads to.

One module for each surface that strangers reach, which names the properties to try there. `make fuzz` runs them.
"""
