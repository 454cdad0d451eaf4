import logging
import os
from pathlib import Path

import pytest

from greenroom.errors import UsageError
from greenroom.wire import tokens

GOOD = "kM3v9xQ2pL7rT5wZ8bN4"


@pytest.mark.parametrize(
    "token",
    [
        *("", "short", "changeme", "changeme-changeme-changeme", "secret-secret-secret", "<your-token-here>", "x" * 40),
        *("1234567890123456", "0123456789abcdef", "greenroomgreenroom", "passw0rdpassw0rdpassw0rd", "aabbccddeeffgghh"),
        *("replace-me-with-a-random-string", "your-api-key-goes-here", "changeme-changeme-please-change-it"),
        *("CHANGE_ME_PLEASE", "password12345678", "with spaces in it all", "ünïcödé-ünïcödé-x", "new\nline-0123456789"),
    ],
)
def test_placeholders_are_refused(token: str) -> None:
    with pytest.raises(UsageError, match="token"):
        tokens.check(token)


def test_a_server_makes_a_token_in_its_private_folder_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(tokens.VARIABLE, raising=False)
    tmp_path.chmod(0o700)
    first = tokens.serving(tmp_path, None)
    assert tokens.check(first) == tokens.serving(tmp_path, None) == tokens.asking(tmp_path)
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    (tmp_path / "token").chmod(0o644)
    assert tokens.serving(tmp_path, None) != first


def test_a_folder_that_is_open_to_others_needs_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(tokens.VARIABLE, raising=False)
    tmp_path.chmod(0o755)
    with pytest.raises(UsageError, match="open to others"):
        tokens.serving(tmp_path, None)
    monkeypatch.setenv(tokens.VARIABLE, GOOD)
    assert tokens.serving(tmp_path, None) == GOOD
    monkeypatch.setenv(tokens.VARIABLE, "changeme")
    with pytest.raises(UsageError, match=r"in GREENROOM_TOKEN, or .*compose/\.env, GREENROOM_TOKEN_MAIL"):
        tokens.serving(tmp_path, None)
    file = tmp_path / "given"
    file.write_text("a-file-wins-8Xq2Zr5Lk7\n")
    assert tokens.serving(tmp_path, file) == "a-file-wins-8Xq2Zr5Lk7"
    with pytest.raises(UsageError, match="cannot be read"):
        tokens.serving(tmp_path, tmp_path / "nothing")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize("whose", ["folder", "token"])
def test_root_takes_no_token_that_another_user_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    monkeypatch.delenv(tokens.VARIABLE, raising=False)
    tmp_path.chmod(0o700)
    known = tokens.serving(tmp_path, None)
    path = tmp_path if whose == "folder" else tmp_path / "token"
    os.chown(path, 10001, 10001)
    with pytest.raises(UsageError, match="belongs to user 10001, who would know the token, and this runs as user 0"):
        tokens.serving(tmp_path, None)
    monkeypatch.setenv(tokens.VARIABLE, GOOD)
    assert tokens.serving(tmp_path, None) == GOOD
    monkeypatch.delenv(tokens.VARIABLE)
    os.chown(path, 0, 0)
    assert tokens.serving(tmp_path, None) == known


def test_a_client_without_a_token_is_told_first_that_no_server_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(tokens.VARIABLE, raising=False)
    with pytest.raises(UsageError, match=rf"there is no folder '{tmp_path}/none': .*`greenroom serve APP --dir DIR`"):
        tokens.asking(tmp_path / "none")
    with pytest.raises(UsageError, match=f"there is no server in folder '{tmp_path}': "):
        tokens.asking(tmp_path)
    (tmp_path / "control.sock").touch()
    for folder in (tmp_path, None):
        with pytest.raises(UsageError, match="no token: set GREENROOM_TOKEN to that of the server, or in Python pass"):
            tokens.asking(folder)


def test_tokens_are_equal_when_they_are() -> None:
    assert tokens.equal(GOOD, GOOD)
    for other in (GOOD[:-1], GOOD + "x", "", "\ud800", "ü"):
        assert not tokens.equal(other, GOOD)


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, False), (0o604, True), (0o644, True)])
def test_a_token_file_that_everybody_can_read_is_warned_of_without_the_token(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warned: bool
) -> None:
    file = tmp_path / "given"
    file.write_text(GOOD)
    file.chmod(mode)
    with caplog.at_level(logging.WARNING, "greenroom.wire"):
        assert tokens.serving(tmp_path, file) == GOOD
    assert (f"the token in {file} can be read by everybody" in caplog.text) == warned
    assert GOOD not in caplog.text
