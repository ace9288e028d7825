"""Errors of the system in one line: what failed, on which file, and what helps.

Verbs check what they can before they work; this is for what nobody can check, such as a disk that fills up.
"""

import errno

from sgns.base.files import MORE_FILES

REMEDIES = {
    errno.ENOSPC: "free space, or choose a place on another disk",
    errno.EDQUOT: "free space, or choose a place on another disk",
    **MORE_FILES,
    errno.EACCES: "check the rights of the file and its folder",
    errno.EPERM: "check the rights of the file and its folder",
    errno.EROFS: "choose a folder on a disk that can be written",
    errno.EIO: "check the disk",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EISDIR: "name a file",
    errno.ENOTDIR: "name a folder",
}
NO_TEMPORARY = "No usable temporary directory found"  # how the message of `tempfile` begins
NO_THREAD = "can't start new thread"
MORE_MEMORY = "allow this process more memory, or take fewer words or a smaller dim"


def system_error_text(error: OSError | MemoryError | RuntimeError) -> str | None:
    """One line for an error that the system raised: what failed, and a remedy. None for one that it did not raise."""
    if isinstance(error, RuntimeError):
        return f"{error}; take fewer --threads, or {MORE_MEMORY}" if str(error) == NO_THREAD else None
    if isinstance(error, MemoryError) or error.errno == errno.ENOMEM:
        detail = "" if isinstance(error, OSError) else str(error)
        return f"out of memory{f' ({detail})' if detail else ''}; {MORE_MEMORY}"
    text = error.strerror or str(error) or type(error).__name__
    if text.startswith(NO_TEMPORARY):
        return f"{text}; set TMPDIR to a folder that can be written"
    names = " -> ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    return f"{names}{': ' if names else ''}{text}; {REMEDIES.get(error.errno or 0, 'check the path')}"
