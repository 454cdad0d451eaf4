import os
import subprocess
import sys
from dataclasses import replace

from greenroom.containers.owner import Owner


def test_an_owner_is_read_as_it_was_written() -> None:
    owner = replace(Owner.this(), host="a-host/with.dots")
    assert Owner.parse(str(owner)) == replace(owner, started=round(owner.started, 2))


def test_other_labels_are_no_owner() -> None:
    assert [Owner.parse(text) for text in ("", "7", "x/1.0/boot/host", "7/then/boot/host", "-7/1/b/h")] == [None] * 5


def test_this_process_lives_and_owns() -> None:
    owner = Owner.parse(str(Owner.this()))
    assert owner is not None and owner.pid == os.getpid() and owner.lives


def test_a_process_that_has_ended_lives_no_more() -> None:
    code = "from greenroom.containers.owner import Owner; print(Owner.this())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    owner = Owner.parse(told)
    assert owner is not None and not owner.lives


def test_a_later_process_of_the_same_number_is_another() -> None:
    this = Owner.this()
    assert not replace(this, started=this.started - 60).lives
    assert not replace(this, boot="before").lives


def test_nobody_can_tell_whether_a_process_elsewhere_lives() -> None:
    assert replace(Owner.this(), host="elsewhere", boot="other", pid=1 << 22).lives
