"""What is late, and what is set up wrongly, here and at JotForm: findings, with what mends each."""
