"""What setuptools does for jotgate besides what setup.cfg says: it compiles the translations."""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent))

from catalogues import compile_all


class BuildWithTranslations(build_py):
    """Compile the translations, then build."""

    def run(self) -> None:
        compile_all()
        super().run()


setup(cmdclass={"build_py": BuildWithTranslations})
