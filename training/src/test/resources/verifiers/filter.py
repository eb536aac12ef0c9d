"""Runs the seccomp filter for both architectures through an interpreter of classic BPF.

Argument: the folder of the worker's modules. Ends with "ok", or with the first call that is not as it
should be.
"""
import struct
import sys

sys.path.insert(0, sys.argv[1])
import syscalls

ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, EAGAIN, ENOSYS, EAFNOSUPPORT = (0x50000 | number for number in (1, 11, 38, 97))


def run(program, number, architecture, *arguments):
    data = struct.pack("<IIQ6Q", number, architecture, 0, *(arguments + (0,) * 6)[:6])
    at = accumulator = 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        if code == 0x06:
            return value
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: accumulator & value != 0}[code]
            at += if_true if holds else if_false


def check(found, expected, what):
    if found != expected:
        sys.exit("%s: %#x instead of %#x" % (what, found, expected))


# Of the C library and the interpreter: read, write, close, mmap, futex, openat, getrandom, exit_group.
ORDINARY = {"x86_64": (0, 1, 3, 9, 202, 257, 318, 231), "aarch64": (63, 64, 57, 222, 98, 56, 278, 94)}
for machine, (column, architecture) in syscalls.ARCHITECTURES.items():
    program = syscalls.program(machine)
    test = lambda expected, numbers, *arguments: check(
        run(program, numbers if isinstance(numbers, int) else numbers[column], architecture, *arguments),
        expected, "%s %s %s" % (machine, numbers, arguments))
    for name, numbers in syscalls.REFUSED.items():
        if numbers[column] is not None:
            test(EPERM, numbers)
    for number in ORDINARY[machine]:
        test(ALLOW, number)
    for number in (424, 425, 428, 434, 435, 438, 442, 447, 999, 0x3FFFFFFF):
        test(ENOSYS, number)
    for number in (436, 439, 441, 449):
        test(ALLOW, number)
    if machine == "x86_64":
        test(ENOSYS, 0x40000000 + 319)
    check(run(program, 1, 0x40000003), KILL, "another architecture")
    test(EPERM, syscalls.CLONE, 0x10000011)
    test(ALLOW, syscalls.CLONE, 0x20000011)
    for domain in range(46):
        test(ALLOW if domain in (1, 2, 10) else EAFNOSUPPORT, syscalls.SOCKET, domain, 1, 0)
        test(ALLOW if domain in (1, 2, 10) else EAFNOSUPPORT, syscalls.SOCKETPAIR, domain, 1, 0)
    for protocol in (1, 17, 33, 132, 262):
        test(ALLOW if protocol == 17 else EAFNOSUPPORT, syscalls.SOCKET, 2, 1, protocol)
    for command in range(1100):
        test(EPERM if command in (1024, 1026, 1031) else ALLOW, syscalls.FCNTL, 3, command)
    for level in (0, 1, 6):
        for option in range(60):
            test(EPERM if level == 1 and option in (7, 8, 32, 33) else ALLOW, syscalls.SETSOCKOPT, 3, level, option)
    for option in range(70):
        test(EPERM if option == 4 else ALLOW, syscalls.PRCTL, option, 1)
        test(ALLOW, syscalls.PRCTL, option, 0)
    for limit in range(16):
        refused = EPERM if limit == 4 else ALLOW
        test(refused, syscalls.SETRLIMIT, limit, 0x1000)
        test(refused, syscalls.PRLIMIT, 0, limit, 0x1000)
        test(refused, syscalls.PRLIMIT, 0, limit, 1 << 40)
        test(ALLOW, syscalls.PRLIMIT, 0, limit, 0, 0x1000)
    for with_threads in (False, True):
        program = syscalls.alone(machine, with_threads)
        test(EAGAIN, syscalls.CLONE, 17)
        test(ALLOW if with_threads else EAGAIN, syscalls.CLONE, 0x3D0F00)
        for numbers in (syscalls.FORK, syscalls.VFORK):
            if numbers[column] is not None:
                test(EAGAIN, numbers)
        for number in ORDINARY[machine]:
            test(ALLOW, number)
print("ok")
