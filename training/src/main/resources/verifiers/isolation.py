"""What a candidate is kept apart from. See CodeIsolation for what each level promises.

At the level "namespaces" three processes matter: the worker, the tests' process and the candidate.
All have one root, which is read-only. The tests' process has its mounts, process ids, IPC and network
to itself, and what a candidate can write to, its scratch folder, is mounted after it took them.
"""
import os
import resource
import shutil
import signal
import tempfile
import time

import kernel
import syscalls

NAMESPACES = (kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET
              | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS)
SCRATCH = "/scratch"
# Every system has it, no interpreter lies in it, and the sandbox has none: its root is built there.
ROOT = "/proc"
OLD_ROOT = "/.old"
# Above every account of a system, and another one for every worker.
FIRST_UID = 2_000_000_000
CLOCK_REALTIME_COARSE = 5
# What a JVM reserves beside its memory: code, class data, libraries, stacks.
JVM_ADDRESS_SPACE = 1 << 30


class Isolation:
    """One worker's. The level is "namespaces" or "process"."""

    def __init__(self, config):
        self.config = config
        self.apart = config["level"] == "namespaces"
        self.as_root = False
        self.exempt = False
        self.uid = FIRST_UID + os.getpid() * 2
        self.scratch = SCRATCH
        self.delays = None
        self.changed = None
        self.started = 0

    def enter(self):
        """Returns in the process that does the work, which everything it starts dies with."""
        try:
            # Not of the terminal's process group: Ctrl-C is for the program that started this one.
            os.setsid()
        except PermissionError:
            pass  # leads one already
        if self.apart:
            self._unshare()
            child = os.fork()
            if child:
                os.close(0)
                os.close(1)
                os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
            kernel.die_with_parent(0)
        self.delays = Delays()
        if self.apart:
            self._new_root()
        else:
            kernel.adopt_orphans()
        # Before the filter: 1 is the one limit that also holds where cores go to a program.
        limit(resource.RLIMIT_CORE, 1)
        kernel.hide_memory()
        kernel.gain_no_privileges()
        syscalls.refuse()

    def _unshare(self):
        try:
            kernel.unshare(NAMESPACES)
            self.as_root = True
        except OSError:
            uid, gid = os.geteuid(), os.getegid()
            # Where root has no rights to speak of, the kernel still counts no processes for it.
            self.exempt = uid == 0
            kernel.unshare(kernel.CLONE_NEWUSER | NAMESPACES)
            for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid),
                               ("gid_map", "0 %d 1" % gid)):
                with open("/proc/self/" + name, "w") as file:
                    file.write(text)

    def _new_root(self):
        """An empty file system with the interpreter's folders, read-only, and nothing else.

        Read-only itself: in a user namespace a candidate is its owner.
        """
        kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
        kernel.mount("score4j", ROOT, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,mode=755")
        for folder in self.config["readable"]:
            self._bind(folder)
        os.mkdir(ROOT + "/dev")
        for device in ("null", "zero", "urandom"):
            open(ROOT + "/dev/" + device, "w").close()
            kernel.mount("/dev/" + device, ROOT + "/dev/" + device, None, kernel.MS_BIND)
            # Written to it can be all the same, but not touched, which its next user would see.
            kernel.make_read_only(ROOT + "/dev/" + device, devices=True)
        os.mkdir(ROOT + SCRATCH)
        os.symlink(SCRATCH, ROOT + "/tmp")
        self._enter_root()
        kernel.make_read_only("/", recursive=False)

    @staticmethod
    def _enter_root():
        os.mkdir(ROOT + OLD_ROOT)
        try:
            kernel.pivot_root(ROOT, ROOT + OLD_ROOT)
        except OSError:
            # Of a system that runs from its initial RAM disk, whose root cannot be moved.
            os.rmdir(ROOT + OLD_ROOT)
            os.chdir(ROOT)
            os.chroot(".")
            os.chdir("/")
            return
        os.chdir("/")
        kernel.unmount(OLD_ROOT)
        os.rmdir(OLD_ROOT)

    @staticmethod
    def _bind(folder):
        if os.path.islink(folder):
            os.makedirs(ROOT + os.path.dirname(folder), exist_ok=True)
            os.symlink(os.readlink(folder), ROOT + folder)
            return
        os.makedirs(ROOT + folder, exist_ok=True)
        kernel.mount(folder, ROOT + folder, None, kernel.MS_BIND | kernel.MS_REC)
        kernel.make_read_only(ROOT + folder)

    def describe(self):
        filtered = "system calls filtered by seccomp, memory bounded by resource limits without a cgroup"
        if not self.apart:
            return ("process limits only: a program here can read and delete this user's files,"
                    " use the network and end this user's processes; " + filtered)
        return ("namespaces (process, mount, network, ipc, host name) as %s; the file system holds"
                " only %s, read-only, and a scratch folder of %d MiB; %s" % (
                    "an unused user id without capabilities" if self.as_root
                    else "root of a user namespace without capabilities",
                    " ".join(self.config["readable"]), self.config["scratchMiB"], filtered))

    def prepare(self):
        """Mounts the next candidate's scratch folder where there is none."""
        if self.apart and self.changed is None:
            kernel.mount("scratch", SCRATCH, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOATIME,
                         "size=%dm,nr_inodes=2k,mode=777" % self.config["scratchMiB"])
            self.changed = os.stat(SCRATCH).st_ctime_ns

    def before_job(self):
        if self.apart:
            self.started = time.clock_gettime_ns(CLOCK_REALTIME_COARSE)
        else:
            os.makedirs(self.config["emptyFolder"], exist_ok=True)
            self.scratch = tempfile.mkdtemp(dir=self.config["emptyFolder"])

    def after_job(self):
        """The next job gets another folder, unless this one has done nothing to it.

        Files, mode, times, attributes: every change changes the time of the last change, which nobody
        can set. It is that of the clock's last tick, so a job has to have begun in a later one.
        """
        if not self.apart:
            remove(self.scratch)
        elif not os.stat(SCRATCH).st_ctime_ns == self.changed < self.started:
            self._unmount_scratch()

    def _unmount_scratch(self):
        kernel.unmount(SCRATCH)
        self.changed = None

    def leave(self):
        """Nothing stays behind without namespaces either; with them the kernel sees to it."""
        if not self.apart:
            self.kill_left_behind(None)
            remove(self.config["emptyFolder"])

    @staticmethod
    def kill_left_behind(spared):
        """Without a process namespace: orphans come to the worker, generation by generation."""
        path = "/proc/self/task/%d/children" % os.getpid()
        while True:
            with open(path) as file:
                children = [int(pid) for pid in file.read().split() if int(pid) != spared]
            if not children:
                return
            for pid in children:
                kill(pid)
                os.waitpid(pid, 0)

    def fork(self):
        """A process that sees no other one; with it dies everything that it starts."""
        return kernel.clone(kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC if self.apart else 0)

    def fork_tests(self):
        """A process that no candidate can reach but by the socket that it is given for it."""
        if self.changed is not None:
            self._unmount_scratch()
        return kernel.clone(NAMESPACES if self.apart else 0)

    def restrict_tests(self):
        os.chdir("/")
        self._restrict({**self.config, "cpuSeconds": 0, "processes": 1}, 1)

    def restrict(self, limits):
        """A candidate's process, for good."""
        os.chdir(self.scratch)
        os.umask(0o077)
        os.setsid()
        self._restrict(limits, 0)
        if limits.get("threadsOnly"):
            syscalls.refuse_processes(with_threads=True)
        elif self.exempt and limits["processes"] == 1:
            syscalls.refuse_processes(with_threads=False)

    def _restrict(self, limits, number):
        """number: 0 for candidates, 1 for the tests, which are another user."""
        # Of one user of one user namespace: beside a candidate there are the worker and the tests.
        others = 0 if self.as_root else 2
        memory = limits["memoryMiB"] << 20
        if limits.get("threadsOnly"):
            limit(resource.RLIMIT_DATA, memory)
            limit(resource.RLIMIT_AS, memory + JVM_ADDRESS_SPACE)
        else:
            limit(resource.RLIMIT_AS, memory)
        limit(resource.RLIMIT_FSIZE, self.config["scratchMiB"] << 20)
        limit(resource.RLIMIT_NOFILE, 128)
        limit(resource.RLIMIT_SIGPENDING, 256)
        limit(resource.RLIMIT_MEMLOCK, 64 << 10)
        limit(resource.RLIMIT_MSGQUEUE, 0)
        if limits["cpuSeconds"]:
            limit(resource.RLIMIT_CPU, limits["cpuSeconds"])
        if self.apart:
            limit(resource.RLIMIT_NPROC, limits["processes"] + others)
            if self.as_root:
                user = self.uid + number
                os.setgroups(())
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
                # Which a change of user may have undone.
                kernel.hide_memory()
        kernel.drop_capabilities()


class Delays:
    """How long processes waited for a processor, which is what a busy machine does to them.

    From the proc file system of the machine, kept open from before the root was left: a candidate has
    no part in it. A machine that does not count delays has none.
    """

    def __init__(self):
        self.proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # Process ids there are those of the namespace it was mounted in.
        self.worker = os.readlink("/proc/self")

    def seconds(self, apart, children):
        """Of the worker's children. apart: their ids are of a namespace of their own."""
        try:
            if apart:
                children = self._read("%s/task/%s/children" % (self.worker, self.worker)).split()
            return sum(self._of(str(pid)) for pid in children)
        except OSError:
            return 0.0

    def _of(self, pid):
        """The longest wait of a thread, less what the others of its process may have caused."""
        used, waited = [], []
        folder = os.open(pid + "/task", os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.proc)
        try:
            for thread in os.listdir(folder):
                run, wait = self._read("%s/task/%s/schedstat" % (pid, thread)).split()[:2]
                used.append(int(run))
                waited.append(int(wait))
        finally:
            os.close(folder)
        return max(max(w - (sum(used) - u) for u, w in zip(used, waited)), 0) / 1e9

    def _read(self, path):
        file = os.open(path, os.O_RDONLY, dir_fd=self.proc)
        try:
            return os.read(file, 1 << 16).decode()
        finally:
            os.close(file)


def remove(folder):
    """A candidate's: it may have taken away the rights to its folders, or the folder itself."""
    try:
        os.chmod(folder, 0o700)
        for path, folders, _ in os.walk(folder):
            for inner in (os.path.join(path, name) for name in folders):
                if not os.path.islink(inner):
                    os.chmod(inner, 0o700)
    except OSError:
        pass
    shutil.rmtree(folder, ignore_errors=True)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def limit(kind, value):
    resource.setrlimit(kind, (value, value))
