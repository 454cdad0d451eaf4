from datetime import timedelta

import pytest

from greenroom_envs.mail import app
from greenroom_envs.mail.mailbox import owner
from greenroom_envs.mail.settling import first_password
from support.mailbox import Mailbox


@pytest.fixture
def address(mailbox: Mailbox) -> str:
    with mailbox.world.transaction("world"):
        return owner(mailbox.world).address


def test_settings_need_a_session_and_sessions_end(mailbox: Mailbox, address: str) -> None:
    assert mailbox.refusal("edit_profile", phone="555")[0] == "not_signed_in"
    assert mailbox.call("sign_in", address=address, password=first_password(address))["signed_in"] is True
    assert mailbox.call("edit_profile", phone="555")["phone"] == "555"
    assert mailbox.refusal("edit_profile", time_zone="Mars")[0] == "no_such_zone"
    app.pass_time(mailbox.world, timedelta(minutes=31))
    assert mailbox.refusal("edit_profile", phone="556")[0] == "session_expired"
    mailbox.call("sign_in", address=address, password=first_password(address))
    mailbox.call("sign_out")
    assert mailbox.refusal("edit_profile", phone="556")[0] == "session_expired"


def test_another_persons_account_is_refused(mailbox: Mailbox) -> None:
    assert mailbox.refusal("sign_in", address="other@example.org", password="x")[0] == "others_account"


def test_five_wrong_passwords_lock_for_an_hour(mailbox: Mailbox, address: str) -> None:
    left = [mailbox.call("sign_in", address=address, password="wrong")["tries_left"] for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    assert mailbox.refusal("sign_in", address=address, password=first_password(address))[0] == "locked"
    app.pass_time(mailbox.world, timedelta(hours=1))
    assert mailbox.call("sign_in", address=address, password=first_password(address))["signed_in"] is True


def test_a_forgotten_password_is_replaced_by_a_code_that_comes_by_mail(mailbox: Mailbox, address: str) -> None:
    mailbox.call("request_reset")
    (hit,) = mailbox.call("search", query="reset code")["hits"]
    code = mailbox.call("read", message_id=hit["id"])["body"].split()[3].strip(".")
    assert mailbox.refusal("reset_password", code=code, password="short")[0] == "weak_password"
    assert mailbox.call("reset_password", code=code, password="long enough")["changed"] is True
    assert mailbox.refusal("reset_password", code=code, password="another one")[0] == "no_code"
    assert mailbox.call("sign_in", address=address, password="long enough")["signed_in"] is True


def test_codes_expire_and_are_few(mailbox: Mailbox) -> None:
    for _ in range(3):
        mailbox.call("request_reset")
    app.pass_time(mailbox.world, timedelta(minutes=1))
    assert mailbox.refusal("request_reset")[0] == "too_many_codes"
    app.pass_time(mailbox.world, timedelta(minutes=11))
    assert mailbox.refusal("reset_password", code="000000", password="long enough")[0] == "code_expired"
