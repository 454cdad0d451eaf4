import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom import errors
from greenroom.errors import GreenroomError, SandboxBusyError, SandboxLostError, UnknownNameError, UsageError
from greenroom.wire import failures
from greenroom.wire.address import Address
from greenroom.wire.protocol import Limits, WorldSpec, decode, encode
from greenroom.wire.replay import Replay

TREE = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, GreenroomError)]


def test_every_error_of_greenroom_has_a_code() -> None:
    assert set(failures.CODES.values()) == set(TREE) - {GreenroomError}
    assert all(failures.CODES[cls.__name__] is cls for cls in failures.CODES.values())


@pytest.mark.parametrize("cls", sorted(failures.CODES.values(), key=lambda cls: cls.__name__))
def test_an_error_crosses_as_itself(cls: type[GreenroomError]) -> None:
    error = cls.__new__(cls)
    Exception.__init__(error, "the message")
    error.__dict__["retry_after"] = 3.5
    there = failures.from_wire(decode(encode(failures.to_wire(error))))
    assert type(there) is cls and str(there) == "the message"
    if cls is SandboxBusyError:
        assert there.__dict__["retry_after"] == 3.5


def test_what_is_no_error_of_greenroom_crosses_as_the_nearest() -> None:
    class OwnError(UnknownNameError):
        pass

    assert failures.to_wire(OwnError("pet", "cta", ["cat"]))["code"] == "UnknownNameError"
    assert failures.to_wire(ValueError("x")) == {"code": "SandboxError", "message": "ValueError: x"}
    assert type(failures.from_wire({"code": "SystemExit", "message": "x"})) is errors.SandboxError
    assert type(failures.from_wire(None)) is errors.WireError
    assert len(failures.to_wire(UsageError("x" * 10_000))["message"]) == failures.LONGEST


json_data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Lone surrogates too: models write them.
    | st.text(st.characters())
    | st.just("\ud800x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(json_data)
def test_what_is_sent_is_what_arrives(data: object) -> None:
    found = decode(encode({"data": data}))["data"]
    assert found == data or isinstance(data, int | float) or _has_large(data)


def _has_large(data: object) -> bool:
    """orjson reads whole numbers of more than 64 bits as floats; greenroom sends none."""
    if isinstance(data, int):
        return not -(1 << 63) <= data < 1 << 64
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return any(_has_large(one) for one in inner)


@given(st.binary() | st.text().map(lambda text: text.encode()))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        assert isinstance(decode(data), dict)
    except UsageError as error:
        assert "JSON" in str(error)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 5000, '"\\ud800' + "[" * 100_000])
def test_deep_messages_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        decode(text)


def test_a_world_spec_crosses_and_nothing_else_does() -> None:
    spec = WorldSpec(size="medium", seed=-3, faults="hostile", fault_seed=9, all_tools=True)
    assert WorldSpec.from_json(decode(encode(spec))) == spec
    for bad in (7, None, [], {"sise": 1}, {"seed": "1"}, {"seed": 1.0}, {"all_tools": 1}):
        with pytest.raises(UsageError):
            WorldSpec.from_json(bad)


def test_a_repeated_request_gets_its_first_answer_and_runs_nothing() -> None:
    replay = Replay(Limits(replays=2))
    assert replay.take(1, "a") == (True, None)
    assert replay.take(1, "a") == (False, None)
    replay.keep(1, b"answer")
    assert replay.take(1, "a") == (False, b"answer")
    with pytest.raises(UsageError, match="for another request"):
        replay.take(1, "b")


def test_answers_that_are_forgotten_are_never_made_again() -> None:
    replay = Replay(Limits(replays=2))
    for number in range(1, 5):
        assert replay.take(number, "x")[0]
        replay.keep(number, b"answer")
    assert replay.take(4, "x") == (False, b"answer")
    with pytest.raises(SandboxLostError, match="ids grow"):
        replay.take(1, "x")


def test_answers_are_kept_within_their_bytes() -> None:
    replay = Replay(Limits(replay_bytes=100))
    for number in range(1, 20):
        replay.take(number, "x")
        replay.keep(number, b"y" * 40)
    assert replay._bytes <= 100 and len(replay._kept) == 2


def test_what_a_client_has_read_is_forgotten_and_never_made_again() -> None:
    replay = Replay(Limits())
    for number in range(1, 6):
        replay.take(number, "x")
        if number != 2:
            replay.keep(number, b"answer")
    replay.read(3)
    replay.keep(2, b"late")  # Nobody waits for it any more.
    assert replay._bytes == 2 * len(b"answer") and list(replay._kept) == [4, 5]
    assert replay.take(4, "x") == (False, b"answer")
    for number in (1, 2, 3):
        with pytest.raises(SandboxLostError, match="ids grow"):
            replay.take(number, "x")
    replay.read(1 << 53)
    assert replay._bytes == 0 and replay.take(6, "x") == (True, None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("unix:/run/g", "unix:/run/g/control.sock"),
        ("unix:/run/g/control.2.sock", "unix:/run/g/control.2.sock"),
        ("ws://127.0.0.1:8750", "ws://127.0.0.1:8750"),
        ("ws://[::1]:8750/mail/1/", "ws://::1:8750/mail/1"),
    ],
)
def test_addresses_are_read(text: str, shown: str) -> None:
    assert str(Address.parse(text)) == shown


@pytest.mark.parametrize("text", ["", "unix:", "/run/g", "ws://host", "https://host:1", "ws://h:99999", "ws://:80"])
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no address of a server"):
        Address.parse(text)


def test_the_address_of_another_worker_is_never_another_machine() -> None:
    here = Address.parse("unix:/run/g")
    assert str(here.worker({"control": "../../etc/evil.sock"})) == "unix:/run/g/evil.sock"
    assert Address.parse("ws://127.0.0.1:1").worker({"control": "x", "control_port": 7}).host == "127.0.0.1"
