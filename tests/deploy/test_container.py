"""The Dockerfile and compose.yaml, read as their tools read them; the image itself is not built here."""

import json
import re
import shlex
import subprocess
import sys

import yaml

from tests.deploy.conftest import DEPLOY, ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
EXAMPLE = (DEPLOY / ".env.example").read_text(encoding="utf-8")


def instructions():
    lines = (line for line in DOCKERFILE.splitlines() if not line.startswith("#"))
    return [line.split(maxsplit=1) for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line]


def only(name):
    [rest] = [rest for instruction, rest in instructions() if instruction == name]
    return rest


def environment():
    return dict(one.split("=", 1) for one in shlex.split(only("ENV")))


def healthcheck():
    return json.loads(only("HEALTHCHECK").split("CMD", 1)[1])


def test_what_is_copied_is_all_that_the_builder_gets():
    copies = [rest.split() for name, rest in instructions() if name == "COPY" and not rest.startswith("--from")]
    sources = {source for *sources, _ in copies for source in sources}
    assert all((ROOT / source).exists() for source in sources)
    everything, *kept, caches = [
        line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    ]
    assert (everything, caches) == ("*", "**/__pycache__")
    assert {line.removeprefix("!") for line in kept} == sources


def test_the_image_serves_as_a_numbered_user_that_is_not_root():
    assert only("USER").split(":")[0].isdigit()
    assert int(only("USER").split(":")[0]) > 0
    assert (only("EXPOSE"), only("VOLUME")) == ("8080", environment()["VANGNET_DATA"])
    # As lists: a shell in between would keep SIGTERM from the service.
    assert json.loads(only("ENTRYPOINT")) + json.loads(only("CMD")) == ["vangnet", "serve"]
    [install] = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert shlex.split(install)[-3:] == ["--constraint", "constraints.txt", ".[serve,console]"]
    # onnxruntime reports to its maker unless it is told not to.
    assert environment()["ORT_DISABLE_TELEMETRY"] == "1"


def test_the_health_check_tells_a_service_that_is_ready_from_one_that_is_not(running):
    program, *arguments = healthcheck()
    assert program == "python"
    service = running().start()

    def status():
        command = [one.replace("8080", str(service.port)) for one in arguments]
        return subprocess.run([sys.executable, *command], capture_output=True, check=False).returncode

    assert status() == 0
    service.stop()
    assert status() != 0


def test_only_vangnet_is_published_and_on_this_machine():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {
        "vangnet": ["${PUBLISH:-127.0.0.1:8080}:8080"],
        "console": ["${PUBLISH_CONSOLE:-127.0.0.1:8090}:8090"],
    }
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name, service in SERVICES.items():
        assert service["networks"] == (["inside", "outside"] if name in published else ["inside"])
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_service_writes_to_its_volume_alone_and_the_console_to_memory():
    for name in ("vangnet", "console"):
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES["vangnet"]["volumes"] == [f"data:{environment()['VANGNET_DATA']}"]
    assert SERVICES["console"]["tmpfs"] == [f"{environment()['VANGNET_DATA']}:uid=10001,mode=0700"]


def test_no_password_has_a_default():
    asked = re.findall(r"\$\{(\w+)(:.)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert {name for name, _ in asked} == {
        "PUBLISH",
        "PUBLISH_CONSOLE",
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "GRAFANA_PASSWORD",
    }
    for name, otherwise in asked:
        assert otherwise == (":-" if name.startswith("PUBLISH") else ":?")
        assert f"\n{name}=\n" in EXAMPLE or name.startswith("PUBLISH")


def test_every_server_says_whether_it_is_well():
    assert set(SERVICES) == {"vangnet", "console", "postgres", "redis", "prometheus", "grafana"}
    for name, service in SERVICES.items():
        assert "healthcheck" in service or name == "vangnet"  # the image has its own
        if name not in ("vangnet", "console"):
            assert ":" in service["image"]
    mounted = [one for service in SERVICES.values() for one in service.get("volumes", ()) if one.startswith("./")]
    assert len(mounted) == 4
    assert all((DEPLOY / one.split(":")[0]).exists() for one in mounted)
