"""A call in a thread of its own, for the client that is to wait while the test does something else."""

import concurrent.futures
import contextlib

POOL = concurrent.futures.ThreadPoolExecutor(max_workers=64)


def in_background(call, *arguments, **named):
    return POOL.submit(call, *arguments, **named)


@contextlib.contextmanager
def many(count, make):
    """count connections, closed at the end whatever happens."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(make()) for _ in range(count)]
