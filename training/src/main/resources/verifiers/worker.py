"""A warm worker: one job after another, one answer each.

The worker itself never reads a job: what it knew, its next candidate would find in the memory it is
forked with. Jobs go to the tests' process, which is forked once and is no ancestor of a candidate.
"""
import gc
import json
import mmap
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
        self.isolation.prepare()
        gc.freeze()
        self.reply({"ready": self.isolation.describe()})
        kinds = {b"J": self.job, b"X": self.execute}
        try:
            while True:
                kind = os.read(self.jobs, 1)
                if kind not in kinds:
                    return
                self.isolation.before_job()
                answer = kinds[kind]()
                self.isolation.after_job()
                if self.tests_pid == 0:
                    self.start_tests()
                self.isolation.prepare()
                self.reply(answer)
                if answer["outcome"] == "lost":
                    return
        except Abandoned:
            pass
        finally:
            self.isolation.leave()

    def move_standard_streams(self):
        """Jobs and answers get descriptors that are closed in a candidate; 0, 1 and 2 become nothing."""
        self.jobs, self.answers = os.dup(0), os.dup(1)
        own_standard_streams()
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")

    def reply(self, message):
        wire.write_frame(self.answers, json.dumps(message).encode())

    def start_tests(self):
        self.connections, theirs = socket.socketpair()
        self.verdicts, verdicts = os.pipe()
        # No candidate has this page: it is left out when one is forked.
        self.stage = mmap.mmap(-1, 1)
        self.tests_pid = self.isolation.fork_tests()
        if self.tests_pid == 0:
            try:
                kernel.die_with_parent(0)
                keep_only(self.jobs, theirs.fileno(), verdicts)
                own_standard_streams()
                self.isolation.restrict_tests()
                tests.serve(self.jobs, theirs, verdicts, self.stage)
            finally:
                os._exit(1)
        self.stage.madvise(mmap.MADV_DONTFORK)
        theirs.close()
        os.close(verdicts)
        # They have imported what they need now, before there is a candidate.
        wire.read_frame(self.verdicts)

    def end_tests(self):
        """Their exit code, and the verdict they had come to in the end. Others are started after the job."""
        isolation.kill(self.tests_pid)
        code = os.waitstatus_to_exitcode(os.waitpid(self.tests_pid, 0)[1])
        verdict = self.next_verdict(0)
        self.tests_pid = 0
        self.connections.close()
        os.close(self.verdicts)
        return code, verdict

    def job(self):
        ours, theirs = socket.socketpair()
        clock = Clock(self)
        pid = self.isolation.fork()
        if pid == 0:
            self.be_candidate(ours.fileno())
        clock.children = [self.tests_pid, pid]
        self.connections.sendmsg([b"C"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, theirs.fileno().to_bytes(4, sys.byteorder))])
        ours.close()
        theirs.close()
        try:
            verdict = self.verdict(clock)
        except wire.Closed:
            self.end(pid, False)
            return self.tests_ended()
        if verdict is None:
            busy, tests_at_limit = clock.busy(), clock.tests_at_limit()
            end = self.end(pid, False)
            # The candidate is gone, so the tests go on at once, if they are not busy themselves.
            if tests_at_limit or self.next_verdict(GRACE_SECONDS) is None:
                return self.tests_late(end, busy, tests_at_limit)
            return self.late(end, busy)
        end = self.end(pid, verdict.get("ended"))
        if verdict["outcome"] == "fail" and verdict.get("ended"):
            verdict["reason"] += ": " + self.ending(end)
        return verdict

    def execute(self):
        """A program that shares nothing with this one: it may be read here."""
        job = json.loads(wire.read_frame(self.jobs))
        clock = Clock(self)
        pid, output = execution.start(self.isolation, job, self.config)
        clock.children = [pid]
        data, complete = execution.collect(output, job["maxOutput"], lambda: self.wait(output, clock))
        busy = clock.busy() if complete is None else 0
        end = self.end(pid, complete)
        if busy:
            return self.late(end, busy)
        ending = self.ending(end) if complete is not None else self.time_limit(end)
        return {"outcome": "ran", "output": data.decode("utf-8", "replace"), "complete": bool(complete), "ending": ending}

    def be_candidate(self, connection):
        try:
            kernel.die_with_parent(0)
            keep_only(connection)
            own_standard_streams()
            self.isolation.restrict(self.config)
            candidate.serve(connection)
        finally:
            os._exit(0)

    def verdict(self, clock):
        """None when it does not come in time. Closed: the tests' process has ended."""
        return self.read_verdict() if self.wait(self.verdicts, clock) else None

    def next_verdict(self, seconds):
        try:
            return self.read_verdict() if self.ready(self.verdicts, seconds) else None
        except wire.Closed:
            return None

    def read_verdict(self):
        return json.loads(wire.read_frame(self.verdicts))

    def wait(self, descriptor, clock):
        """Until something can be read, which is mostly at once, or until a limit is reached."""
        while not self.ready(descriptor, clock.next_look()):
            if clock.over():
                return False
        return True

    def ready(self, descriptor, seconds):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        # Its other end is the only sign of life of the program that started this one.
        poll.register(self.jobs, 0)
        found = dict(poll.poll(max(0, seconds) * 1000))
        if found.get(self.jobs, 0) & (select.POLLHUP | select.POLLERR):
            raise Abandoned()
        return descriptor in found

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
        if not self.isolation.apart:
            self.isolation.kill_left_behind(self.tests_pid)
        return {"by_itself": by_itself, "code": os.waitstatus_to_exitcode(status), "cpu": used.ru_utime + used.ru_stime}

    def late(self, end, busy):
        if busy and end["cpu"] < 0.9 * self.config["cpuSeconds"]:
            return {"outcome": "error", "reason": self.busy(busy)}
        return {"outcome": "fail", "reason": self.time_limit(end)}

    def busy(self, seconds):
        return "of %g s the program and its tests waited %.1f s for a processor: the machine is too busy to judge it" % (
            self.config["wallSeconds"], seconds)

    def time_limit(self, end):
        return "time limit of %g s (%.1f s of CPU time)" % (self.config["wallSeconds"], end["cpu"])

    def tests_late(self, end, busy, at_limit):
        verdict = self.end_tests()[1]
        if at_limit:
            reason = "limit of %g s of CPU time of the tests themselves" % self.config["cpuSeconds"]
            return {"outcome": "fail", "reason": reason} if verdict else self.fault_of_tests(reason)
        if verdict:
            return self.late(end, busy)
        if busy:
            return {"outcome": "error" if self.stage[0] else "lost", "reason": self.busy(busy)}
        return self.fault_of_tests("time limit of %g s, in the tests themselves" % self.config["wallSeconds"])

    def tests_ended(self):
        code = self.end_tests()[0]
        if code < 0 and code != -signal.SIGKILL:
            return self.fault_of_tests("the tests' process ended with signal %d" % -code)
        # By its own will, or by the kernel for want of memory: a program cannot bring that about.
        return {"outcome": "error" if self.stage[0] else "lost",
                "reason": "the tests' process ended with " + (
                    "exit code %d" % code if code >= 0 else "signal %d" % -code)}

    def fault_of_tests(self, reason):
        """What befalls the tests over a value of the candidate's is the candidate's fault."""
        outcome = tests.AT_FAULT[self.stage[0]]
        return {"outcome": outcome, "reason": reason + (", with what the program gave them" if outcome == "fail" else "")}

    def ending(self, end):
        if not end["by_itself"]:
            return "it left the tests alone"
        if end["code"] == -signal.SIGKILL and end["cpu"] >= 0.9 * self.config["cpuSeconds"]:
            return "CPU time limit of %g s" % self.config["cpuSeconds"]
        return "signal %d" % -end["code"] if end["code"] < 0 else "exit code %d" % end["code"]


