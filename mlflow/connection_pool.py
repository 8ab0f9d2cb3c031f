"""
A connection pool in which calls of MLflow cannot deadlock.

Many calls of MLflow open a session inside of a session, and each session has a connection of its own: `log_batch` has up
to four. With SQLAlchemy's pool, as many calls as there are connections can each hold one and wait for the next, until all
of them fail after 30 seconds. This pool gives a thread a connection only while enough are free for all that the thread
may still ask for, so at least one call can always finish.

MLflow has no setting for another pool, so this one is a plugin of SQLAlchemy, `nested`, which the database's URL names.
"""

import collections
import threading

from sqlalchemy import event, exc
from sqlalchemy.engine import CreateEnginePlugin
from sqlalchemy.pool import QueuePool

# The deepest nesting of sessions in MLflow: log_batch with tags, one of them the run's name.
DEPTH = 4
TAKEN_BY = "taken by"


class NestedPool(QueuePool):
    def __init__(self, *args, pool_size=5, max_overflow=10, **options):
        super().__init__(*args, pool_size=pool_size, max_overflow=max_overflow, **options)
        self._limit = self._free = pool_size + max_overflow
        self._held = collections.Counter()
        self._changed = threading.Condition()

    def connect(self):
        thread = threading.get_ident()
        with self._changed:
            if not self._changed.wait_for(lambda: self._may_take(thread), self._timeout):
                # MLflow answers 503 to this error, and clients retry. It would answer 400 to the pool's own.
                raise exc.OperationalError(
                    None, None, TimeoutError(f"none of {self._limit} connections was free for {self._timeout} s")
                )
            self._free -= 1
            self._held[thread] += 1
        try:
            connection = super().connect()
        except BaseException:
            self._give_back(thread)
            raise
        # Any thread may return the connection.
        connection.record_info[TAKEN_BY] = self, thread
        return connection

    def _may_take(self, thread):
        return self._free >= max(DEPTH - self._held.get(thread, 0), 1)

    def _give_back(self, thread):
        with self._changed:
            self._free += 1
            self._held[thread] -= 1
            # Threads end, so their counters must not pile up.
            if not self._held[thread]:
                del self._held[thread]
            self._changed.notify_all()


@event.listens_for(NestedPool, "checkin")
def checked_in(_connection, record):
    pool, thread = record.record_info.pop(TAKEN_BY, (None, None))
    if pool:
        pool._give_back(thread)


class NestedPoolPlugin(CreateEnginePlugin):
    def __init__(self, url, kwargs):
        super().__init__(url, kwargs)
        # MLflow's migrations set a pool of their own.
        kwargs.setdefault("poolclass", NestedPool)

    def update_url(self, url):
        return url
