from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from greenroom_envs.mail import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.mailbox import owner
from greenroom_envs.mail.models import CalendarEvent
from greenroom_envs.mail.settling import first_password
from support.mailbox import Mailbox

NEW_YORK = Clock(ZoneInfo("America/New_York"), datetime(2026, 3, 2, 2, 0))


def test_the_user_has_another_day_than_the_world_at_night() -> None:
    assert NEW_YORK.today.isoformat() == "2026-03-01"
    assert NEW_YORK.short(datetime(2026, 1, 1, 3, 0)) == "31 Dec 2025"


def test_summer_and_winter_have_different_hours() -> None:
    assert NEW_YORK.read("2026-01-14", "10:30") == datetime(2026, 1, 14, 15, 30)
    assert NEW_YORK.read("2026-07-14", "10:30") == datetime(2026, 7, 14, 14, 30)
    assert NEW_YORK.shown(datetime(2026, 7, 14, 14, 30)) == "14 July 2026 10:30"


@pytest.fixture
def abroad(mailbox: Mailbox) -> Mailbox:
    with mailbox.world.transaction("world"):
        address = owner(mailbox.world).address
    mailbox.call("sign_in", address=address, password=first_password(address))
    mailbox.call("edit_profile", time_zone="America/New_York")
    return mailbox


def test_tools_speak_and_understand_the_time_of_the_profile(abroad: Mailbox) -> None:
    added = abroad.call("add_event", title="dinner", date="14 March", time="21:30")
    assert added["at"] == "14 March 2026 21:30"
    with abroad.world.transaction("world") as session:
        assert session.query(CalendarEvent.starts_at).filter_by(title="dinner").scalar() == datetime(2026, 3, 15, 1, 30)
    assert [e["at"] for e in abroad.call("list_events", date="14 March") if e["event"] == "dinner"] == [added["at"]]
    assert (
        abroad.refusal("send_later", to=["a@b.com"], subject="a", body="b", date="2026-03-02", time="3:59")[0] == "past"
    )
    later = abroad.call("send_later", to=["a@b.com"], subject="a", body="b", date="2026-03-02", time="5:00")
    assert later["at"] == "2 March 2026 05:00"
    app.pass_time(abroad.world, datetime(2026, 3, 2, 10, 1) - datetime(2026, 3, 2, 9, 0))
    assert abroad.call("find_messages", query="to:a@b.com in:sent")["hits"]
