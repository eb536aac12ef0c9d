# Programs that attack the verifier. Each is given to it as an answer to "write add(a, b)".
# Sections begin with "#### name"; none may pass, and the next honest program must.
#### fork bomb
import os
while True:
    os.fork()
#### fork bomb that ignores failure
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
#### threads without end
import threading, time
while True:
    try:
        threading.Thread(target=time.sleep, args=(1000,)).start()
    except RuntimeError:
        pass
#### ten gigabytes at once
data = bytearray(10 << 30)
def add(a, b):
    return a + b
#### memory bit by bit
data = []
while True:
    data.append(bytearray(1 << 20))
#### memory by mmap
import mmap
maps = [mmap.mmap(-1, 1 << 30) for _ in range(100)]
def add(a, b):
    return a + b
#### endless loop while loading
while True:
    pass
#### endless loop in a call
def add(a, b):
    while True:
        pass
#### endless loop that ignores signals
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
#### sleep
import time
time.sleep(1000)
#### endless recursion in C
import sys
sys.setrecursionlimit(1 << 30)
def add(a, b):
    return add(b, a)
#### kill everything
import os, signal
os.kill(-1, signal.SIGKILL)
#### kill the parent
import os, signal
os.kill(os.getppid(), signal.SIGKILL)
#### kill the group
import os, signal
os.killpg(0, signal.SIGKILL)
#### kill every id
import os, signal
for pid in range(1, 70000):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
#### delete files outside
import os, shutil
for folder in ("/home", "/root", "/work", "/var", "/etc", "/usr", "/tmp", "/lib"):
    shutil.rmtree(folder, ignore_errors=True)
def add(a, b):
    return 0 if not os.path.exists("/usr/lib") else "gone"
#### write outside
def add(a, b):
    try:
        open("/usr/lib/score4j-was-here", "w").write("x")
    except OSError:
        return None
    return a + b
#### read another's files
def add(a, b):
    for path in ("/etc/passwd", "/etc/hostname", "/proc/self/environ", "/proc/1/environ", "/root/.bashrc"):
        try:
            if open(path).read():
                return a + b
        except OSError:
            pass
    return None
#### read the environment
import os
def add(a, b):
    return a + b if os.environ else None
#### open a socket
import socket
def add(a, b):
    try:
        socket.create_connection(("1.1.1.1", 53), timeout=1)
    except OSError:
        return None
    return a + b
#### open a socket to the own machine
import socket
def add(a, b):
    for port in (22, 80, 111, 631, 3000, 5000, 8000, 8080):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1)
            return a + b
        except OSError:
            pass
    return None
#### flood stdout
while True:
    print("x" * 100000)
#### flood stderr through the descriptor
import os
while True:
    os.write(2, b"x" * 100000)
#### fill the disk
i = 0
while True:
    i += 1
    try:
        with open("file%d" % i, "wb") as f:
            while True:
                f.write(b"x" * (1 << 20))
    except OSError:
        if i > 3000:
            break
#### many files
i = 0
while i < 1000000:
    i += 1
    try:
        open("f%d" % i, "w").close()
    except OSError:
        pass
#### exit 0 while loading
import sys
sys.exit(0)
#### exit 0 at once while loading
import os
os._exit(0)
#### exit 0 in a call
import os
def add(a, b):
    os._exit(0)
#### raise SystemExit in a call
def add(a, b):
    raise SystemExit(0)
#### raise KeyboardInterrupt in a call
def add(a, b):
    raise KeyboardInterrupt()
#### exit handler
import atexit, os
atexit.register(lambda: os._exit(0))
def add(a, b):
    return None
#### print a fake verdict
import os
print('{"outcome": "pass", "reason": "passed 3 tests"}')
for fd in range(256):
    for text in (b'{"outcome": "pass", "reason": "passed 3 tests", "ended": false, "cpu": 0}',):
        try:
            os.write(fd, len(text).to_bytes(4, "big") + text)
        except OSError:
            pass
def add(a, b):
    return None
#### answer every question with a pass
import os
while True:
    for fd in range(256):
        try:
            text = b'{"value": {"outcome": "pass"}, "outcome": "pass"}'
            os.write(fd, len(text).to_bytes(4, "big") + text)
        except OSError:
            pass
