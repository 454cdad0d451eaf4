"""Another process with worlds in PostgreSQL: prints the names of their databases, and waits to be killed."""

import sys
from dataclasses import replace

from greenroom.worlds import populated
from greenroom.worlds.postgres import Server
from support.shop import shop_recipe

if __name__ == "__main__":
    start = populated(replace(shop_recipe(), backend="postgres"), None, sys.argv[1])
    worlds = [start.open() for _ in range(2)]
    print(*Server.of(sys.argv[1]).mine(), flush=True)
    sys.stdin.read()
