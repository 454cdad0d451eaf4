"""The wire: apps served to other processes and machines, and the client that makes a sandbox of what is served."""

from greenroom.errors import MissingExtraError

try:
    import orjson as _orjson
    import websockets as _websockets
except ImportError:
    raise MissingExtraError("the wire", "serve") from None

del _orjson, _websockets