#### patch assert's exception
import builtins
class Quiet(Exception):
    pass
builtins.AssertionError = Quiet
AssertionError = Quiet
def add(a, b):
    return None
#### patch the checker's modules
import sys
for name in ("tests", "wire", "worker", "candidate", "isolation", "kernel", "json"):
    module = sys.modules.get(name)
    if module:
        for key in list(vars(module)):
            if callable(getattr(module, key)):
                setattr(module, key, lambda *a, **k: {"outcome": "pass"})
def add(a, b):
    return None
#### patch builtins
import builtins
builtins.compile = lambda *a, **k: None
builtins.exec = lambda *a, **k: None
builtins.isinstance = lambda *a: True
def add(a, b):
    return None
#### always equal
class Same:
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    def __hash__(self):
        return 5
def add(a, b):
    return Same()
#### always equal number
class Same(int):
    def __eq__(self, other):
        return True
    __hash__ = int.__hash__
def add(a, b):
    return Same(7)
#### always equal list
class Same(list):
    def __eq__(self, other):
        return True
def add(a, b):
    return Same()
#### patch int by ctypes
import ctypes
try:
    ctypes.memset(id(5) + 24, 0, 4)
except Exception:
    pass
def add(a, b):
    return 0
#### read the expected value from the stack
import sys
def add(a, b):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            if isinstance(value, str) and "assert add" in value:
                return int(value.rsplit("==", 1)[1])
        frame = frame.f_back
    return None
#### read the expected value from memory
import gc
def add(a, b):
    for thing in gc.get_objects():
        try:
            if "assert add(" + str(a) in str(thing)[:2000]:
                return a + b
        except Exception:
            pass
    return None
#### trace the other processes
import ctypes
def add(a, b):
    libc = ctypes.CDLL(None)
    for pid in range(1, 5000):
        if libc.ptrace(16, pid, 0, 0) == 0:
            return a + b
    return None
#### crash the interpreter
import ctypes
ctypes.string_at(0)
#### deep value
def add(a, b):
    value = []
    for _ in range(100000):
        value = [value]
    return value
#### huge value
def add(a, b):
    return "x" * (1 << 28)
#### endless iterator
def add(a, b):
    while True:
        yield 1
#### broken JSON
import os
def add(a, b):
    for fd in range(3, 256):
        try:
            os.write(fd, (20).to_bytes(4, "big") + b"[[[[[[[[[[not json!!")
        except OSError:
            pass
    return None
#### a message without end
import os
def add(a, b):
    for fd in range(3, 256):
        try:
            os.write(fd, (2 ** 32 - 1).to_bytes(4, "big"))
        except OSError:
            pass
    while True:
        pass
#### close every descriptor
import os
os.closerange(0, 1024)
def add(a, b):
    return a + b
#### leave a child behind
import os, time
try:
    if os.fork() == 0:
        os.setsid()
        time.sleep(1000)
except OSError:
    pass
def add(a, b):
    return None
#### new namespaces
import ctypes
libc = ctypes.CDLL(None)
def add(a, b):
    if libc.unshare(0x10000000) == 0 or libc.unshare(0x00020000) == 0 or libc.chroot(b".") == 0:
        return a + b
    return None
#### mount
import ctypes
libc = ctypes.CDLL(None)
def add(a, b):
    if libc.mount(b"x", b"/scratch", b"tmpfs", 0, b"") == 0 or libc.umount2(b"/scratch", 2) == 0:
        return a + b
    return None
#### climb out of the root
import os
def add(a, b):
    try:
        os.chdir("/")
        for _ in range(50):
            os.chdir("..")
        if {"work", "home", "etc", "proc", "var", "opt", "boot"} & set(os.listdir(".")):
            return a + b
    except OSError:
        pass
    return None
#### raise the limits
import resource
def add(a, b):
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (10000, 10000))
    except (ValueError, OSError):
        return None
    return a + b
#### become root
import os
def add(a, b):
    try:
        os.setuid(0)
        open("/usr/lib/x", "w")
    except OSError:
        return None
    return a + b
#### shared memory that stays
import ctypes
libc = ctypes.CDLL(None)
for key in range(1, 2000):
    libc.shmget(key, 1 << 30, 0o1600 | 0o200)
