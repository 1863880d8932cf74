"""The files of `docs/hub` say what a hub, its servers and its chart understand."""
from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from traitlets.config import Config

from pkvm_model.course import lab_kernels
from pkvm_model.course.dev.hub import FOLDER
from pkvm_model.course.paths import ROOT

NUMBER, WHOLE, TEXT, FLAG = ({"type": kind} for kind in ("number", "integer", "string", "boolean"))


def closed(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object that has no other properties."""
    return {"type": "object", "additionalProperties": False, "properties": properties}


LIST, OPEN, SIZE = {"type": "array"}, {"type": "object"}, {"type": ["number", "string"]}
CHART = closed(
    hub=closed(activeServerLimit=WHOLE, concurrentSpawnLimit=WHOLE, config={"additionalProperties": OPEN}),
    singleuser=closed(
        image=closed(name=TEXT, tag=TEXT, pullPolicy=TEXT, pullSecrets=LIST), cmd=TEXT, defaultUrl=TEXT,
        startTimeout=WHOLE, memory=closed(guarantee=SIZE, limit=SIZE), cpu=closed(guarantee=NUMBER, limit=NUMBER),
        extraEnv={"additionalProperties": TEXT},
        storage=closed(type={"enum": ["dynamic", "static", "none"]}, capacity=TEXT, homeMountPath=TEXT, dynamic=OPEN,
                       static=OPEN, extraLabels=OPEN, extraVolumes=LIST, extraVolumeMounts=LIST),
        extraAnnotations=OPEN, extraLabels=OPEN, extraFiles=OPEN, initContainers=LIST, profileList=LIST, uid=WHOLE,
        fsGid=WHOLE, lifecycleHooks=closed(postStart=OPEN, preStop=OPEN), networkPolicy=OPEN, nodeSelector=OPEN),
    prePuller=closed(hook=closed(enabled=FLAG, pullOnlyOnChanges=FLAG), continuous=closed(enabled=FLAG)),
    cull=closed(enabled=FLAG, users=FLAG, adminUsers=FLAG, removeNamedServers=FLAG, timeout=WHOLE, every=WHOLE,
                concurrency=WHOLE, maxAge=WHOLE))
"""The part of the chart's own schema that the values may use, in our words: names, types, what is closed."""
VALUES = yaml.safe_load((FOLDER / "values.yaml").read_text())


def load_config(monkeypatch: pytest.MonkeyPatch, folder: Path, has_systemd: bool = False) -> Config:
    """Return what the hub's configuration sets in a folder, on a machine with systemd or without."""
    real = Path.is_dir
    monkeypatch.setattr(Path, "is_dir", lambda path: has_systemd if path == Path("/run/systemd/system") else real(path))
    monkeypatch.chdir(folder)
    config = Config()
    path = FOLDER / "jupyterhub_config.py"
    exec(compile(path.read_text(), str(path), "exec"), {"get_config": lambda: config, "__file__": str(path)})
    return config


def test_the_values_fit_the_chart() -> None:
    assert [error.message for error in Draft7Validator(CHART).iter_errors(VALUES)] == []


def test_a_value_that_the_chart_does_not_know_would_be_found() -> None:
    values = {**VALUES, "singleuser": {**VALUES["singleuser"], "memroy": {"limit": "1G"}}}
    assert len([*Draft7Validator(CHART).iter_errors(values)]) == 1


def test_a_cluster_gives_a_learner_what_the_one_machine_gives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spawner, server = load_config(monkeypatch, tmp_path).Spawner, VALUES["singleuser"]
    assert (server["memory"]["limit"], server["cpu"]["limit"]) == (spawner.mem_limit, spawner.cpu_limit)
    assert (server["defaultUrl"], server["startTimeout"]) == (spawner.default_url, spawner.start_timeout)
    home = server["storage"]["homeMountPath"]
    folder = VALUES["hub"]["config"]["KubeSpawner"]["notebook_dir"]
    assert folder == spawner.notebook_dir.replace("~", home)
    assert f"PKVM_COURSE_HOME={Path(folder).parent}" in (FOLDER / "Dockerfile").read_text()
    assert server["extraEnv"]["PKVM_DROP"] == server["storage"]["extraVolumeMounts"][0]["mountPath"]


def test_with_systemd_the_limits_hold_for_all_processes_of_a_learner(monkeypatch: pytest.MonkeyPatch,
                                                                     tmp_path: Path) -> None:
    package = SimpleNamespace(systemdspawner=SimpleNamespace())  # this environment has no JupyterHub
    monkeypatch.setitem(sys.modules, "systemdspawner", package)
    assert load_config(monkeypatch, tmp_path, has_systemd=True).JupyterHub.spawner_class == "systemd"
    assert "spawner_class" not in load_config(monkeypatch, tmp_path).JupyterHub
    assert package.systemdspawner.random_port() in range(20_000, 30_000)


def test_two_servers_never_get_the_same_port_nor_one_that_is_taken(monkeypatch: pytest.MonkeyPatch,
                                                                    tmp_path: Path) -> None:
    give_port = load_config(monkeypatch, tmp_path).Spawner.pre_spawn_hook
    spawners = [SimpleNamespace(port=0) for _ in range(3)]
    give_port(spawners[0])
    with socket.socket() as other:
        other.bind(("127.0.0.1", spawners[0].port + 1))
        other.listen()
        for spawner in spawners[1:]:
            give_port(spawner)
    first, second, third = (spawner.port for spawner in spawners)
    assert first + 1 < second < third < 30_000


def test_the_servers_settings_name_what_is_there() -> None:
    settings = json.loads((FOLDER / "jupyter" / "jupyter_server_config.json").read_text())
    module, _, name = settings["ServerApp"]["kernel_manager_class"].rpartition(".")
    assert module == lab_kernels.__name__
    manager = getattr(lab_kernels, name)(**settings[name])
    assert (manager.most, manager.cull_connected) == (4, True)


def test_links_let_repo2docker_find_its_files() -> None:
    for name, target in (("postBuild", "postBuild"), ("start", "bin/start")):
        assert (ROOT / name).resolve() == FOLDER / target
        assert (ROOT / name).stat().st_mode & 0o111
