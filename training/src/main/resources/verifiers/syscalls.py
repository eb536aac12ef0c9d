"""The seccomp filter of everything that a worker starts: which system calls are refused.

A list of what is refused, not of what is allowed: the interpreter, a JVM and the C library are not
ours. Refused is what reaches past the namespaces (keyrings, tracing, new user namespaces, sockets
other than Unix and IP), what holds memory that no limit counts (memfd_create, System V memory), what
a candidate could slow itself down with to look like a victim of a busy machine (priorities,
processors), and kernel interfaces that no exercise needs. Refused calls fail with EPERM, and those
newer than this list with ENOSYS, upon which the C library falls back to older ones.
"""
import errno
import platform
import struct

import kernel

# Name: number on x86-64, number on AArch64 (None where there is no such call).
REFUSED = {
    "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171), "bpf": (321, 280),
    "chroot": (161, 51), "clock_adjtime": (305, 266), "clock_settime": (227, 112),
    "create_module": (174, None), "delete_module": (176, 106), "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263), "finit_module": (313, 273), "get_kernel_syms": (177, None),
    "init_module": (175, 105), "inotify_add_watch": (254, 27), "inotify_init": (253, None),
    "inotify_init1": (294, 26), "io_cancel": (210, 3), "io_destroy": (207, 1),
    "io_getevents": (208, 4), "io_pgetevents": (333, 292), "io_setup": (206, 0),
    "io_submit": (209, 2), "ioperm": (173, None), "iopl": (172, None), "ioprio_set": (251, 30),
    "kcmp": (312, 272), "kexec_file_load": (320, 294), "kexec_load": (246, 104),
    "keyctl": (250, 219), "lookup_dcookie": (212, 18), "mbind": (237, 235),
    "memfd_create": (319, 279), "migrate_pages": (256, 238), "modify_ldt": (154, None),
    "move_pages": (279, 239), "mq_getsetattr": (245, 185), "mq_notify": (244, 184),
    "mq_open": (240, 180), "mq_timedreceive": (243, 183), "mq_timedsend": (242, 182),
    "mq_unlink": (241, 181), "msgctl": (71, 187), "msgget": (68, 186), "msgrcv": (70, 188),
    "msgsnd": (69, 189), "name_to_handle_at": (303, 264), "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265), "perf_event_open": (298, 241), "personality": (135, 92),
    "pivot_root": (155, 41), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "ptrace": (101, 117), "query_module": (178, None), "quotactl": (179, 60), "reboot": (169, 142),
    "remap_file_pages": (216, 234), "request_key": (249, 218), "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
    "semctl": (66, 191), "semget": (64, 190), "semop": (65, 193), "semtimedop": (220, 192),
    "set_mempolicy": (238, 237), "setdomainname": (171, 162), "sethostname": (170, 161),
    "setns": (308, 268), "setpriority": (141, 140), "settimeofday": (164, 170), "shmat": (30, 196),
    "shmctl": (31, 195), "shmdt": (67, 197), "shmget": (29, 194), "swapoff": (168, 225),
    "swapon": (167, 224), "sysfs": (139, None), "syslog": (103, 116), "_sysctl": (156, None),
    "unshare": (272, 97), "uselib": (134, None), "userfaultfd": (323, 282), "ustat": (136, None),
    "vhangup": (153, 58), "vmsplice": (278, 75),
}
# From here on every architecture has the same numbers: io_uring, pidfd, mounts by descriptor, ...
FIRST_SHARED = 424
# close_range, openat2, faccessat2, epoll_pwait2, futex_waitv, fchmodat2, futex_wake, _wait, _requeue.
ALLOWED_SHARED = (436, 437, 439, 441, 449, 452, 454, 455, 456)
CLONE, FORK, VFORK = (56, 220), (57, None), (58, None)
SOCKET, SOCKETPAIR, SETSOCKOPT, FCNTL = (41, 198), (53, 199), (54, 208), (72, 25)
# AF_UNIX, AF_INET, AF_INET6, and the protocols that need no kernel module: the default, TCP, UDP.
DOMAINS, PROTOCOLS = (1, 2, 10), (0, 6, 17)
# F_SETLEASE, F_NOTIFY and F_SETPIPE_SZ, with which a pipe holds 16 times its usual memory.
REFUSED_FCNTL = (1024, 1026, 1031)
PRCTL, SETRLIMIT, PRLIMIT = (157, 167), (160, 164), (302, 261)
# A core dump is handed to a program of the host's, which runs as root there.
PR_SET_DUMPABLE, RLIMIT_CORE = 4, 4
# Of level SOL_SOCKET: SO_SNDBUF and SO_RCVBUF, with which a socket holds megabytes.
SOL_SOCKET, REFUSED_SETSOCKOPT = 1, (7, 8, 32, 33)
CLONE_THREAD = 0x00010000

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32_BIT = 0x40000000
_HIGH_HALF = 4
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _FAIL, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE = 0, 4