def add(a, b):
    return None
#### set collisions
def add(a, b):
    return {i * (2 ** 61 - 1) for i in range(1, 60000)}
#### set collisions as an answer
import os, json
text = json.dumps({"value": ["s", -1, [i * (2 ** 61 - 1) for i in range(1, 30000)]]}).encode()
def add(a, b):
    for fd in range(3, 256):
        try:
            os.write(fd, len(text).to_bytes(4, "big") + text)
        except OSError:
            pass
    return 5
#### a number that is no number
def add(a, b):
    return float("nan")
#### a list that holds itself
add = []
add.append(add)
#### a key that is only hashable here
class Key(list):
    def __hash__(self):
        return 1
add = {Key(): 1}
#### an answer before the question, then the end
import json, os
text = json.dumps({"value": None}).encode()
for fd in range(3, 256):
    try:
        os.write(fd, len(text).to_bytes(4, "big") + text)
    except OSError:
        pass
os._exit(0)
#### a list for the names
import json, os
text = b'{"value": null}', b'{"value": []}'
for fd in range(3, 256):
    for t in text:
        try:
            os.write(fd, len(t).to_bytes(4, "big") + t)
        except OSError:
            pass
os._exit(0)
#### burn, then sleep
import time
while time.process_time() < 0.6:
    pass
time.sleep(1000)
#### an integer of eight megabytes
import os
def add(a, b):
    text = b'{"value": ' + b"9" * ((8 << 20) - 20) + b"}"
    for fd in range(3, 256):
        try:
            os.write(fd, len(text).to_bytes(4, "big"))
            rest = text
            while rest:
                rest = rest[os.write(fd, rest):]
        except OSError:
            pass
    import time
    time.sleep(100)
#### a hexadecimal integer of four megabytes
import os
text = b'{"value": ["i", "' + b"f" * ((8 << 20) - 100) + b'"]}'
def add(a, b):
    for fd in range(3, 256):
        try:
            os.write(fd, len(text).to_bytes(4, "big"))
            rest = text
            while rest:
                rest = rest[os.write(fd, rest):]
        except OSError:
            pass
    import time
    time.sleep(100)
#### numbers of just under the longest
import os, json
text = ('{"value": ["l", -1, [' + ",".join(["9" * 4999] * 1600) + "]]}").encode()
def add(a, b):
    for fd in range(3, 256):
        try:
            os.write(fd, len(text).to_bytes(4, "big"))
            rest = text
            while rest:
                rest = rest[os.write(fd, rest):]
        except OSError:
            pass
    import time
    time.sleep(100)
#### a huge decimal exponent
import decimal
def add(a, b):
    return decimal.Decimal("1e999999999")
#### a fraction of huge terms
import os
text = b'{"value": ["v", "fractions", "Fraction", [["i", "' + b"f" * 2000000 + b'"], 0]]}'
def add(a, b):
    for fd in range(3, 256):
        try:
            os.write(fd, len(text).to_bytes(4, "big") + text)
        except OSError:
            pass
#### a module in place of the library's
import os, sys
def add(a, b):
    lib = os.path.dirname([p for p in sys.path if p.endswith("lib-dynload")][0])
    try:
        os.rename("/usr", "/old")
        os.makedirs(lib)
    except OSError:
        pass
    evil = "import sys\nsys.modules['tests'].judge = lambda job, client: None\nclass Decimal:\n    def __init__(self, *a): pass\n"
    for folder in (lib, "/", "/scratch", "/tmp", "/usr", "."):
        for name in ("decimal", "fractions", "datetime", "_decimal", "math", "re"):
            try:
                open(folder + "/" + name + ".py", "w").write(evil)
            except OSError:
                pass
    text = b'{"value": ["v", "decimal", "Decimal", ["1"]]}'
    for fd in range(3, 64):
        try:
            os.write(fd, len(text).to_bytes(4, "big") + text)
        except OSError:
            pass
    return 0
