"""What a container may use, and what it may do: almost nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.errors import MissingExtraError

SOCKETS = "/run/greenroom"
BASES = "/bases"
USER = "10001:10001"
"""The user of greenroom's images; no user of the machine has this number."""
BAKED = "/usr/local/share/greenroom/bases"


@dataclass(frozen=True, kw_only=True)
class ContainerLimits:
    """What one container may use.

    Attributes:
        memory: Bytes, as Docker writes them: `1g`. What it writes to its folders in memory counts. There is no swap.
        cpus: Cores.
        pids: Processes and threads.
        files: Open files of one process.
        scratch: Bytes that it may write to /tmp.
    """

    memory: str = "1g"
    cpus: float = 2.0
    pids: int = 128
    files: int = 4096
    scratch: str = "512m"


def hardened(limits: ContainerLimits, sockets: Path, bases: Path | None) -> dict[str, Any]:
    """What the Docker SDK is told so that a container can reach nothing but its sockets, and write nothing to disk.

    Docker's own seccomp profile holds, because none is named.

    Args:
        limits: What it may use.
        sockets: The folder that it makes its sockets in.
        bases: A folder of bases that it may read.
    """
    types = docker().types
    mounts = [types.Mount(SOCKETS, str(sockets), type="bind")]
    if bases is not None:
        mounts.append(types.Mount(BASES, str(bases), type="bind", read_only=True))
    return {
        "network_mode": "none",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "user": USER,
        "init": True,
        "ipc_mode": "private",
        "pids_limit": limits.pids,
        "mem_limit": limits.memory,
        "memswap_limit": limits.memory,
        "nano_cpus": int(limits.cpus * 1e9),
        "ulimits": [
            types.Ulimit(name="nofile", soft=limits.files, hard=limits.files),
            types.Ulimit(name="core", soft=0, hard=0),
        ],
        "shm_size": "1m",
        "tmpfs": {"/tmp": f"rw,noexec,nosuid,nodev,size={limits.scratch},mode=1777"},
        "mounts": mounts,
        "log_config": types.LogConfig(type="json-file", config={"max-size": "4m", "max-file": "2"}),
    }


def docker() -> Any:
    """The Docker SDK, loaded when it is needed; it has no types.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import docker
    except ImportError:
        raise MissingExtraError("running apps in containers", "docker") from None
    return docker
