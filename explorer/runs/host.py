"""Where the host's module was before it moved to `engines/local/`: for what outlives an update.

A web server that still runs the old code starts hosts by this name, and an old host's workers
import by this name what was its main module (`multiprocessing` does so; nothing in it is used).
They import nothing with it: a worker that is forked is full of old modules, which do not go with
new ones. This file and `workers.py` can go once nobody updates from 0.1.0 any more.
"""

import sys

if __name__ == "__main__":
    from explorer.runs.engines.local.host import main

    main(sys.argv[1])
