"""The office: the pages of who looks after the site. Nothing here is loaded for a visitor."""

from jotgate.door.office.entering import office

__all__ = ["office"]
