"""Folders, and the labels that took their place: one tree for each account, with forms in it, under two names."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import contents
from .calls import BadInput, Call
from .reads import Content
from .world import World

Write = tuple[str, Callable[[Call], object]]


@dataclass(slots=True, kw_only=True)
class Folder:
    """One folder, or one label."""

    folder_id: str
    name: str
    color: str = ""
    #: The id of the one that it lies in; only the account's root lies in none.
    parent: str = ""
    form_ids: list[str] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)

    def all(self) -> list[Folder]:
        """Return this one and all that lie in it."""
        return [self, *(each for inner in self.folders for each in inner.all())]


class Folders:
    """The folders of every account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._roots: dict[str, Folder] = {}
        self.reads: Mapping[str, Callable[[Call], Content | None]] = {
            "user-folders": lambda call: (self._kept(call, "get-user-labels", self._root), None),
            "folder-id": lambda call: (self._kept(call, "get-label-id", self._one), None),
            "user-labels": lambda call: (self._label(self._tree_root(call), "sublabels"), None),
            "label-id": lambda call: (self._label(self._found(call), ""), None),
            "label-id-resources": lambda call: (self._forms(call, self._found(call)), None),
        }
        self.writes: Mapping[tuple[str, str], Write] = {
            ("POST", "folder"): ("create folder", lambda call: self._kept(call, "post-label", self._make)),
            ("POST", "folder-id"): ("edit folder", lambda call: self._kept(call, "post-label", self._change)),
            ("PUT", "folder-id"): ("edit folder", lambda call: self._kept(call, "post-label", self._change)),
            ("DELETE", "folder-id"): (
                "delete folder",
                lambda call: self._kept(call, "delete-label-id", self._remove),
            ),
            ("POST", "label"): ("create label", lambda call: self._label(self._made(call), "")),
            ("PUT", "label-id"): ("edit label", lambda call: self._label(self._changed(call), "")),
            ("PUT", "label-id-add-resources"): ("edit label", self._add_resources),
            ("PUT", "label-id-remove-resources"): ("edit label", self._remove_resources),
            ("DELETE", "label-id"): ("delete label", self._remove_label),
        }

    def _kept(self, call: Call, instead: str, handler: Callable[[Call], object]) -> object:
        """Serve a call about folders, or refuse it with the words that were recorded since there are labels."""
        if self._world.oddities.folders_are_gone:
            raise BadInput(
                "This endpoint is deprecated. Please refer to the Label feature endpoints. "
                f"More information is available at: https://api.jotform.com/docs/#{instead}"
            )
        return handler(call)

    def _tree_root(self, call: Call) -> Folder:
        name = call.account.username
        return self._roots.setdefault(name, Folder(folder_id=_new_id(), name="root"))

    def _found(self, call: Call) -> Folder:
        for folder in self._tree_root(call).all():
            if folder.folder_id == call.key:
                return folder
        raise BadInput(f"There is no folder {call.key}")

    def _root(self, call: Call) -> object:
        return self._content(call, self._tree_root(call))

    def _one(self, call: Call) -> object:
        # A folder that does not exist was seen to be an empty one.
        known = call.key in {each.folder_id for each in self._tree_root(call).all()}
        return self._content(call, self._found(call)) if known else []

    def _make(self, call: Call) -> object:
        return self._content(call, self._made(call))

    def _change(self, call: Call) -> object:
        return self._content(call, self._changed(call))

    def _remove(self, call: Call) -> object:
        self._take_out(call)
        return "Folder deleted successfully"

    def _made(self, call: Call) -> Folder:
        asked = _wish(call)
        root = self._tree_root(call)
        parents = {each.folder_id: each for each in root.all()}
        parent = parents.get(str(asked.get("parent", "")), root)
        folder = Folder(
            folder_id=_new_id(),
            name=str(asked.get("name", "New Folder")),
            color=str(asked.get("color", "#FFFFFF")),
            parent=parent.folder_id,
        )
        parent.folders.append(folder)
        return folder

    def _changed(self, call: Call) -> Folder:
        folder, asked = self._found(call), _wish(call)
        folder.name = str(asked.get("name", folder.name))
        folder.color = str(asked.get("color", folder.color))
        forms = asked.get("forms", [])
        if isinstance(forms, list):
            self._put_in(call, folder, [str(each) for each in forms])
        return folder

    def _put_in(self, call: Call, folder: Folder, form_ids: list[str]) -> None:
        own = {form.form_id for form in self._world.forms_of(call.account)}
        folder.form_ids += [each for each in form_ids if each in own and each not in folder.form_ids]

    def _take_out(self, call: Call) -> None:
        gone = self._found(call)
        for folder in self._tree_root(call).all():
            if gone in folder.folders:
                folder.folders.remove(gone)

    def _add_resources(self, call: Call) -> object:
        resources = _resources(call)
        self._put_in(call, self._found(call), [str(each.get("id", "")) for each in resources])
        return resources

    def _remove_resources(self, call: Call) -> object:
        folder, resources = self._found(call), _resources(call)
        gone = {str(each.get("id", "")) for each in resources}
        folder.form_ids = [each for each in folder.form_ids if each not in gone]
        return resources

    def _remove_label(self, call: Call) -> object:
        self._take_out(call)
        return True

    def _forms(self, call: Call, folder: Folder) -> list[object]:
        forms = (self._world.forms[each] for each in folder.form_ids)
        return [contents.form(self._world, form, call.base) for form in forms]

    def _content(self, call: Call, folder: Folder) -> dict[str, object]:
        forms = {
            each: contents.form(self._world, self._world.forms[each], call.base) for each in folder.form_ids
        }
        return {
            "id": folder.folder_id,
            "path": f"{call.account.username}/{folder.name}" if folder.parent else call.account.username,
            "owner": call.account.username,
            "name": folder.name,
            "parent": folder.parent,
            "color": folder.color,
            "forms": self._world.php_map(forms),
            "subfolders": [self._content(call, inner) for inner in folder.folders],
        }

    def _label(self, folder: Folder, inner: str) -> dict[str, object]:
        content: dict[str, object] = {"id": folder.folder_id, "name": folder.name, "color": folder.color}
        if inner:
            content[inner] = [self._label(each, inner) for each in folder.folders]
        return content


def _new_id() -> str:
    return secrets.token_hex(12)


def _wish(call: Call) -> dict[str, object]:
    """Return what a call asks for, as JSON or as fields."""
    body = call.request.get_json(force=True, silent=True)
    return body if isinstance(body, dict) else dict(call.sent())


def _resources(call: Call) -> list[dict[str, object]]:
    body = call.sent_json()
    held = body.get("resources") if isinstance(body, dict) else None
    if not isinstance(held, list) or not all(isinstance(each, dict) for each in held):
        raise BadInput("resources must be a list of objects with id and type")
    return held
