"""`jotgate callbacks`: webhooks made, listed and ended, and dead letters brought back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import standardwebhooks

from tests.receiver import Receiver, receiving

from .conftest import Site


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def test_a_webhook_is_told_what_a_sweep_judges(site: Site, receiver: Receiver) -> None:
    """Signed with the secret that was shown once; the plain output has nothing but that secret on its first channel."""
    site.run("sweep")
    result = site.run("callbacks", "create", receiver.url, "--form", "students")
    secret = result.stdout.strip()
    assert secret.startswith("whsec_")
    submission_id = site.sandbox.submit(site.students, {"jotgate": site.ticket()}, webhook=False)
    site.sandbox.submit(site.trip, {"message": "x"}, webhook=False)
    site.run("sweep", "--form", "students", "--form", "trip")
    [sent] = receiver.sent
    said = standardwebhooks.Webhook(secret).verify(sent.body, sent.headers)
    assert (said["data"]["submission_id"], said["data"]["verdict"]) == (submission_id, "verified")
    shown = site.run("callbacks", "list").output
    assert secret not in shown
    assert receiver.url in shown
    [listed] = site.lines("callbacks", "list")
    assert secret not in json.dumps(listed)
    assert (listed["kind"], listed["url"], listed["forms"]) == ("webhook", receiver.url, ["students"])
    assert (listed["state"], listed["waiting"], listed["dead"]) == ("live", 0, 0)


def test_revoke(site: Site, receiver: Receiver) -> None:
    """A revoked webhook is sent nothing more; one that there is not cannot be revoked."""
    site.run("sweep")
    [made] = site.lines("callbacks", "create", receiver.url)
    assert site.lines("callbacks", "revoke", made["consumer"]) == [
        {"consumer": made["consumer"], "forgotten": 0}
    ]
    site.sandbox.submit(site.students, {"message": "x"}, webhook=False)
    site.run("sweep", "--form", "students")
    assert receiver.sent == []
    assert site.lines("callbacks", "list")[0]["state"] == "revoked"
    unknown = site.run("callbacks", "revoke", "wh_none")
    assert unknown.exit_code == 1
    assert "no consumer wh_none" in unknown.output


def test_dead_and_replay(site: Site, receiver: Receiver) -> None:
    """What a receiver that is gone was not told is listed with the reason, and told when it is back."""
    site.run("sweep")
    [made] = site.lines("callbacks", "create", receiver.url)
    submission_id = site.sandbox.submit(site.students, {"message": "x"}, webhook=False)
    receiver.statuses = [410]
    site.run("sweep", "--form", "students")
    [dead] = site.lines("callbacks", "dead")
    assert (dead["consumer"], dead["submission_id"]) == (made["consumer"], submission_id)
    assert (dead["verdict"], dead["cause"]) == ("unticketed", "judged")
    assert dead["last_error"] == "it answered with the status 410"
    assert dead["message_id"] in site.run("callbacks", "dead", "--consumer", made["consumer"]).stdout
    assert site.lines("callbacks", "list")[0]["state"] == "disabled"
    assert site.lines("callbacks", "replay", "--message", dead["message_id"]) == [{"replayed": 1}]
    site.run("sweep")
    assert [sent.headers["webhook-id"] for sent in receiver.sent] == [dead["message_id"]] * 2
    assert site.run("callbacks", "replay").stdout == "0 notices will be tried again.\n"


def test_status_tells_what_was_not_told(site: Site, receiver: Receiver) -> None:
    """What waits for over an hour, and what is no longer tried, is late; who is told in time is not."""
    site.run("sweep")
    [made] = site.lines("callbacks", "create", receiver.url)
    site.sandbox.submit(site.students, {"message": "x"}, webhook=False)
    receiver.status = 503
    site.run("sweep", "--form", "students")
    assert site.run("status").exit_code == 0
    with closing(sqlite3.connect(site.store)) as connection, connection:
        connection.execute("UPDATE outbox SET at = at - 7200")
    told = site.run("status")
    assert told.exit_code == 1
    assert f"A verdict for {made['consumer']} has been waiting for 2 h" in told.output.replace(
        "120 min", "2 h"
    )
    with closing(sqlite3.connect(site.store)) as connection, connection:
        connection.execute("UPDATE outbox SET dead_at = at")
    assert f"1 verdict could not be delivered to {made['consumer']}" in site.run("status").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["http://site.example/"], "https://"),
        (["https://10.0.0.1/"], "--private"),
        (["nonsense"], "it must be an address"),
    ],
)
def test_addresses_that_cannot_be_used(site: Site, arguments: list[str], said: str) -> None:
    """They are misuse, told in a sentence, and nothing is created."""
    result = site.run("callbacks", "create", *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert site.lines("callbacks", "list") == []


def test_an_unknown_form_is_refused(site: Site) -> None:
    """Before anything is created."""
    result = site.run("callbacks", "create", "https://site.example/", "--form", "nobody")
    assert result.exit_code != 0
    assert "nobody" in result.output
    assert site.lines("callbacks", "list") == []
