"""One measurement: ``python -m normbound.bench MODULE FUNCTION ARGUMENTS``, the arguments as a list in JSON. Prints what the function
returns, with the peak memory of the process. Started by ``normbound.bench.fresh``.
"""

from __future__ import annotations

import json
import resource
import sys

from normbound.bench import benchmark


def main() -> None:
    """Run the function that the command line names and print its figures as JSON."""
    name, function, arguments = sys.argv[1:]
    figures = getattr(benchmark(name), function)(*json.loads(arguments))
    print(json.dumps({**figures, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
