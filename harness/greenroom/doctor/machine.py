"""The machine: Python, memory, disk, browser, torch, GPU, PostgreSQL."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from greenroom.doctor.finding import Check, Finding
from greenroom.worlds.build import default_cache

LEAST_DISK = 5e9
LEAST_MEMORY = 4e9
SECONDS = 20


def python() -> Iterator[Finding]:
    """The interpreter, and the packages that the extras bring."""
    yield Finding(name="python", status="ok", found=f"{platform.python_version()} ({sys.executable})", needed="")
    extras = {
        "serve": ("uvicorn", "servers, and sandboxes behind them"),
        "docker": ("docker", "sandbox docker, `greenroom up`"),
        "train": ("torch", "training"),
        "postgres": ("psycopg", "a store or worlds in PostgreSQL"),
        "export": ("pyarrow", "exports as Parquet"),
    }
    for extra, (package, needed) in extras.items():
        has = installed(package)
        yield Finding(
            name=f"greenroom[{extra}]",
            status="ok" if has else "missing",
            found=f"{package} {has}" if has else f"no {package}",
            needed=needed,
            todo="" if has else f"pip install 'greenroom[{extra}]'",
        )


def memory() -> Iterator[Finding]:
    """How much there is."""
    has = psutil.virtual_memory()
    enough = has.available > LEAST_MEMORY
    yield Finding(
        name="memory",
        status="ok" if enough else "problem",
        found=f"{has.available / 1e9:.1f} of {has.total / 1e9:.1f} GB free, {psutil.cpu_count()} cores",
        needed="a container takes 0.1 GB, training a small model 2 GB",
        todo="" if enough else f"less than {LEAST_MEMORY / 1e9:.0f} GB is free: end something, or play fewer at once",
    )


def disk() -> Iterator[Finding]:
    """Where bases are cached."""
    folder = default_cache()
    while not folder.exists():
        folder = folder.parent
    yield space("disk of bases", folder, "worlds are cached there")


def space(name: str, folder: Path, needed: str) -> Finding:
    """How much room there is at a folder."""
    free = shutil.disk_usage(folder).free
    enough = free > LEAST_DISK
    return Finding(
        name=name,
        status="ok" if enough else "problem",
        found=f"{free / 1e9:.0f} GB free at {folder}",
        needed=needed,
        todo="" if enough else f"make room at {folder}: {LEAST_DISK / 1e9:.0f} GB should be free",
    )


def browser() -> Iterator[Finding]:
    """Chromium, and what drives it."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = installed("playwright")
    found = ", ".join(filter(None, [program and said(program, "--version"), driver and f"playwright {driver}"]))
    todo = [] if driver else ["pip install 'greenroom[browser]'"]
    todo += [] if program else ["install Chromium: apt-get install chromium, or playwright install chromium"]
    yield Finding(
        name="browser",
        status="missing" if todo else "ok",
        found=found or "no Chromium, no playwright",
        needed="agents that use web pages",
        todo="; ".join(todo),
    )


def gpu() -> Iterator[Finding]:
    """What trains and serves models fast."""
    tool = shutil.which("nvidia-smi")
    cards = said(tool, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader") if tool else ""
    yield Finding(
        name="gpu",
        status="ok" if cards else "missing",
        found=cards.replace("\n", "; ") or "no NVIDIA GPU",
        needed="larger models, vLLM; small ones train on the CPU",
        todo="" if cards or not tool else "nvidia-smi does not answer: reinstall the driver",
    )
    if not installed("torch"):
        return
    sees = said(sys.executable, "-c", "import torch; print(torch.__version__, torch.cuda.is_available())")
    build, _, cuda = sees.rpartition(" ")
    blind = bool(cards) and cuda != "True"
    yield Finding(
        name="torch",
        status="problem" if blind or not build else "ok",
        found=f"{build}, {'with' if cuda == 'True' else 'without'} a GPU" if build else "it does not load",
        needed="training",
        todo="" if build and not blind else "install a torch that fits this machine's driver",
    )


def postgres() -> Iterator[Finding]:
    """The server's programs: tests and worlds start servers of their own."""
    path = shutil.which("initdb") or next((str(p) for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    yield Finding(
        name="postgres",
        status="ok" if path else "missing",
        found=said(path, "--version") if path else "no server's programs",
        needed="worlds in PostgreSQL and their tests; the store of `greenroom up` brings its own",
        todo="" if path else "apt-get install postgresql",
    )


def installed(package: str) -> str | None:
    """The version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def said(*command: str) -> str:
    """What a program prints; nothing where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


CHECKS: tuple[Check, ...] = (python, memory, disk, browser, gpu, postgres)
