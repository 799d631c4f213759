"""Jobs are leased, retried, given up and finished like work."""

from __future__ import annotations

from newsroom.store import jobs


def test_a_job_is_taken_once_and_finished_by_who_holds_it(db) -> None:
    with db.transaction() as conn:
        first = jobs.add(conn, "export", {"of": "articles"}, key_id=None)
    with db.transaction() as conn:
        jobs.add(conn, "event-edit", {}, key_id=None)
        assert jobs.due(conn) == {"export": 1, "event-edit": 1}
        assert jobs.lease(conn, ["nothing"], lease_s=60) is None
        job = jobs.lease(conn, ["export"], lease_s=60)
        assert job is not None
        assert (job.job_id, job.args, job.attempts) == (first, {"of": "articles"}, 1)
        assert jobs.lease(conn, ["export"], lease_s=60) is None
        assert jobs.progress(conn, job, 0.5, lease_s=60)
        assert jobs.finish(conn, job, {"rows": 3})
        assert not jobs.finish(conn, job, {"rows": 4})
        assert not jobs.progress(conn, job, 0.9, lease_s=60)
        row = conn.execute("SELECT * FROM jobs WHERE job_id = %s", (first,)).fetchone()
    assert (row["state"], row["result"], row["progress"]) == ("done", {"rows": 3}, 1)


def test_a_lost_worker_costs_an_attempt_and_the_last_one_fails(db) -> None:
    with db.transaction() as conn:
        job_id = jobs.add(conn, "export", {}, key_id=None)
    with db.transaction() as conn:
        for attempt in (1, 2):
            job = jobs.lease(conn, ["export"], lease_s=-1)
            assert job is not None
            assert job.attempts == attempt
            assert jobs.sweep(conn, attempts_max=2) == 1
        assert jobs.lease(conn, ["export"], lease_s=60) is None
        row = conn.execute("SELECT * FROM jobs WHERE job_id = %s", (job_id,)).fetchone()
    assert (row["state"], row["error_code"]) == ("failed", "worker-lost")


def test_a_passing_fault_is_tried_later(db) -> None:
    with db.transaction() as conn:
        jobs.add(conn, "export", {}, key_id=None)
    with db.transaction() as conn:
        job = jobs.lease(conn, ["export"], lease_s=60)
        assert job is not None
        assert jobs.retry(conn, job, "away", "later", delay_s=None, attempts_max=5)
        assert jobs.lease(conn, ["export"], lease_s=60) is None
        row = conn.execute(
            "SELECT state, due_at - now() AS wait FROM jobs WHERE job_id = %s", (job.job_id,)
        ).fetchone()
        assert (row["state"], row["wait"].total_seconds()) == ("due", 30)
        assert not jobs.fail(conn, job, "late", "no longer ours")
