"""Reading JotForm back: when a form is due, what a reading shows, and the verdict on each submission."""
