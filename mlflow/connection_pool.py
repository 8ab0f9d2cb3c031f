"""
A pool of connections that calls of MLflow cannot lock up among themselves.

Many calls of MLflow open a session inside of a session, and each has a connection of its own: `log_batch` up to four. When
as many calls as the pool has connections hold one and wait for the next, all wait until they fail, 30 seconds later.
Here a thread gets a connection only while as many are left as it may still ask for, so one of them can always end.

MLflow takes no pool but SQLAlchemy's own, so it comes as SQLAlchemy's plugin `nested`, by the address of the database.
"""

import collections
import threading

from sqlalchemy import event, exc
from sqlalchemy.engine import CreateEnginePlugin
from sqlalchemy.pool import QueuePool

# sessions inside of each other, at most: log_batch, of tags, with the name of the run, which is kept with the run.
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
                # an answer of 503, after which clients try again; the pool's own error becomes a 400.
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
        # for whichever thread gives it back.
        connection.record_info[TAKEN_BY] = self, thread
        return connection

    def _may_take(self, thread):
        return self._free >= max(DEPTH - self._held.get(thread, 0), 1)

    def _give_back(self, thread):
        with self._changed:
            self._free += 1
            self._held[thread] -= 1
            # threads come and go.
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
        # the migrations bring one of their own.
        kwargs.setdefault("poolclass", NestedPool)

    def update_url(self, url):
        return url
