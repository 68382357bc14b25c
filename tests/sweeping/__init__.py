"""The sweep against a local JotForm on a simulated clock."""
