"""From inside a container: what a program that has taken it over can and cannot do."""

import os
from collections.abc import Callable

import pytest

from greenroom.containers.container import Container
from greenroom.containers.engine import Engine
from greenroom.containers.limits import ContainerLimits
from support.containers import inside, until

pytestmark = pytest.mark.docker
Start = Callable[..., Container]

CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(errno.errorcode.get(ctypes.get_errno()) if {call} < 0 else "done")
"""
PROGRAM = """
open("{path}", "w").write("#!/bin/sh\\necho done")
os.chmod("{path}", 0o755)
os.execv("{path}", ["x"])
"""
CONNECT = """
import socket
socket.create_connection(("{host}", 80), 3)
print("done")
"""


@pytest.fixture(scope="module")
def container(start: Start) -> Container:
    return start()


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("open('/x', 'w')", "EROFS"),
        ("open('/etc/passwd', 'a')", "EROFS|EACCES"),
        ("open('/opt/greenroom/bin/python', 'ab')", "EROFS|EACCES"),
        ("open('/usr/local/share/greenroom/bases/x', 'w')", "EROFS"),
        ("open('/proc/sys/kernel/hostname', 'w')", "EROFS|EACCES"),
        ("open('/sys/kernel/uevent_helper', 'w')", "EROFS"),
        ("open('/tmp/large', 'wb').write(bytes(600 << 20))", "ENOSPC"),
        ("open('/run/greenroom/large', 'wb').write(bytes(64 << 20))", "ENOSPC"),
        (PROGRAM.format(path="/tmp/program"), "EACCES"),
        (PROGRAM.format(path="/dev/shm/program"), "EACCES"),
        (CALL.format(call="libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None)"), "EPERM"),
        (CALL.format(call="libc.umount(b'/bases')"), "EPERM"),
        (CALL.format(call="libc.unshare(0x10000000)"), "EPERM"),
        (CALL.format(call="libc.syscall(321, 0, None, 0)"), "EPERM"),
        (CONNECT.format(host="192.0.2.1"), "ENETUNREACH"),
        (CONNECT.format(host="172.17.0.1"), "ENETUNREACH"),
        ("os.setuid(0)", "EPERM"),
        ("os.setgroups([0])", "EPERM"),
        ("os.mknod('/tmp/disk', 0o60600, os.makedev(8, 0))", "EPERM"),
        ("print(os.path.exists('/var/run/docker.sock'))", "False"),
        ("print(sorted(os.listdir('/sys/class/net')))", "['lo']"),
    ],
)
def test_what_is_refused(engine: Engine, container: Container, code: str, refusal: str) -> None:
    if "/run/greenroom/large" in code and os.geteuid() != 0:
        pytest.skip("only root's run folders are file systems of their own; others count against the memory limit")
    assert inside(engine, container.name, code) in refusal.split("|")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's run folders are file systems of their own")
def test_nothing_is_run_from_the_folder_of_sockets(engine: Engine, container: Container) -> None:
    assert inside(engine, container.name, PROGRAM.format(path="/run/greenroom/program")) == "EACCES"


def test_the_kernel_holds_it_as_it_was_told_to(engine: Engine, container: Container) -> None:
    status = inside(engine, container.name, "print(open('/proc/1/status').read(), open('/proc/self/status').read())")
    lines = [line.split() for line in status.splitlines() if line.strip()]
    for name, value in (("CapEff:", "0" * 16), ("CapBnd:", "0" * 16), ("NoNewPrivs:", "1"), ("Seccomp:", "2")):
        assert [line[1] for line in lines if line[0] == name] == [value, value], name
    assert {line[1] for line in lines if line[0] == "Uid:"} == {"10001"}
    assert inside(engine, container.name, "print(os.getpgid(1), len(os.sched_getaffinity(0)) > 0)") == "1 True"


def test_its_environment_holds_nothing_of_the_host_and_no_token(engine: Engine, container: Container) -> None:
    code = """
import glob
for file in glob.glob("/proc/[0-9]*/environ"):
    print(open(file).read().replace(chr(0), chr(10)))
"""
    told = inside(engine, container.name, code)
    names = {line.partition("=")[0] for line in told.splitlines() if line.strip()}
    assert names <= {
        "PATH", "HOSTNAME", "HOME", "LANG", "LC_CTYPE", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED",
        "XDG_CACHE_HOME", "GREENROOM_BASES", "GREENROOM_APP", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE", "GPG_KEY", "PYTHON_VERSION", "PYTHON_SHA256",
    }  # fmt: skip
    assert container.token not in told
    assert container.token not in str(engine.client.api.inspect_container(container.name))


def test_a_fork_bomb_harms_nobody(engine: Engine, start: Start) -> None:
    bombed = start(pids=48)
    code = """
import time
born = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        born += 1
except BlockingIOError:
    print(born < 48)
"""
    assert inside(engine, bombed.name, code) == "True"
    assert bombed.serves()


def test_a_gigabyte_of_memory_is_not_had(engine: Engine, start: Start) -> None:
    small = start(memory="400m", scratch="1g")
    killed = engine.client.containers.get(small.name).exec_run(["python3", "-c", "x = b'x' * (1 << 30)"])
    assert killed.exit_code == 137
    # What lies in /tmp is memory too.
    filling = "f = open('/tmp/x', 'wb')\nfor _ in range(1024): f.write(bytes(1 << 20))"
    killed = engine.client.containers.get(small.name).exec_run(["python3", "-c", filling])
    assert killed.exit_code == 137 or not small.runs()


def test_files_are_few(engine: Engine, start: Start) -> None:
    small = start(files=256)
    assert inside(engine, small.name, "print(len([os.open('/dev/null', 0) for _ in range(300)]))") == "EMFILE"


def test_containers_see_nothing_of_each_other(engine: Engine, container: Container, start: Start) -> None:
    other = start()
    assert inside(engine, other.name, "open('/tmp/secret', 'w').write('mine'); print('done')") == "done"
    assert inside(engine, container.name, "print(os.path.exists('/tmp/secret'))") == "False"
    mine = "print(sorted(name for name in os.listdir('/run/greenroom') if '.sock' in name))"
    assert inside(engine, container.name, mine) == "['agent.sock', 'control.sock']"
    # Sockets of the other are nowhere in its file system, and its processes are not seen.
    own = inside(engine, container.name, "print(len([p for p in os.listdir('/proc') if p.isdigit()]))")
    assert int(own) <= 4
    outside = other.address.removeprefix("unix:")
    assert inside(engine, container.name, f"print(os.path.exists({outside!r}))") == "False"


def test_limits_are_what_the_engine_was_told(engine: Engine, container: Container) -> None:
    config = engine.client.api.inspect_container(container.name)["HostConfig"]
    limits = ContainerLimits()
    assert config["PidsLimit"] == limits.pids
    assert config["Memory"] == config["MemorySwap"] == 1 << 30
    assert config["NanoCpus"] == limits.cpus * 1e9
    assert config["NetworkMode"] == "none" and config["ReadonlyRootfs"] and config["CapDrop"] == ["ALL"]
    assert not config["Privileged"] and config["IpcMode"] == "private" and config["PidMode"] == ""


def test_its_log_cannot_fill_the_disk(engine: Engine, container: Container) -> None:
    config = engine.client.api.inspect_container(container.name)["HostConfig"]["LogConfig"]
    assert config["Config"] == {"max-size": "4m", "max-file": "2"}
    until(container.serves)
