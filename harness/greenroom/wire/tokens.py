"""Tokens of the control plane: where they come from, and which are none."""

import hmac
import logging
import os
import secrets
from itertools import pairwise
from pathlib import Path

from greenroom.errors import UsageError

log = logging.getLogger("greenroom.wire")
VARIABLE = "GREENROOM_TOKEN"
FILE = "token"
SHORTEST = 16
DISTINCT = 10
"""So many different characters has a token at least."""
RUN = 6
"""So many characters that follow one another, as in 123456 or fedcba, are nobody's chance."""
PLACEHOLDERS = (
    "changeme",
    "changeit",
    "secret",
    "password",
    "passw0rd",
    "placeholder",
    "example",
    "token",
    "default",
    "replaceme",
    "goeshere",
    "apikey",
    "greenroom",
    "insert",
    "please",
    "yourkey",
    "random",
)
"""No token holds one of these, whatever stands between its letters."""


def check(token: str, variable: str = VARIABLE) -> str:
    """A token that is one.

    Args:
        token: The token.
        variable: Where it is to be set.

    Raises:
        UsageError: It is short, a placeholder, or no plain text.
    """
    how = f"take a random one, such as: python3 -c 'import secrets; print(secrets.token_urlsafe(32))' (in {variable})"
    if len(token) < SHORTEST:
        raise UsageError(f"the token has {len(token)} characters; {SHORTEST} is the least: {how}")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(f"the token holds characters that cannot be sent in a header: {how}")
    plain = token.lower()
    letters = "".join(character for character in plain if character.isalnum())
    if any(word in letters for word in PLACEHOLDERS) or _counts(plain) or len(set(token)) < DISTINCT:
        raise UsageError(f"the token looks like a placeholder (a word, a row of characters, few of them): {how}")
    return token


def _counts(text: str) -> bool:
    """Whether characters follow one another in a row, up or down."""
    steps = [ord(b) - ord(a) for a, b in pairwise(text)]
    return any(
        steps[start : start + RUN - 1] in ([1] * (RUN - 1), [-1] * (RUN - 1)) for start in range(len(steps) - RUN + 2)
    )


def equal(given: str, known: str) -> bool:
    """Whether two tokens are the same, in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())


def serving(folder: Path, file: Path | None) -> str:
    """The token that a server demands: of the file, of the environment, or a new one kept in its private folder.

    Raises:
        UsageError: It is none, or no token was given, and the folder is open to others or another user's.
    """
    if file is not None:
        warn_of_readers(file)
        return check(_read(file))
    if given := os.environ.get(VARIABLE):
        return check(given, f"{VARIABLE}, or where compose takes it from: compose/.env, {VARIABLE}_MAIL of mail")
    _check_owner(folder)
    if folder.stat().st_mode & 0o077:
        raise UsageError(f"{folder} is open to others: `chmod 700` it, or give a token in {VARIABLE}")
    path = folder / FILE
    if path.is_file() and not path.is_symlink():
        _check_owner(path)
    if path.is_file() and not path.is_symlink() and not path.stat().st_mode & 0o077:
        return check(_read(path))  # Clients of the server that was here before know it.
    path.unlink(missing_ok=True)
    token = made()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(token + "\n")
    return token


def warn_of_readers(file: Path) -> None:
    """Warn of a file with a token that others may read."""
    if file.is_file() and file.stat().st_mode & 0o004:
        log.warning("the token in %s can be read by everybody on this machine: `chmod 600` it", file)


def _check_owner(path: Path) -> None:
    """Whoever owns a token, or the folder that it is in, knows it: root reads everybody's, and must not take theirs."""
    owner, own = path.stat().st_uid, os.geteuid()
    if owner != own:
        raise UsageError(
            f"{path} belongs to user {owner}, who would know the token, and this runs as user {own}: "
            f"remove it, take another folder, or give a token in {VARIABLE}"
        )


def made() -> str:
    """A new token; one in a million holds a placeholder's word by chance."""
    while True:
        try:
            return check(secrets.token_urlsafe(32))
        except UsageError:
            continue


def asking(folder: Path | None) -> str:
    """The token that a client shows: of the environment, or of the server's folder.

    Raises:
        UsageError: There is none, or not even a server in that folder.
    """
    if given := os.environ.get(VARIABLE):
        return given
    if folder is not None and (folder / FILE).exists():
        return _read(folder / FILE)
    if folder is not None and not any(folder.glob("*.sock")):
        what = f"there is no server in folder '{folder}'" if folder.is_dir() else f"there is no folder '{folder}'"
        raise UsageError(f"{what}: name the one that `greenroom serve APP --dir DIR` has printed, or start one there")
    raise UsageError(f"no token: set {VARIABLE} to that of the server, or in Python pass token=")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the token cannot be read from {file}: {error}") from error
