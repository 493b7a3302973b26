"""The labels that the settings ask for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from t2tui.core.labels.databases import Databases
from t2tui.core.labels.maxmind import Database, Kind
from t2tui.core.labels.ranges import LabelError
from t2tui.core.labels.table import Labels, builtin_prefixes
from t2tui.core.labels.textfile import read_labels


def chosen_labels(settings: Mapping[str, Any]) -> Labels:
    """Return the labels of a run.

    Args:
        settings: those of the engine; LABEL_FILE, LABEL_COUNTRY_DB and LABEL_ORG_DB are read.

    Raises:
        LabelError: a file or database cannot be used; the message says which, why, and where in it.
    """
    file, country, organisation = (
        _path(settings[name]) for name in ("LABEL_FILE", "LABEL_COUNTRY_DB", "LABEL_ORG_DB")
    )
    if file is None and country is None and organisation is None:
        return Labels.builtin()
    own = read_labels(file) if file else []
    labels = Labels(builtin_prefixes(), own)
    labels.files += [path for path in (file, country, organisation) if path]
    if file:
        labels.notes.append(f"Labels of '{file}': {len(own)} ranges")
    if country or organisation:
        opened = _open(labels, country, "country"), _open(labels, organisation, "organisation")
        labels.databases = Databases(labels, *opened)
    return labels


def _path(setting: str) -> Path | None:
    try:
        return Path(setting).expanduser() if setting else None
    except RuntimeError as error:
        raise LabelError(f"'{setting}': {error}") from error


def _open(labels: Labels, path: Path | None, kind: Kind) -> Database | None:
    if path is None:
        return None
    database = Database(path, kind)
    labels.notes.append(f"Labels of '{path}': {kind} by {database.note}")
    return database