def _argument(index):
    """The low half, which is all that the kernel reads of an int."""
    return 16 + 8 * index


def program(machine):
    """A classic BPF program as bytes."""
    column = ARCHITECTURES[machine][0]
    code, when = _begun(machine)
    refuse = (_RETURN, 0, 0, _FAIL | errno.EPERM)
    if column == 0:
        # The calls of x32, which have numbers of their own.
        code += [(_IF_AT_LEAST, 0, 1, _X32_BIT), (_RETURN, 0, 0, _FAIL | errno.ENOSYS)]
    allow = (_RETURN, 0, 0, _ALLOW)
    newer = [(_IF_EQUAL, 0, 1, number) if i % 2 == 0 else allow for number in ALLOWED_SHARED for i in (0, 1)]
    newer.append((_RETURN, 0, 0, _FAIL | errno.ENOSYS))
    code += [(_IF_AT_LEAST, 0, len(newer), FIRST_SHARED)] + newer
    for numbers in REFUSED.values():
        when(numbers[column], [refuse])
    when(CLONE[column], [(_LOAD, 0, 0, _argument(0)), (_IF_ANY_BIT, 0, 1, kernel.CLONE_NEWUSER), refuse, allow])
    when(SOCKET[column], _one_of(0, DOMAINS) + _one_of(2, PROTOCOLS) + [allow])
    when(SOCKETPAIR[column], _one_of(0, DOMAINS) + [allow])
    when(FCNTL[column], _none_of(1, REFUSED_FCNTL) + [allow])
    when(SETSOCKOPT[column], [(_LOAD, 0, 0, _argument(1)), (_IF_EQUAL, 1, 0, SOL_SOCKET), allow]
         + _none_of(2, REFUSED_SETSOCKOPT) + [allow])
    when(PRCTL[column], [(_LOAD, 0, 0, _argument(0)), (_IF_EQUAL, 1, 0, PR_SET_DUMPABLE), allow,
                         (_LOAD, 0, 0, _argument(1)), (_IF_EQUAL, 1, 0, 0), refuse, allow])
    when(SETRLIMIT[column], _none_of(0, (RLIMIT_CORE,)) + [allow])
    # It may be read: without an address of new limits.
    when(PRLIMIT[column], [(_LOAD, 0, 0, _argument(1)), (_IF_EQUAL, 1, 0, RLIMIT_CORE), allow,
                           (_LOAD, 0, 0, _argument(2)), (_IF_EQUAL, 1, 0, 0), refuse,
                           (_LOAD, 0, 0, _argument(2) + _HIGH_HALF), (_IF_EQUAL, 1, 0, 0), refuse, allow])
    return _assembled(code + [allow])


def alone(machine, with_threads):
    """A program that refuses to start processes, and threads too if it says so."""
    column = ARCHITECTURES[machine][0]
    code, when = _begun(machine)
    again, allow = (_RETURN, 0, 0, _FAIL | errno.EAGAIN), (_RETURN, 0, 0, _ALLOW)
    when(CLONE[column], [(_LOAD, 0, 0, _argument(0)), (_IF_ANY_BIT, 1, 0, CLONE_THREAD), again, allow]
         if with_threads else [again])
    when(FORK[column], [again])
    when(VFORK[column], [again])
    return _assembled(code + [allow])


def _begun(machine):
    """The instructions that check the architecture, and a function that adds what a call leads to."""
    architecture = ARCHITECTURES[machine][1]
    code = [(_LOAD, 0, 0, _ARCHITECTURE), (_IF_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL),
            (_LOAD, 0, 0, _NUMBER)]

    def when(number, body):
        if number is not None:
            code.extend([(_IF_EQUAL, 0, len(body), number)] + body)

    return code, when


def _one_of(index, values):
    """Goes on behind itself when the argument is one of the values."""
    count = len(values)
    return ([(_LOAD, 0, 0, _argument(index))]
            + [(_IF_EQUAL, count - i, 0, value) for i, value in enumerate(values)]
            + [(_RETURN, 0, 0, _FAIL | errno.EAFNOSUPPORT)])


def _none_of(index, values):
    """Goes on behind itself when the argument is none of the values."""
    count = len(values)
    return ([(_LOAD, 0, 0, _argument(index))]
            + [(_IF_EQUAL, count - i - 1, 1 if i == count - 1 else 0, value) for i, value in enumerate(values)]
            + [(_RETURN, 0, 0, _FAIL | errno.EPERM)])


def _assembled(code):
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def refuse():
    """For this process and all that it starts; gain_no_privileges comes first."""
    if platform.machine() not in ARCHITECTURES:
        raise OSError(errno.ENOSYS, "no list of system calls for %s" % platform.machine())
    kernel.filter_system_calls(program(platform.machine()))


def refuse_processes(with_threads):
    """with_threads: whether threads remain allowed."""
    kernel.filter_system_calls(alone(platform.machine(), with_threads))
