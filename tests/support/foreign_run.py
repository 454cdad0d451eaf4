"""Another process that plays with a foreign application: says what it has opened, and waits to be killed."""

import sys
from pathlib import Path

from greenroom.foreign import ContainerApp, ForeignSandbox

if __name__ == "__main__":
    sandbox = ForeignSandbox(ContainerApp.load(Path(sys.argv[1])))
    brief = sandbox.prepare("ihatemoney/train/add_bill/0")
    sandbox.open(brief.snapshot, brief.task)
    print("open", flush=True)
    sys.stdin.read()
