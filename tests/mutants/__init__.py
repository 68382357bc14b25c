"""Mutation testing: each small change of the code that decides breaks a test, or `survivors.txt` says why none does."""
