"""Linux system calls that Python 3.8 to 3.11 do not have."""
import ctypes
import os
import platform
import signal
import time

_libc = ctypes.CDLL(None, use_errno=True)
_keeping_the_lock = ctypes.PyDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOATIME = 1, 2, 4, 1024
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18

_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER = 1, 24, 36
_PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE, _PR_CAP_AMBIENT = 38, 4, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_MOUNT_SETATTR = 442  # the same number on every architecture
_CLONE = {"x86_64": 56, "aarch64": 220}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_SECCOMP = {"x86_64": 317, "aarch64": 277}


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (what, os.strerror(number)))


def unshare(flags):
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source, target, kind, flags, options=""):
    encode = lambda text: text.encode() if text is not None else None
    _check(
        _libc.mount(encode(source), encode(target), encode(kind), ctypes.c_ulong(flags), encode(options)),
        "mount %s on %s" % (source, target))


def make_read_only(target, recursive=True, devices=False):
    """Of the mount and all below it; needs Linux 5.12. devices: whether those in it work."""
    # struct mount_attr {attr_set, attr_clr, propagation, userns_fd}
    attributes = (ctypes.c_uint64 * 4)(MS_RDONLY | MS_NOSUID | (0 if devices else MS_NODEV), 0, 0, 0)
    at_recursive = 0x8000 if recursive else 0
    _check(
        _libc.syscall(ctypes.c_long(_MOUNT_SETATTR), ctypes.c_int(-100), target.encode(),
                      ctypes.c_uint(at_recursive), attributes, ctypes.c_size_t(32)),
        "mount_setattr " + target)


def pivot_root(root, old):
    _check(_libc.syscall(ctypes.c_long(_PIVOT_ROOT[platform.machine()]), root.encode(), old.encode()),
           "pivot_root " + root)


def _prctl(option, value=0, third=0):
    _check(
        _libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), ctypes.c_ulong(third),
                    ctypes.c_ulong(0), ctypes.c_ulong(0)),
        "prctl %d" % option)


def die_with_parent(parent):
    """parent: its process id, as seen from here; 0 where it is in another namespace."""
    _prctl(_PR_SET_PDEATHSIG, 9)
    if parent and os.getppid() != parent:
        os._exit(1)


def clone(flags):
    """os.fork() into new namespaces, without what Python does after one: half of the page faults."""
    zero = ctypes.c_long(0)
    pid = _keeping_the_lock.syscall(
        ctypes.c_long(_CLONE[platform.machine()]), ctypes.c_long(flags | signal.SIGCHLD), zero, zero, zero, zero)
    if pid < 0:
        _check(pid, "clone")
    return pid


def unmount(target):
    detach = 2
    _check(_libc.umount2(target.encode(), ctypes.c_int(detach)), "umount " + target)


def adopt_orphans():
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def hide_memory():
    """No other process of this user may read or trace this one."""
    _prctl(_PR_SET_DUMPABLE, 0)


def gain_no_privileges():
    """From here on no program that is started brings any, and none is handed on."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(64):
        try:
            _prctl(_PR_CAPBSET_DROP, capability)
        except OSError:
            break  # above the last one, or not allowed to


def filter_system_calls(program):
    """program: classic BPF, as bytes; in force for this process and its children, for good."""
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]
    set_mode_filter, spec_allow = 1, 4
    # Kernels before 5.16 take speculation away from a filtered process that does not ask for it.
    _check(
        _libc.syscall(ctypes.c_long(_SECCOMP[platform.machine()]), ctypes.c_uint(set_mode_filter),
                      ctypes.c_uint(spec_allow), ctypes.byref(Program(len(program) // 8, program))),
        "seccomp")


def cpu_seconds(pid):
    """Of another process, all its threads together; 0 once it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0


def drop_capabilities():
    _check(_libc.syscall(_capset, _capset_header, _no_capabilities), "capset")


# Made beforehand: every object made after a fork costs a page.
_capset = ctypes.c_long(_CAPSET[platform.machine()])
_capset_header = (ctypes.c_uint32 * 2)(0x20080522, 0)
_no_capabilities = (ctypes.c_uint32 * 6)()
