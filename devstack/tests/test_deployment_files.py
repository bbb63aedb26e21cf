"""The files operators copy, as far as they can be judged without the programs that read them."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SERVICES = {
    *("migrate", "web", "ws", "beat", "postgres", "redis", "nginx", "prometheus", "grafana"),
    *("worker-fast", "worker-default", "worker-slow", "worker-priority"),
}
FOREIGN = ["postgres", "redis", "nginx", "prometheus", "grafana"]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def nginx():
    return (ROOT / "deploy" / "nginx" / "nginx.conf").read_text()


def test_every_part_of_the_product_has_its_service(compose):
    assert set(compose["services"]) == SERVICES


@pytest.mark.parametrize("name", sorted(SERVICES - {"migrate"}))
def test_every_service_that_stays_is_checked_bounded_and_restarted(compose, name):
    service = compose["services"][name]

    assert service["healthcheck"]["test"]
    assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", FOREIGN)
def test_images_are_pinned_by_version(compose, name):
    assert re.fullmatch(r"[a-z/]+:v?\d+(\.\d+)+", compose["services"][name]["image"])


@pytest.mark.parametrize("name", sorted(SERVICES - set(FOREIGN)))
def test_the_products_processes_are_confined(compose, name):
    service = compose["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["env_file"] == ".env"


def test_no_secret_stands_in_the_file(compose):
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or "SECRET" in name or "AUTH" in name or "://" in str(value):
                assert "${" in value
                assert ":-" not in value, "a default would be a secret everybody knows"


def test_volumes_are_named_and_declared(compose):
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (
                (ROOT / source).exists()
                or source.startswith("./deploy/nginx/")
                or source in compose["volumes"]
            )


def test_every_queue_has_a_worker(compose):
    queues = {
        service["command"][service["command"].index("-Q") + 1]
        for name, service in compose["services"].items()
        if name.startswith("worker-")
    }

    assert queues == {"fast", "default", "slow", "priority"}


def test_only_nginx_can_be_reached_from_outside(compose):
    ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}

    assert set(ports) == {"nginx", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in ports["grafana"])


@pytest.mark.parametrize("name", ["prometheus", "grafana"])
def test_what_watches_is_confined_as_the_product_is(compose, name):
    service = compose["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_metrics_are_not_handed_out_to_the_world(compose, nginx):
    assert re.search(r"location = /metrics \{\s*return 404;", nginx)
    assert ":?" in compose["services"]["web"]["environment"]["METRICS_TOKEN"], "required, not optional"


def test_the_photos_are_out_of_nginxs_reach(compose, nginx):
    assert not any("photos" in volume for volume in compose["services"]["nginx"]["volumes"])
    assert not re.search(r"(alias|root)\s+\S*photos", nginx)


def test_nginx_passes_on_what_the_product_relies_on(nginx):
    assert "client_max_body_size 31m;" in nginx
    for header in ("X-Forwarded-For", "X-Forwarded-Proto", "X-Request-ID"):
        assert f"proxy_set_header {header} " in nginx


def test_nginxs_blocks_are_closed(nginx):
    code = re.sub(r'#.*|"[^"]*"|\'[^\']*\'|\(\?<?[^)]*\)', "", nginx)

    assert code.count("{") == code.count("}")
    for line in filter(None, map(str.strip, code.splitlines())):
        assert line[-1] in "{};" or line.startswith(("log_format", "server_name")) or not line, line


def test_the_image_runs_as_an_ordinary_user_and_tells_its_health():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    stages = [line for line in lines if line.startswith("FROM ")]

    assert len(stages) == 2
    assert all(re.search(r"python:\d+\.\d+\.\d+-", stage) for stage in stages)
    assert "USER plants" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    assert lines.index("USER plants") < next(i for i, line in enumerate(lines) if line.startswith("CMD"))
