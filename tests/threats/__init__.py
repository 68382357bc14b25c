"""What a hostile crowd and a bad day do to a real site: each test is named after its row in docs/security.md."""
