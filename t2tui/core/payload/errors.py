"""Errors of payload files, with what to do about them."""

import errno
from pathlib import Path

from t2tui.core.outputs import OutputError

ELSEWHERE = "choose another folder with PLDUMP_FOLDER (ftpDecode: FTP_F_PATH)"

SHOWN = 3
"""Names of foreign files that a message lists."""

ADVICE = {
    errno.ENOSPC: f"free some space or {ELSEWHERE}",
    errno.EDQUOT: f"free some space or {ELSEWHERE}",
    errno.EFBIG: "the file system or a limit (ulimit -f) allows no such file: see PLDUMP_MAX_BYTES and "
    f"PLDUMP_MAX_HOLE, or {ELSEWHERE}",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "too many files are open in the system",
    errno.ENOENT: "something removed it during the run",
}


def payload_error(path: Path, error: OSError) -> OutputError:
    """Make the error of a system error."""
    advice = ADVICE.get(error.errno or 0, ELSEWHERE)
    return OutputError(f"'{path}'", f"{error.strerror or error}; {advice}", error.errno)


def refusal(path: Path, reason: str) -> OutputError:
    """Make the error of a folder that is not used."""
    return OutputError(f"payloads to '{path}'", reason)


def holding_foreign(path: Path, names: list[str]) -> OutputError:
    """Make the error of a folder that holds what was not written here."""
    shown = ", ".join(sorted(names)[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    return refusal(
        path,
        f"it holds files that this program did not write ({shown}); move them away, choose another folder "
        "with -D payloadDumper.PLDUMP_FOLDER=DIR, or let them stay with -D payloadDumper.PLDUMP_FOREIGN=1 "
        "(ftpDecode: FTP_F_PATH, FTP_FOREIGN)",
    )
