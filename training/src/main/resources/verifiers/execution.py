"""Runs any program once, such as a Java virtual machine, and hands its capped output on."""
import base64
import os


def start(isolation, job, config):
    """Its id, and a descriptor to read its output from.

    job: command, environment, files by name as base64, processes, maxOutput.
    """
    output, theirs = os.pipe()
    pid = isolation.fork()
    if pid == 0:
        try:
            become(isolation, job, config, theirs)
        except BaseException as failure:
            os.write(1, str(failure).encode())
        finally:
            os._exit(127)
    os.close(theirs)
    return pid, output


def become(isolation, job, config, output):
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 2)
    os.dup2(output, 1)
    os.closerange(3, 4096)
    isolation.restrict({**config, "threadsOnly": True, "processes": job["processes"]})
    for name, content in job["files"].items():
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "wb") as file:
            file.write(base64.b64decode(content))
    os.execve(job["command"][0], job["command"], job["environment"])


def collect(output, most, wait):
    """What it writes, and whether it came to its end: False when above the cap, None when late.

    wait: waits for more output; false when its time is up.
    """
    parts, size = [], 0
    try:
        while wait():
            part = os.read(output, 1 << 16)
            if not part:
                return b"".join(parts), True
            parts.append(part)
            size += len(part)
            if size > most:
                return b"".join(parts)[:most], False
        return b"".join(parts), None
    finally:
        os.close(output)
