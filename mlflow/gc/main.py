"""
Deletes for good what users of MLflow deleted long ago, in the database and the bucket of an MLflow server. The command
`gc` sends it into the server's container, and service.py runs it in another. It is one program: rules.py, stores.py,
listing.py, deletion.py and this file.

It is given `settings`, with the step, the number of the lock, and `olderThan` or `cutoff` in milliseconds. Progress and
the result are lines of JSON on standard output.

    list      describes what would be deleted, and what stays and why. Changes nothing
    delete    data: a line of JSON with what `list` has told. Deletes that, if the rules still allow it. Stops when
              standard input ends: then nobody waits for it any more
"""


def step_list():
    require_own_stores()
    if settings["check"]:
        Lock().close()
    bucket = Bucket()
    cutoff = int(time.time() * 1000) - settings["olderThan"]
    listing = Listing(Plan(cutoff, bucket), bucket)
    listing.read_bucket()
    say(result=listing.result(cutoff))


def step_delete():
    told = json.loads(sys.stdin.buffer.readline())
    require_own_stores()
    with contextlib.closing(Lock()) as lock:
        bucket = Bucket()
        deletion = Deletion(told, Plan(settings["cutoff"], bucket), bucket, lock)
        deletion.stop_at_end_of_input()
        deletion.run()
    # The thread that reads standard input would be waited for.
    results.flush()
    os._exit(0)


try:
    {"list": step_list, "delete": step_delete}[settings["step"]]()
except Refused as refusal:
    say(refused=str(refusal), locked=isinstance(refusal, Locked))
    sys.exit(1)
except Exception as error:
    say(refused=reason(error))
    raise
