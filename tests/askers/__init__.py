"""People who asked JotForm for something, each with the steps of the documentation, counted, and the outcome."""