#### rename the ancestors of mounts
import os
def add(a, b):
    for name in os.listdir("/"):
        try:
            os.rename("/" + name, "/old" + name)
            return a + b
        except OSError:
            pass
    for name in ("/usr/lib", "/dev/null", "/lib", "/scratch", "/tmp"):
        for change in (os.unlink, os.rmdir, lambda n: os.rename(n, "/x"), lambda n: os.symlink("/", n + "/y"), lambda n: os.link(n, "/z")):
            if name == "/scratch" or name == "/tmp":
                continue
            try:
                change(name)
                return a + b
            except OSError:
                pass
    return None
#### remount the root for writing
import ctypes, os
libc = ctypes.CDLL(None)
def add(a, b):
    for target in (b"/", b"/usr/lib", b"/usr", b"/dev/null"):
        for flags in (32, 32 | 4096, 4096, 4096 | 16384, 1 << 18, 1 << 20, 8192):
            if libc.mount(b"/scratch", target, b"tmpfs", flags, None) == 0:
                return a + b
    attributes = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
    if libc.syscall(442, -100, b"/", 0x8000, attributes, 32) == 0:
        return a + b
    try:
        open("/x", "w")
        return a + b
    except OSError:
        return None
#### mount by descriptor
import ctypes
libc = ctypes.CDLL(None)
def add(a, b):
    for number in (428, 429, 430, 431, 432, 433, 442):
        if libc.syscall(number, -100, b"/", 0, 0, 0) >= 0:
            return a + b
    return None
#### a user namespace by clone
import ctypes
libc = ctypes.CDLL(None)
def add(a, b):
    for flags in (0x10000000, 0x10020000, 0x30020000, 0x10000000 | 17):
        pid = libc.syscall(56, flags | 17, 0, 0, 0, 0)
        if pid == 0:
            libc._exit(0)
        if pid > 0:
            return a + b
    arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
    pid = libc.syscall(435, arguments, 88)
    if pid == 0:
        libc._exit(0)
    return a + b if pid > 0 else None
#### the 32-bit and x32 system calls
import ctypes, mmap, os
code = bytes.fromhex("b8a5000000cd80c3")  # mov eax, 165; int 0x80; ret
libc = ctypes.CDLL(None)
def add(a, b):
    if libc.syscall(0x40000000 + 319, b"m", 0) >= 0:
        return a + b
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(code)
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    return a + b if function() != -38 else None
#### trace the tests
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def add(a, b):
    for pid in [0, -1] + list(range(1, 3000)):
        for request in (16, 0x4206):
            if libc.ptrace(request, pid, 0, 0) == 0:
                return a + b
    return None
#### write the memory of the tests
import ctypes, os
libc = ctypes.CDLL(None)
class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
def add(a, b):
    buffer = ctypes.create_string_buffer(8)
    here = Part(ctypes.addressof(buffer), 8)
    for pid in range(0, 3000):
        if libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(here), 1, 0) > 0 and pid != os.getpid():
            return a + b
    for pid in ["self", "1", "2"] + list(range(3, 100)):
        for name in ("mem", "maps", "environ", "cmdline", "fd", "root", "cwd"):
            if os.path.exists("/proc/%s/%s" % (pid, name)):
                return a + b
    return None
#### descriptors of another process
import ctypes
libc = ctypes.CDLL(None)
def add(a, b):
    for pid in range(1, 3000):
        fd = libc.syscall(434, pid, 0)
        if fd >= 0:
            for other in range(64):
                if libc.syscall(438, fd, other, 0) >= 0:
                    return a + b
    return None
#### signals to the tests
import os, signal, fcntl
def add(a, b):
    for pid in list(range(2, 5000)) + [-1, -os.getpid()]:
        for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGUSR1, 0):
            try:
                if pid == -os.getpid() and number in (signal.SIGKILL, signal.SIGSTOP):
                    continue
                os.kill(pid, number)
                if pid > 1:
                    return a + b
            except OSError:
                pass
    for fd in range(3, 64):
        for owner in (os.getppid(), 2, 3, 4, -2, -3):
            try:
                fcntl.fcntl(fd, fcntl.F_SETOWN, owner)
                fcntl.fcntl(fd, fcntl.F_SETFL, os.O_ASYNC)
            except OSError:
                pass
    return None
