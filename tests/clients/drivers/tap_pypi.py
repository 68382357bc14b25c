"""PyPI `tap-jotform`: its command writes the records of selected streams, as a Singer target reads them."""

import json
import subprocess
import sys
from functools import lru_cache

from driving import ADDRESS, IDS, KEY, drive

SETTINGS = {"api_key": KEY, "api_url": ADDRESS}
STREAMS = ("forms", "questions", "submissions", "reports", "user_history", "folders")


def command(*arguments):
    with open("config.json", "w", encoding="utf-8") as file:
        json.dump(SETTINGS, file)
    whole = [sys.executable, "-m", "tap_jotform", "--config", "config.json", *arguments]
    done = subprocess.run(whole, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout


@lru_cache
def records(*streams):
    """Return what a run of these streams writes, by stream."""
    catalogue = json.loads(command("--discover"))
    for stream in catalogue["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = stream["tap_stream_id"] in streams
    with open("catalogue.json", "w", encoding="utf-8") as file:
        json.dump(catalogue, file)
    messages = map(json.loads, command("--catalog", "catalogue.json").splitlines())
    rows = [message for message in messages if message["type"] == "RECORD"]
    return {name: [row["record"] for row in rows if row["stream"] == name] for name in streams}


def of(stream):
    return records(*STREAMS[:-1])[stream]


def submission():
    [row] = [row for row in of("submissions") if row["id"] == IDS[0]]
    return {one["qid"]: one["answer_object"] for one in row["answers"] if one.get("answer") is not None}


drive(
    {
        "forms": lambda: [row["id"] for row in of("forms")],
        "questions": lambda: sorted(row["qid"] for row in of("questions")),
        "all submissions": lambda: [row["id"] for row in of("submissions")],
        "submission": submission,
        "folders": lambda: [inner for row in records("folders")["folders"] for inner in row["subfolders"]],
        "reports": lambda: of("reports"),
        "history": lambda: [row["type"] for row in of("user_history")],
    }
)
