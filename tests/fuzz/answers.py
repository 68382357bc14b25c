"""What comes back from JotForm's API: bytes, headers, JSON, rows, answers and times."""

from __future__ import annotations

from contextlib import ExitStack, closing

from tests import test_answer_types, test_answers, test_spelling, test_submissions
from tests.door import test_links
from tests.fuzz.properties import Property, broken_by
from tests.jotform import test_envelope, test_payloads, test_times, test_transport
from tests.jotform.conftest import Clients, StillClock
from tests.raw_server import RawServer, running


def properties(held: ExitStack) -> list[Property]:
    """Return what to try; *held* keeps a server that answers as it is told, and the clients that ask it."""
    clients, raw_server = (
        held.enter_context(closing(Clients(StillClock()))),
        held.enter_context(running(RawServer())),
    )
    return [
        broken_by(test_envelope.test_any_bytes_give_an_answer_or_a_problem),
        broken_by(test_envelope.test_a_quoted_message_is_short_and_printable),
        broken_by(test_payloads.test_any_json_is_a_record_or_malformed),
        broken_by(test_payloads.test_any_row_is_a_submission_with_digits_for_ids_or_none),
        broken_by(test_times.test_any_text_gives_readings_or_none),
        broken_by(test_answers.test_whatever_came_back_can_be_kept),
        broken_by(test_answer_types.test_any_answer_of_any_type_has_a_text),
        broken_by(test_spelling.test_any_text_is_read),
        broken_by(test_submissions.test_any_answer_can_be_examined),
        broken_by(test_links.test_any_answer_gives_a_link_or_none),
        broken_by(
            test_transport.test_any_answer_gives_a_record_or_the_one_error,
            clients=clients,
            raw_server=raw_server,
        ),
    ]
