"""Mails to people: codes, personal links, and reminders to who has not sent the form."""