class Abandoned(Exception):
    """The program that started this one is gone."""


class Clock:
    """How far one job is. Costs nothing while it is fast."""

    LOOK_SECONDS = 0.5
    MOST_EXTENSIONS = 2

    def __init__(self, worker):
        self.worker = worker
        self.children = []
        self.extensions = 0
        self.deadline = time.monotonic() + worker.config["wallSeconds"]
        self.tests_before = kernel.cpu_seconds(worker.tests_pid)
        self.delay_before = None

    def next_look(self):
        return min(self.LOOK_SECONDS, self.deadline - time.monotonic())

    def over(self):
        if self.delay_before is None:
            self.delay_before = self._delay()
        if time.monotonic() >= self.deadline and self.extensions < self.MOST_EXTENSIONS and self.busy():
            # More time is better than no verdict.
            self.extensions += 1
            self.deadline += self.worker.config["wallSeconds"]
            self.delay_before = self._delay()
        return time.monotonic() >= self.deadline or self.tests_at_limit()

    def tests_at_limit(self):
        return kernel.cpu_seconds(self.worker.tests_pid) - self.tests_before > self.worker.config["cpuSeconds"]

    def busy(self):
        """Seconds waited for a processor, of the last wallSeconds, where they were most of them; else 0.

        A candidate cannot bring them about: it is one process, and may not change its priority or
        its processors.
        """
        delay = self._delay() - (self.delay_before or 0)
        return delay if delay > self.worker.config["wallSeconds"] / 2 else 0

    def _delay(self):
        return self.worker.isolation.delays.seconds(self.worker.isolation.apart, self.children)


def own_standard_streams():
    """What is set for an open file, such as its flags, is seen by all who share it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    if nothing > 2:
        os.close(nothing)


def keep_only(*descriptors):
    low = 3
    for descriptor in sorted(descriptors):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, 4096)


def main():
    config = json.loads(wire.read_frame(0))
    os.environ.clear()
    for library in ("OPENBLAS", "OMP", "MKL", "NUMEXPR"):
        # A program may start no thread. Read by libraries in C, not seen in os.environ.
        os.putenv(library + "_NUM_THREADS", "1")
    sys.path.extend(config["sitePackages"])
    for name in WARM:
        __import__(name)
    try:
        Worker(config).serve()
    except OSError as failure:
        wire.write_frame(1, json.dumps({"refused": str(failure)}).encode())
        sys.exit(1)
