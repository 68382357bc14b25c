"""Settings out of mappings and files, and the hosts and shares that operators write."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import test_hosts
from tests.config import test_any_settings
from tests.fuzz.properties import Property, broken_by
from tests.mirroring import test_scoped_keys


class _Folder:
    """What the test wants of pytest's `tmp_path_factory`."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def getbasetemp(self) -> Path:
        return self.path


def properties(held: ExitStack) -> list[Property]:
    """Return what to try; *held* keeps a folder."""
    folder = _Folder(held.enter_context(TemporaryDirectory()))
    return [
        broken_by(test_any_settings.test_any_mapping_gives_settings_or_the_one_error),
        broken_by(test_any_settings.test_any_file_gives_settings_or_the_one_error, tmp_path_factory=folder),
        broken_by(test_hosts.test_every_api_base_is_of_an_allowed_shape),
        broken_by(test_scoped_keys.test_any_text_is_a_share_or_refused),
    ]
