"""Runs command lines of greenroom one after the other in this process: requests and results are JSON lines."""

import contextlib
import io
import json
import os
import sys

from greenroom.cli.main import main


def run(arguments: list[str], typed: str) -> dict[str, object]:
    sys.argv = ["greenroom", *arguments]
    out, err = io.StringIO(), io.StringIO()
    requests, sys.stdin = sys.stdin, io.StringIO(typed)
    code: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            sys.stdin = requests
    return {"returncode": code, "stdout": out.getvalue(), "stderr": err.getvalue()}


if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        os.chdir(request["folder"])
        print(json.dumps(run(request["arguments"], request["typed"])), flush=True)
