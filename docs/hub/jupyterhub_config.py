"""JupyterHub for one class on one machine. README.md, beside this file, says how to start it and what to change."""
from __future__ import annotations

import itertools
import os
import socket
import sys
from pathlib import Path
from typing import Any

LEARNERS = 40
"""How many learners may work at the same time."""
MEMORY, PROCESSORS = "1G", 1.0
"""What one learner may use. 350 MB are enough for a day's work; the rest is for a mistake that ends in time."""
IDLE_SECONDS = 60 * 60
"""How long a server may idle before it ends. The learner's page offers to start it again."""
SHORTEST_LOOK = 10 * 60
"""How often somebody looks for servers that idle; the kernels' times are in jupyter/jupyter_server_config.json."""

HUB = Path(__file__).resolve().parent
STATE = Path.cwd()
"""The folder in which JupyterHub was started: its database, its secrets, and what learners hand in."""
DROP = STATE / "drop"
PROGRAMS = Path(sys.prefix) / "bin"
PROXY = Path(sys.prefix) / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy"
PORTS = itertools.cycle(range(20_000, 30_000))
"""The ports of the learners' servers: below those that a system gives to any program that asks for some port."""


def find_port() -> int:
    """Return the next free port: a server needs seconds until it listens, and nobody may take its port meanwhile."""
    return next(port for port in PORTS if is_free(port))


def is_free(port: int) -> bool:
    """Return True if nobody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def give_port(spawner: Any) -> None:
    """Choose the port of a learner's server."""
    spawner.port = find_port()


c = get_config()  # type: ignore[name-defined]  # noqa: F821  # JupyterHub defines it

# Who may come in: the accounts of this machine in the group `learners`, each with its own password.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.authenticator_class = "pam"
c.LocalAuthenticator.allowed_groups = {"learners"}
c.ConfigurableHTTPProxy.command = [str(PROXY) if PROXY.exists() else PROXY.name]

# A class presses Start at the same moment. All may wait in the queue, and each gets a server, however long it takes.
c.JupyterHub.active_server_limit = LEARNERS
c.JupyterHub.concurrent_spawn_limit = LEARNERS
c.Spawner.start_timeout = c.Spawner.http_timeout = 300
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 2}

# With systemd, a learner's processes together stay below these limits; elsewhere each process does (bin/start).
if Path("/run/systemd/system").is_dir():
    c.JupyterHub.spawner_class = "systemd"
    c.SystemdSpawner.isolate_tmp = True
    from systemdspawner import systemdspawner  # it asks this module for a port, not the hook below

    systemdspawner.random_port = find_port
c.Spawner.mem_limit, c.Spawner.cpu_limit = MEMORY, PROCESSORS
c.Spawner.pre_spawn_hook = give_port

# bin/start makes the learner's own copy, and then starts the server in it, on the first notebook.
c.Spawner.cmd = [str(HUB / "bin" / "start"), "jupyterhub-singleuser"]
c.Spawner.environment = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "PKVM_COURSE_HOME": "~/pkvm-course",
                         "PKVM_DROP": str(DROP)}
c.Spawner.notebook_dir = "~/pkvm-course/my_work"
c.Spawner.default_url = "/lab/tree/01-start-here.ipynb"

# Servers that idle end.
c.JupyterHub.load_roles = [{"name": "end-idle-servers", "services": ["end-idle-servers"],
                            "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"]}]
c.JupyterHub.services = [{"name": "end-idle-servers", "command": [
    sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={IDLE_SECONDS}", f"--cull-every={SHORTEST_LOOK}"]}]

# What the hub writes from now on is for nobody else. In the drop folder a learner may write, and nobody but the teacher
# sees what is there.
os.umask(0o077)
DROP.mkdir(exist_ok=True)
DROP.chmod(0o1733)
