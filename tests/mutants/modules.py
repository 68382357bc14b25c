"""The modules whose mutants are tried, and the tests that have to kill them."""

from __future__ import annotations

MODULES: dict[str, tuple[str, ...]] = {
    "jotgate/codes.py": ("tests/test_codes.py",),
    "jotgate/quota.py": ("tests/test_quota.py",),
    "jotgate/submissions.py": ("tests/test_submissions.py",),
    "jotgate/door/guarding.py": (
        "tests/door/test_guarding.py",
        "tests/door/test_checking.py",
        "tests/door/test_choosing.py",
    ),
    "jotgate/stores/apps.py": ("tests/stores/test_sqlite.py",),
    "jotgate/stores/redeeming.py": ("tests/stores/test_sqlite.py",),
    "jotgate/stores/codes.py": ("tests/stores/test_sqlite.py",),
    "jotgate/stores/changing.py": ("tests/stores/test_sqlite.py", "tests/faults/test_sqlite_locks.py"),
    "jotgate/stores/judging.py": ("tests/stores/test_sqlite.py", "tests/stores/test_judging.py"),
    "jotgate/stores/mails.py": ("tests/stores/test_sqlite.py", "tests/faults/test_sqlite_locks.py"),
    "jotgate/stores/sign_ins.py": ("tests/stores/test_sqlite.py",),
    "jotgate/stores/turns.py": ("tests/stores/test_turns.py",),
    "jotgate/throttle.py": ("tests/test_throttle.py", "tests/throttling/test_crowds.py"),
    "jotgate/signed/tickets.py": (
        "tests/signed/test_tickets.py",
        "tests/signed/test_signed_kinds.py",
        "tests/test_submissions.py",
    ),
    "jotgate/signed/tokens.py": ("tests/signed/test_tokens.py", "tests/signed/test_jwts.py"),
}
