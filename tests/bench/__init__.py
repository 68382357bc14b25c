"""The figures, each beside those of other packages in the same run: ``python -m tests.bench [group ...]``."""
