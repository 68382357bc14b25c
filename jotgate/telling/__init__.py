"""Who hears of a verdict: functions of the site, and signed webhooks."""