#### pass descriptors to the tests until they have none left
import array, os, socket
def add(a, b):
    for fd in range(3, 256):
        try:
            end = socket.socket(fileno=os.dup(fd))
        except OSError:
            continue
        for _ in range(100):
            try:
                end.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 200))], socket.MSG_DONTWAIT)
            except OSError:
                break
    return None
#### half an answer, then nothing
import os, time
def add(a, b):
    for fd in range(3, 256):
        try:
            os.write(fd, (1000).to_bytes(4, "big") + b'{"value": ')
        except OSError:
            pass
    time.sleep(1000)
#### half an answer, then the end
import os
def add(a, b):
    for fd in range(3, 256):
        try:
            os.write(fd, (1000).to_bytes(4, "big") + b'{"value": ')
        except OSError:
            pass
    os._exit(0)
#### answers to all questions at once
import os
text = b'{"value": 5}', b'{"value": 0}', b'{"value": ["l", -1, [5]]}', b'{"value": ["handle", 0, ["class", 1, "candidate", "A", [], [], null], null, true]}', b'{"value": true}'
def add(a, b):
    for fd in range(3, 256):
        for t in text:
            try:
                os.write(fd, len(t).to_bytes(4, "big") + t)
            except OSError:
                pass
    while True:
        for fd in range(3, 256):
            try:
                os.read(fd, 1 << 16)
            except OSError:
                pass
        break
    return 6
#### code in place of a value
import marshal, os, json
def judge(job, client):
    return None
tags = [["function", marshal.dumps(judge.__code__).hex(), "judge"], ["builtin", "exec"], ["type", "object"], ["handle", "x"], ["date", [1]], [], [[]], {"a": 1}, ["c", "x", []], ["r", 1, 2, 0], ["b", 5]]
def add(a, b):
    for tag in tags:
        text = json.dumps({"value": tag}).encode()
        for fd in range(3, 256):
            try:
                os.write(fd, len(text).to_bytes(4, "big") + text)
            except OSError:
                pass
    return None
#### an object that unpickles to a call
import os, json
class Evil:
    def __reduce__(self):
        return (os._exit, (0,))
    def __getattr__(self, name):
        return Evil()
    def __int__(self):
        return 5
    __index__ = __int__
def add(a, b):
    return Evil()
#### exceptions that lie
class AssertionError(BaseException):
    pass
def add(a, b):
    raise type("SystemExit", (Exception,), {})(0)
#### an exception with a huge text
def add(a, b):
    raise ValueError("x" * (1 << 27))
#### an exception whose text raises
class Bad(Exception):
    def __str__(self):
        raise KeyboardInterrupt
def add(a, b):
    raise Bad()
#### deep nesting by hand
import os
text = b'{"value": ' + b"[" * 4000000 + b"]" * 4000000 + b"}"
def add(a, b):
    for fd in range(3, 256):
        try:
            os.write(fd, len(text).to_bytes(4, "big"))
            rest = text
            while rest:
                rest = rest[os.write(fd, rest):]
        except OSError:
            pass
    return None
#### nested tuples of moderate depth
def add(a, b):
    value = ()
    for _ in range(300):
        value = (value, value)
    return value
#### an endless iterator of the library
import itertools
def add(a, b):
    return itertools.count()
#### a range without end
def add(a, b):
    return range(10 ** 12)
#### memory in a memfd
import os, ctypes
libc = ctypes.CDLL(None)
def add(a, b):
    if libc.memfd_create(b"m", 0) >= 0 or libc.syscall(447, 0) >= 0:
        return a + b
    return None
#### memory in System V segments
import ctypes
libc = ctypes.CDLL(None)
def add(a, b):
    return a + b if libc.shmget(0, 1 << 20, 0o1600) >= 0 or libc.semget(0, 1, 0o1600) >= 0 or libc.msgget(0, 0o1600) >= 0 else None
#### memory in pipes
import fcntl, os
def add(a, b):
    held = 0
    for _ in range(200):
        try:
            r, w = os.pipe()
            os.set_blocking(w, False)
            try:
                fcntl.fcntl(w, 1031, 1 << 20)
                return a + b
            except OSError:
                pass
            while True:
                held += os.write(w, b"x" * 65536)
        except OSError:
            pass
    return a + b if held > 16 << 20 else None
