"""What a candidate is kept apart from. See CodeIsolation for what each level promises."""
import os
import resource
import shutil
import signal
import tempfile

import kernel

NAMESPACES = (kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET
              | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS)
SCRATCH = "/scratch"
# Above every account of a system, and another one for every worker.
FIRST_UID = 2_000_000_000


class Isolation:
    """One worker's. The level is "namespaces" or "process"."""

    def __init__(self, config):
        self.config = config
        self.level = config["level"]
        self.as_root = False
        self.uid = FIRST_UID + os.getpid() * 2
        self.scratch = SCRATCH

    def enter(self):
        """Returns in the process that does the work, which everything it starts dies with."""
        if self.level != "namespaces":
            kernel.adopt_orphans()
            kernel.hide_memory()
            kernel.gain_no_privileges()
            return
        self._unshare()
        child = os.fork()
        if child:
            os.close(0)
            os.close(1)
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
        kernel.die_with_parent(0)
        self._new_root()
        self._mount_scratch()
        kernel.gain_no_privileges()

    def _unshare(self):
        try:
            kernel.unshare(NAMESPACES)
            self.as_root = True
        except OSError:
            uid, gid = os.geteuid(), os.getegid()
            kernel.unshare(kernel.CLONE_NEWUSER | NAMESPACES)
            for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid),
                               ("gid_map", "0 %d 1" % gid)):
                with open("/proc/self/" + name, "w") as file:
                    file.write(text)

    def _new_root(self):
        """An empty file system with the interpreter's folders, read-only, and nothing else."""
        kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
        root = self.config["emptyFolder"]
        kernel.mount("score4j", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,mode=755")
        for folder in self.config["readable"]:
            self._bind(folder, root)
        os.mkdir(root + "/dev")
        for device in ("null", "zero", "urandom"):
            open(root + "/dev/" + device, "w").close()
            kernel.mount("/dev/" + device, root + "/dev/" + device, None, kernel.MS_BIND)
        os.makedirs(root + SCRATCH)
        os.symlink(SCRATCH, root + "/tmp")
        os.chdir(root)
        os.chroot(".")
        os.chdir("/")

    def _bind(self, folder, root):
        if os.path.islink(folder):
            os.makedirs(root + os.path.dirname(folder), exist_ok=True)
            os.symlink(os.readlink(folder), root + folder)
            return
        os.makedirs(root + folder, exist_ok=True)
        kernel.mount(folder, root + folder, None, kernel.MS_BIND | kernel.MS_REC)
        kernel.make_read_only(root + folder)

    def describe(self):
        if self.level != "namespaces":
            return ("process limits only: a program here can read and delete this user's files,"
                    " use the network and end this user's processes")
        return ("namespaces (process, mount, network, ipc, host name) as %s; the file system holds"
                " only %s, read-only, and a scratch folder of %d MiB; no seccomp, no cgroup" % (
                    "an unused user id without capabilities" if self.as_root
                    else "root of a user namespace without capabilities",
                    " ".join(self.config["readable"]), self.config["scratchMiB"]))

    def _mount_scratch(self):
        kernel.mount("scratch", SCRATCH, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV,
                     "size=%dm,nr_inodes=2k,mode=777" % self.config["scratchMiB"])

    def before_job(self):
        if self.level != "namespaces":
            self.scratch = tempfile.mkdtemp(dir=self.config["emptyFolder"])

    def after_job(self):
        if self.level != "namespaces":
            shutil.rmtree(self.scratch, ignore_errors=True)
        elif os.listdir(SCRATCH):
            kernel.unmount(SCRATCH)
            self._mount_scratch()

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
        return kernel.clone(kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC if self.level == "namespaces" else 0)

    def restrict(self, limits, number):
        """For good. number: 0 for candidates, 1 for the tests, which are another user."""
        os.chdir(self.scratch)
        os.umask(0o077)
        # Of one user of one user namespace: beside a candidate there are the worker and the tests.
        others = 0 if self.as_root else 2
        memory = resource.RLIMIT_DATA if limits.get("heapOnly") else resource.RLIMIT_AS
        limit(memory, limits["memoryMiB"] << 20)
        limit(resource.RLIMIT_FSIZE, self.config["scratchMiB"] << 20)
        limit(resource.RLIMIT_NOFILE, 128)
        limit(resource.RLIMIT_CORE, 0)
        limit(resource.RLIMIT_MEMLOCK, 64 << 10)
        limit(resource.RLIMIT_MSGQUEUE, 0)
        if limits["cpuSeconds"]:
            limit(resource.RLIMIT_CPU, limits["cpuSeconds"])
        if self.level == "namespaces":
            limit(resource.RLIMIT_NPROC, limits["processes"] + others)
            if self.as_root:
                user = self.uid + number
                os.setgroups(())
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
        kernel.drop_capabilities()


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def limit(kind, value):
    resource.setrlimit(kind, (value, value))
