"""`greenroom serve`: apps for other processes, containers and machines."""

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from greenroom.errors import UsageError

if TYPE_CHECKING:
    from greenroom.wire.worker import WorkerSpec


def serve(
    apps: Annotated[list[str], typer.Argument(metavar="APP...", help="Installed environments (see `greenroom envs`).")],
    folder: Annotated[
        Path, typer.Option("--dir", help="Where the unix sockets are made: control.sock, agent.sock …")
    ] = Path("runs/serve"),
    tcp: Annotated[
        str | None,
        typer.Option("--tcp", metavar="HOST:PORT", help="Listen at TCP too: control at PORT, agent at PORT + 1 …"),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="The control plane's token; else GREENROOM_TOKEN, else one in DIR/token."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=256, help="Processes; worlds are spread over them.")
    ] = 1,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", help="A name that TCP requests may call this server by.")
    ] = None,
    cache_dir: Annotated[Path | None, typer.Option("--cache-dir", help="Where bases are cached.")] = None,
    idle: Annotated[
        float, typer.Option("--idle", min=1, help="Seconds after which an unnamed episode is closed.")
    ] = 1800.0,
    episodes: Annotated[int, typer.Option("--episodes", min=1, help="Episodes of one worker, at most.")] = 4096,
    message_mb: Annotated[int, typer.Option("--message-mb", min=1, max=64, help="A message's size, at most.")] = 8,
) -> None:
    """Serve apps over unix sockets (and TCP, on request), for `--sandbox unix:DIR`."""
    import asyncio

    from greenroom.wire import tokens
    from greenroom.wire.address import check_folder, check_ports
    from greenroom.wire.worker import WorkerSpec, load_served

    host, port = _address(tcp) if tcp else ("", 0)
    check_ports(port, workers)
    check_folder(folder, workers)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    spec = WorkerSpec(
        apps=list(dict.fromkeys(apps)),
        folder=str(folder),
        token=tokens.serving(folder, token_file),
        workers=workers,
        host=host,
        port=port,
        hosts=allow_host or [],
        cache_dir=str(cache_dir) if cache_dir else None,
        limits={"idle_seconds": idle, "episodes": episodes, "message_bytes": message_mb << 20},
    )
    for name in spec.apps:
        load_served(name)  # A name that is wrong is said before anything is started.
    asyncio.run(_serve(spec, folder))


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"'{text}' is no address: --tcp 127.0.0.1:8750, or PORT alone for loopback")
    host = host.strip("[]").replace("localhost", "127.0.0.1") or "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host)), int(port)
    except ValueError:
        raise UsageError(f"'{host}' is no address to listen at: --tcp 127.0.0.1:{port}") from None


async def _serve(spec: "WorkerSpec", folder: Path) -> None:
    import asyncio
    import signal

    from greenroom.cli.output import errors
    from greenroom.wire.supervisor import Supervisor

    supervisor = Supervisor(spec)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    running, ready = asyncio.create_task(supervisor.run()), asyncio.create_task(supervisor.ready())
    await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        ready.cancel()
    else:
        await ready
        if spec.host and not ipaddress.ip_address(spec.host).is_loopback:
            told = (
                f"listening at {spec.host}, which others reach: nothing is encrypted; their names for it: --allow-host"
            )
            errors().print(told, soft_wrap=True)
        tcp = f" and at {spec.host}, port {spec.port} (control) and {spec.port + 1} (agent)" if spec.host else ""
        errors().print(f"serving {', '.join(spec.apps)} at unix:{folder}{tcp}", markup=False, soft_wrap=True)
    await running