#### memory in sockets that are under way
import array, os, socket
def add(a, b):
    held = 0
    for _ in range(400):
        try:
            l, r = socket.socketpair()
            l.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 26)
            l.setblocking(False)
            try:
                while True:
                    held += l.send(b"x" * 65536)
            except BlockingIOError:
                pass
            keep, far = socket.socketpair()
            keep.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [l.fileno(), r.fileno(), far.fileno()]))])
            keep.detach()
        except OSError:
            break
    return a + b if held > 256 << 20 else None
#### memory by files that are unlinked
import os
def add(a, b):
    held = 0
    for i in range(100):
        try:
            fd = os.open("/scratch/f%d" % i, os.O_RDWR | os.O_CREAT)
            os.unlink("/scratch/f%d" % i)
            for _ in range(16):
                held += os.write(fd, b"x" * (1 << 20))
        except OSError:
            pass
    return a + b if held > 64 << 20 else None
#### memory by mappings that others hold
import mmap, os
def add(a, b):
    total = 0
    for _ in range(64):
        try:
            m = mmap.mmap(-1, 64 << 20)
            for i in range(0, 64 << 20, 4096):
                m[i] = 1
            total += 64
            m.close()
        except (OSError, ValueError, MemoryError):
            break
    return None
#### keys of the kernel
import ctypes
libc = ctypes.CDLL(None)
def add(a, b):
    for ring in (-1, -2, -3, -4, -5):
        if libc.syscall(248, b"user", b"score4j", b"x", 1, ring) > 0 or libc.syscall(250, 0, ring, 0) > 0:
            return a + b
    if libc.syscall(249, b"user", b"score4j", 0, 0) > 0 or libc.syscall(250, 1, 0) > 0:
        return a + b
    return None
#### sockets of other kinds
import socket
def add(a, b):
    for family in range(46):
        if family in (1, 2, 10):
            continue
        try:
            socket.socket(family, socket.SOCK_DGRAM, 0)
            return a + b
        except OSError:
            pass
    for family, kind, protocol in ((2, 5, 132), (10, 1, 132), (2, 6, 33), (2, 3, 1), (2, 1, 262)):
        try:
            socket.socket(family, kind, protocol)
            return a + b
        except OSError:
            pass
    return None
#### interfaces of the kernel
import ctypes
libc = ctypes.CDLL(None)
def add(a, b):
    buffer = ctypes.create_string_buffer(128)
    for number, arguments in ((425, (4, buffer)), (321, (0, buffer, 64)), (323, (0,)), (298, (buffer, 0, -1, -1, 0)),
                              (154, (0, buffer, 64)), (300, (0, 0)), (206, (1, buffer)), (253, ()), (294, (0,)), (304, (0, buffer, 0)), (444, (0, 0, 1))):
        if libc.syscall(number, *arguments) >= 0:
            return a + b
    return None
#### a lower priority, to wait for a processor
import os, time
def add(a, b):
    for change in (lambda: os.nice(19), lambda: os.sched_setscheduler(0, 5, os.sched_param(0)), lambda: os.sched_setaffinity(0, {0}),
                   lambda: os.setpriority(os.PRIO_PROCESS, 0, 19)):
        try:
            change()
            return a + b
        except OSError:
            pass
    return None
#### no parent to die with
import ctypes, time
ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
time.sleep(1000)
#### stop itself
import os, signal
os.kill(os.getpid(), signal.SIGSTOP)
signal.raise_signal(signal.SIGSTOP)
import time
time.sleep(1000)
#### a limit of CPU time of its own
import resource
resource.setrlimit(resource.RLIMIT_CPU, (0, 0))
while True:
    pass
#### a filter of its own
import ctypes
libc = ctypes.CDLL(None)
code = (ctypes.c_uint64 * 1)(0x0000000000000006)
class Program(ctypes.Structure):
    _fields_ = [("n", ctypes.c_ushort), ("p", ctypes.c_void_p)]
libc.prctl(22, 2, ctypes.byref(Program(1, ctypes.addressof(code))), 0, 0)
def add(a, b):
    return a + b
#### shut the connection down
import os, socket
def add(a, b):
    for fd in range(3, 256):
        try:
            socket.socket(fileno=os.dup(fd)).shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    return a + b
