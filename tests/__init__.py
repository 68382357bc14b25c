"""The tests; a package so that one part can use what another has built: `from tests.... import ...`."""
