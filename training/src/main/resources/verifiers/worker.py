"""A warm worker: one job after another, one answer each.

The worker itself never reads a job: what it knew, its next candidate would find in the memory it is
forked with. Jobs go to the tests' process, which is forked once and is no ancestor of a candidate.
"""
import gc
import json
import os
import select
import signal
import socket
import sys
import time

import candidate
import execution
import isolation
import kernel
import tests
import wire

# What most programs import. Each page of it costs every candidate's fork.
WARM = "bisect collections copy functools heapq itertools math operator re string typing".split()
GRACE_SECONDS = 5


class Worker:
    def __init__(self, config):
        self.config = config
        self.isolation = isolation.Isolation(config)
        self.jobs = self.answers = -1

    def serve(self):
        self.isolation.enter()
        self.move_standard_streams()
        self.start_tests()
        gc.freeze()
        self.reply({"ready": self.isolation.describe()})
        kinds = {b"J": self.job, b"X": self.execute}
        while True:
            kind = os.read(self.jobs, 1)
            if kind not in kinds:
                return
            self.isolation.before_job()
            answer = kinds[kind]()
            self.isolation.after_job()
            self.reply(answer)
            if answer["outcome"] == "lost":
                return

    def move_standard_streams(self):
        """Jobs and answers get descriptors that are closed in a candidate; 0, 1 and 2 become nothing."""
        self.jobs, self.answers = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        os.close(nothing)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")

    def reply(self, message):
        wire.write_frame(self.answers, json.dumps(message).encode())

    def start_tests(self):
        self.connections, theirs = socket.socketpair()
        self.verdicts, verdicts = os.pipe()
        worker = os.getpid()
        self.tests_pid = os.fork()
        if self.tests_pid == 0:
            try:
                kernel.die_with_parent(worker)
                keep_only(self.jobs, theirs.fileno(), verdicts)
                self.isolation.before_job()
                self.isolation.restrict({**self.config, "cpuSeconds": 0, "processes": 1}, 1)
                tests.serve(self.jobs, theirs, verdicts)
            finally:
                os._exit(1)
        theirs.close()
        os.close(verdicts)

    def job(self):
        ours, theirs = socket.socketpair()
        started = time.monotonic()
        pid = self.isolation.fork()
        if pid == 0:
            self.be_candidate(ours.fileno())
        self.connections.sendmsg([b"C"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, theirs.fileno().to_bytes(4, sys.byteorder))])
        ours.close()
        theirs.close()
        verdict = self.verdict(started + self.config["wallSeconds"])
        end = self.end(pid, verdict is not None and verdict.get("ended"))
        if verdict is None:
            # The candidate is gone, so the tests go on at once, if they are not busy themselves.
            verdict = self.verdict(time.monotonic() + GRACE_SECONDS)
            if verdict is None:
                return {"outcome": "lost", "reason": "the tests themselves took more than %g s" % self.config["wallSeconds"]}
            return self.late(end, verdict.get("cpu", 0))
        if verdict["outcome"] == "fail" and verdict.get("ended"):
            verdict["reason"] += ": " + self.ending(end)
        return verdict

    def execute(self):
        """A program that shares nothing with this one: it may be read here."""
        job = json.loads(wire.read_frame(self.jobs))
        pid, output, complete = execution.run(self.isolation, job, self.config)
        end = self.end(pid, complete)
        if complete or not self.config["wallSeconds"] / 10 < end["cpu"] < 0.9 * self.config["cpuSeconds"]:
            return {"outcome": "ran", "output": output.decode("utf-8", "replace"), "complete": complete,
                    "ending": self.ending(end)}
        return self.late(end, 0)

    def be_candidate(self, connection):
        try:
            kernel.die_with_parent(0)
            os.setsid()
            keep_only(connection)
            self.isolation.restrict(self.config, 0)
            candidate.serve(connection)
        finally:
            os._exit(0)

    def verdict(self, deadline):
        """None when it does not come in time."""
        if not select.select([self.verdicts], [], [], max(0, deadline - time.monotonic()))[0]:
            return None
        try:
            return json.loads(wire.read_frame(self.verdicts))
        except wire.Closed:
            return {"outcome": "lost", "reason": "the tests' process ended without a verdict"}

    def end(self, pid, ended):
        """Ends the candidate with all that it started; how it ended, if it did so by itself.

        ended: its connection is closed, which happens a little before its end can be seen.
        """
        found, status, used = os.wait4(pid, os.WNOHANG)
        tries = 50 if ended else 0
        while found == 0 and tries > 0:
            time.sleep(0.002)
            tries -= 1
            found, status, used = os.wait4(pid, os.WNOHANG)
        by_itself = found == pid
        if not by_itself:
            isolation.kill(pid)
            found, status, used = os.wait4(pid, 0)
        if self.isolation.level != "namespaces":
            self.isolation.kill_left_behind(self.tests_pid)
        return {"by_itself": by_itself, "code": os.waitstatus_to_exitcode(status), "cpu": used.ru_utime + used.ru_stime}

    def late(self, end, tests_cpu):
        wall, limit = self.config["wallSeconds"], self.config["cpuSeconds"]
        if tests_cpu > max(end["cpu"], wall / 2):
            return {"outcome": "error", "reason": "the tests themselves took more than %g s" % wall}
        if wall / 10 < end["cpu"] < 0.9 * limit:
            # Neither asleep nor at its limit: the machine is too busy to judge it.
            return {"outcome": "error",
                    "reason": "in %g s the machine gave the program %.1f of its %g s of CPU time" % (wall, end["cpu"], limit)}
        return {"outcome": "fail", "reason": "time limit of %g s (%.1f s of CPU time)" % (wall, end["cpu"])}

    def ending(self, end):
        if not end["by_itself"]:
            return "it left the tests alone"
        if end["code"] == -signal.SIGKILL and end["cpu"] >= 0.9 * self.config["cpuSeconds"]:
            return "CPU time limit of %g s" % self.config["cpuSeconds"]
        return "signal %d" % -end["code"] if end["code"] < 0 else "exit code %d" % end["code"]


def keep_only(*descriptors):
    low = 3
    for descriptor in sorted(descriptors):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, 4096)


def main():
    config = json.loads(wire.read_frame(0))
    os.environ.clear()
    for name in WARM:
        __import__(name)
    try:
        Worker(config).serve()
    except OSError as failure:
        wire.write_frame(1, json.dumps({"refused": str(failure)}).encode())
        sys.exit(1)