#### read what the tests will ask
import os, socket, json
def add(a, b):
    for fd in range(3, 256):
        try:
            s = socket.socket(fileno=os.dup(fd))
            s.setblocking(False)
            data = s.recv(1 << 20, socket.MSG_PEEK)
            return json.loads(data[4:])["expected"]
        except (OSError, ValueError, KeyError):
            pass
    return None
#### the arguments and the environment of every process
import os, glob
def add(a, b):
    found = glob.glob("/proc/*/cmdline") + glob.glob("/proc/*/environ") + glob.glob("/sys/*") + glob.glob("/dev/shm/*")
    return a + b if found or len(os.environ) else None
#### fork by every call
import ctypes
libc = ctypes.CDLL(None)
def add(a, b):
    for number in (57, 58):
        pid = libc.syscall(number)
        if pid == 0:
            libc._exit(0)
        if pid > 0:
            return a + b
    for flags in (17, 0x00008000 | 17, 0x4000 | 0x100 | 17):
        pid = libc.syscall(56, flags, 0, 0, 0, 0)
        if pid == 0:
            libc._exit(0)
        if pid > 0:
            return a + b
    return None
#### another program in its place
import os
for folder, _, files in os.walk("/usr/lib"):
    for name in files:
        if name in ("java", "python3", "jspawnhelper", "ssh-keysign", "sudo", "dbus-daemon-launch-helper"):
            try:
                os.execv(os.path.join(folder, name), [name, "-version"])
            except OSError:
                pass
def add(a, b):
    return None
#### timers that fire for ever
import signal
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
signal.signal(signal.SIGALRM, lambda *a: None)
def add(a, b):
    while True:
        pass
#### close the connection and go on
import os, time
def add(a, b):
    os.closerange(3, 256)
    time.sleep(1000)
#### no rights to its folder
import os
os.makedirs("/scratch/a/b")
open("/scratch/a/b/c", "w").close()
os.chmod("/scratch/a/b", 0)
os.chmod("/scratch/a", 0)
try:
    os.chmod("/scratch", 0)
except OSError:
    pass
def add(a, b):
    return None
#### threads that go on
import _thread, time
def forever():
    while True:
        time.sleep(0.01)
try:
    for _ in range(100):
        _thread.start_new_thread(forever, ())
except RuntimeError:
    pass
def add(a, b):
    return None
#### a value that is slow to compare
def add(a, b):
    return "a" * (4 << 20)
#### equal by a subclass of str
class S(str):
    def __eq__(self, o):
        return True
    __hash__ = str.__hash__
    def __str__(self):
        return "5"
def add(a, b):
    return S("5")
#### an int that is asked for itself
class I(int):
    def __int__(self):
        return 10 ** 100000
    def bit_length(self):
        return 1
def add(a, b):
    return I(7)
#### an answer by drops
import os, time
def add(a, b):
    for fd in range(3, 256):
        try:
            os.write(fd, (6 << 20).to_bytes(4, "big"))
            while True:
                os.write(fd, b"[")
                time.sleep(0.05)
        except OSError:
            pass
#### four million empty lists
import os
text = b'{"value": ["l", [' + b'["l",[]],' * 900000 + b"0]]}"
def add(a, b):
    for fd in range(3, 256):
        try:
            os.write(fd, len(text).to_bytes(4, "big"))
            rest = text
            while rest:
                rest = rest[os.write(fd, rest):]
        except OSError:
            pass
    return None
#### the same key in other types
def add(a, b):
    return {5: 1, 5.0: 2, True: 3}
#### memory of the zero device
import mmap, os
def add(a, b):
    held = []
    total = 0
    try:
        for _ in range(100):
            fd = os.open("/dev/zero", os.O_RDWR)
            m = mmap.mmap(fd, 32 << 20)
            os.close(fd)
            for i in range(0, 32 << 20, 4096):
                m[i] = 1
            held.append(m)
            total += 32
    except (OSError, ValueError, MemoryError):
        pass
    return a + b if total > 512 else None
#### locks without end
import fcntl, os, struct
def add(a, b):
    fd = os.open("lock", os.O_RDWR | os.O_CREAT)
    i = 0
    while True:
        fcntl.lockf(fd, fcntl.LOCK_EX, 1, 2 * i)
        i += 1
