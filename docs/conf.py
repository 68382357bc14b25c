"""How Sphinx builds the documentation: `make check` does it with every warning an error."""

import importlib.metadata

project = "jotgate"
author = "The jotgate authors"
copyright = "2026, The jotgate authors"
release = importlib.metadata.version("jotgate")

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "jotgate"
html_static_path = ["_static"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
# References within jotgate must lead somewhere. Those to other packages would need their inventories, and the
# documentation is built without a network. Type variables, and the type of a decorator, have no place of
# their own.
nitpick_ignore_regex = [(r"py:.*", r"(?!jotgate\b).*"), (r"py:.*", r"jotgate\..*\b([A-Z]|_Guarding)")]
