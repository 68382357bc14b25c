"""What carries our MAC: passes, tickets, browsers, invitations and app tokens, and the keys that sign them."""