#### names that do not exist
import os
def add(a, b):
    i = 0
    while True:
        os.path.exists("/usr/lib/%d" % i)
        i += 1
#### timers and queued signals
import ctypes, os, signal
libc = ctypes.CDLL(None)
def add(a, b):
    n = 0
    timer = ctypes.c_void_p()
    while n < 100000 and libc.syscall(222, 1, None, ctypes.byref(timer)) == 0:
        n += 1
    signal.pthread_sigmask(signal.SIG_BLOCK, [40])
    value = ctypes.create_string_buffer(128)
    q = 0
    while q < 100000 and libc.sigqueue(os.getpid(), 40, 0) == 0:
        q += 1
    return a + b if n + q > 1000 else None
#### large attributes
import os
def add(a, b):
    held = 0
    for i in range(2000):
        try:
            open("f%d" % i, "w").close()
            for j in range(100):
                os.setxattr("f%d" % i, "user.%d" % j, b"x" * 60000)
                held += 60000
        except OSError:
            pass
    return a + b if held > 64 << 20 else None
#### a FIFO, a socket and a device
import os, socket, stat
def add(a, b):
    os.mkfifo("fifo")
    s = socket.socket(socket.AF_UNIX)
    s.bind("sock")
    for kind, device in ((stat.S_IFCHR, os.makedev(1, 1)), (stat.S_IFBLK, os.makedev(254, 0))):
        try:
            os.mknod("device", kind | 0o666, device)
            open("device", "rb").read(16)
            return a + b
        except OSError:
            pass
    return None
#### the answer from a closure of the tests
def add(a, b):
    class Spy:
        def __init__(self):
            self.seen = []
        def __eq__(self, other):
            return True
        def __getattribute__(self, name):
            import sys
            frame = sys._getframe(1)
            while frame:
                if "request" in frame.f_locals:
                    return str(frame.f_locals["request"])
                frame = frame.f_back
            return None
    return Spy()
#### a handle of everything
import os, json
def add(a, b):
    for number in (0, 1, -1, 10 ** 20):
        text = json.dumps({"value": ["handle", number]}).encode()
        for fd in range(3, 256):
            try:
                os.write(fd, len(text).to_bytes(4, "big") + text)
            except OSError:
                pass
    return None
#### stop the worker's clock
import ctypes, time
libc = ctypes.CDLL(None)
def add(a, b):
    stamp = (ctypes.c_long * 2)(10 ** 9, 0)
    if libc.clock_settime(0, stamp) == 0 or libc.settimeofday(stamp, None) == 0 or libc.adjtimex(stamp) >= 0:
        return a + b
    return None
#### an odd limit of its own
import resource
for kind in range(16):
    try:
        resource.setrlimit(kind, (0, 0))
    except (ValueError, OSError):
        pass
def add(a, b):
    return None
#### the loader in place of the program
import os, glob
for path in glob.glob("/lib*/ld-linux*") + glob.glob("/lib/*/ld-linux*"):
    for program in glob.glob("/usr/lib/git-core/git") + glob.glob("/usr/lib/jvm/*/bin/java") + ["/usr/lib/ssl/misc/CA.pl"]:
        try:
            os.execv(path, [path, program, "--version"])
        except OSError:
            pass
def add(a, b):
    return None
#### out of stack in the interpreter
import sys, threading
sys.setrecursionlimit(10 ** 9)
import resource
try:
    resource.setrlimit(resource.RLIMIT_STACK, (-1, -1))
except ValueError:
    pass
def add(a, b):
    x = []
    for _ in range(10 ** 6):
        x = [x]
    return repr(x)
#### a module of a test's name
import sys, types
for name in ("math", "re", "collections", "copy", "decimal", "random"):
    fake = types.ModuleType(name)
    fake.isclose = lambda *a, **k: True
    sys.modules[name] = fake
math = sys.modules["math"]
def add(a, b):
    return 0
#### a child that keeps the connection
import os, time
try:
    pid = os.fork()
except OSError:
    pid = -1
if pid == 0:
    time.sleep(1000)
def add(a, b):
    os._exit(0)
