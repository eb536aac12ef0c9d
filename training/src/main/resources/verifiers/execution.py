"""Runs any program once, such as a Java virtual machine, and hands its capped output on."""
import base64
import os
import select
import time


def run(isolation, job, config):
    """job: command, environment, files by name as base64, processes, maxOutput."""
    output, theirs = os.pipe()
    started = time.monotonic()
    pid = isolation.fork()
    if pid == 0:
        try:
            become(isolation, job, config, theirs)
        except BaseException as failure:
            os.write(1, str(failure).encode())
        finally:
            os._exit(127)
    os.close(theirs)
    try:
        data, complete = collect(output, started + config["wallSeconds"], job["maxOutput"])
    finally:
        os.close(output)
    return pid, data, complete


def become(isolation, job, config, output):
    os.dup2(output, 1)
    os.setsid()
    os.closerange(3, 4096)
    isolation.restrict({**config, "heapOnly": True, "processes": job["processes"]}, 0)
    for name, content in job["files"].items():
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "wb") as file:
            file.write(base64.b64decode(content))
    os.execve(job["command"][0], job["command"], job["environment"])


def collect(descriptor, deadline, most):
    """What it writes, and whether it came to its end in time and within the cap."""
    parts, size = [], 0
    while True:
        if not select.select([descriptor], [], [], max(0, deadline - time.monotonic()))[0]:
            return b"".join(parts), False
        part = os.read(descriptor, 1 << 16)
        if not part:
            return b"".join(parts), True
        parts.append(part)
        size += len(part)
        if size > most:
            return b"".join(parts)[:most], False
