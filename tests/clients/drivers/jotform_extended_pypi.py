"""PyPI `jotform-extended`."""

import json

from driving import ADDRESS, FOREIGN, FORM, IDS, KEY, answers, drive, successful
from jotformextended import JotformExtendedClient

client = JotformExtendedClient(KEY)
client._JotformExtendedClient__base_url = ADDRESS

drive(
    {
        "account": lambda: successful(client.get_user())["status"],
        "forms": lambda: [form["id"] for form in successful(client.get_user_forms())],
        "form": lambda: successful(client.get_form(FORM))["title"],
        "questions": lambda: sorted(successful(client.get_form_fields(FORM))),
        "submissions": lambda: [row["id"] for row in successful(client.get_form_submissions(FORM))],
        "all submissions": lambda: [row["id"] for row in successful(client.get_user_submissions())],
        "newer": lambda: [
            row["id"]
            for row in successful(client.get_form_submissions(FORM, filter=json.dumps({"id:gt": IDS[0]})))
        ],
        "submission": lambda: answers(successful(client.get_submission(IDS[0]))),
        "folders": lambda: successful(client.get_user_folders())["subfolders"],
        "reports": lambda: successful(client.get_user_reports()),
        "history": lambda: [event["type"] for event in successful(client.get_user_history())],
        "foreign": lambda: successful(client.get_form(FOREIGN)),
        "write": lambda: len([successful(client.create_submission(FORM, {"submission[4]": "7c"}))]),
    }
)
