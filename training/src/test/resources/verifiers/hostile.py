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
text = json.dumps({"value": ["s", [i * (2 ** 61 - 1) for i in range(1, 30000)]]}).encode()
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
