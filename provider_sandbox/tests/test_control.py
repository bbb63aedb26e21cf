import base64
import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests


def control(sandbox, method, path, **rest):
    return requests.request(method, f"{sandbox.url}/_control/{path}", timeout=10, **rest)


@pytest.mark.parametrize("provider", ["plant_id", "plantnet"])
@pytest.mark.parametrize("status", [400, 401, 404, 408, 429, 500, 503])
def test_a_status_fault_answers_in_the_service_s_own_words(
    sandbox, plant_id, plantnet, photo, provider, status
):
    sandbox.fault(provider, "status", status, calls=1)
    caller = {"plant_id": plant_id, "plantnet": plantnet}[provider]

    broken, healed = caller.post(photo), caller.post(photo)

    assert broken.status_code == status
    assert broken.headers["Content-Type"].startswith(
        "text/plain" if provider == "plant_id" else "application/json"
    )
    assert healed.ok or healed.status_code == 404
    charged = sandbox.counters(provider)["charged"]
    assert charged == (1 if provider == "plant_id" or status in (401, 429) else 2)


def test_a_status_fault_can_bring_its_own_body_and_headers(sandbox, plant_id, photo):
    order = {"status": 503, "body": "busy", "headers": {"Retry-After": "7"}}
    sandbox.fault("plant_id", "status", order)
    response = plant_id.post(photo)

    assert (response.status_code, response.text, response.headers["Retry-After"]) == (503, "busy", "7")


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("plain_text", "text/plain"), ("html", "text/html"), ("junk_json", "application/json")],
)
def test_a_body_fault_answers_with_success_and_no_json(
    sandbox, plant_id, plantnet, photo, kind, content_type
):
    sandbox.fault("both", kind)

    for response, status in ((plant_id.post(photo), 201), (plantnet.post(photo), 200)):
        assert response.status_code == status
        assert response.headers["Content-Type"].startswith(content_type)
        with pytest.raises(requests.JSONDecodeError):
            response.json()


def test_an_oversized_reply_has_the_size_that_was_asked(sandbox, plantnet, photo):
    sandbox.fault("plantnet", "oversized", 3_000_000)

    assert len(plantnet.post(photo).content) == 3_000_000


def test_latency_and_status_add_up(sandbox, plant_id, photo):
    sandbox.fault("plant_id", "latency", 0.15)
    sandbox.fault("plant_id", "jitter", [0.05, 0.06])
    sandbox.fault("plant_id", "status", 500)
    response = plant_id.post(photo)

    assert response.status_code == 500
    assert response.elapsed.total_seconds() >= 0.2


def test_a_dropped_request_is_not_charged(sandbox, plant_id, plantnet, photo):
    sandbox.fault("both", "drop")

    for caller in (plant_id, plantnet):
        with pytest.raises(requests.ConnectionError):
            caller.post(photo)
    assert sandbox.counters("plant_id")["charged"] == sandbox.counters("plantnet")["charged"] == 0
    assert sandbox.counters("plant_id")["failed"] == 1


def test_a_reply_lost_after_the_request_is_charged_and_can_be_fetched(sandbox, plant_id, photo):
    sandbox.fault("plant_id", "drop_after_request", calls=1)

    with pytest.raises(requests.ConnectionError):
        plant_id.post(photo, custom_id=99)

    assert sandbox.counters("plant_id")["charged"] == 1
    assert plant_id.get("identification/99").json()["custom_id"] == 99
    assert sandbox.counters("plant_id")["charged"] == 1


def test_who_does_not_wait_for_a_slow_reply_is_charged_and_can_fetch_it(sandbox, plant_id, photo):
    sandbox.fault("plant_id", "latency", 30, calls=1)

    with pytest.raises(requests.Timeout):
        plant_id.post(photo, custom_id=99, timeout=0.3)

    sandbox.wait_for("plant_id", at_most=0)
    assert sandbox.counters("plant_id")["charged"] == 1
    assert plant_id.get("identification/99").json()["custom_id"] == 99


def test_a_truncated_reply_announces_more_than_it_sends(sandbox, plantnet, photo):
    sandbox.fault("plantnet", "truncated")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        plantnet.post(photo)


@pytest.mark.parametrize("kind", ["slow_drip", "headers_drip"])
def test_a_dripping_reply_is_whole_in_the_end(sandbox, plant_id, photo, kind):
    sandbox.fault("plant_id", kind, {"interval_s": 0.001, "chunk_bytes": 50})

    assert plant_id.post(photo).json()["status"] == "COMPLETED"
    assert sandbox.wait_for("plant_id", "answered", at_least=1)["failed"] == 0


@pytest.mark.parametrize("kind", ["slow_drip", "headers_drip"])
def test_a_slowly_dripping_reply_keeps_a_reader_busy_until_it_leaves(sandbox, photo, kind):
    sandbox.fault("plant_id", kind, 0.02)

    with socket.create_connection(_address(sandbox), timeout=1) as connection:
        connection.sendall(_raw_identification(photo))
        received = b""
        while not received.startswith(b"HTTP/1.1 201"):  # no single read takes long enough to time out
            received += connection.recv(1)
    counters = sandbox.wait_for("plant_id", "in_flight", at_most=0)
    assert counters["failed"] == 1
    assert counters["charged"] == 1


def test_faults_strike_the_paths_they_are_told_to_and_only_so_often(sandbox, plant_id, photo):
    sandbox.fault("plant_id", "status", 500, match="usage_info", calls=1)
    sandbox.fault("plant_id", "status", 502, match="/plant_id/api/v3/kb")

    assert plant_id.post(photo).status_code == 201
    assert plant_id.get("usage_info").status_code == 500
    assert plant_id.get("usage_info").status_code == 200
    assert plant_id.get("kb/plants/name_search", q="aloe").status_code == 502
    sandbox.clear_faults()
    assert plant_id.get("kb/plants/name_search", q="aloe").status_code == 200


def test_a_fault_for_both_counts_its_calls_per_provider(sandbox, plant_id, plantnet, photo):
    sandbox.fault("both", "status", 500, calls=1)

    assert [plant_id.post(photo).status_code, plantnet.post(photo).status_code] == [500, 500]
    assert plant_id.post(photo).status_code == 201


def test_an_outcome_can_be_forced_with_species_and_confidence(sandbox, plant_id, plantnet, photo):
    sandbox.fault("both", "outcome", {"outcome": "agree", "species": "Mangifera indica", "confidence": 0.93})

    best = plant_id.post(photo).json()["result"]["classification"]["suggestions"][0]
    assert (best["name"], best["probability"]) == ("Mangifera indica", 0.93)
    result = plantnet.post(photo).json()["results"][0]
    assert (result["species"]["scientificNameWithoutAuthor"], result["score"]) == ("Mangifera indica", 0.93)


@pytest.mark.parametrize(
    "order",
    [
        {"provider": "plant_id", "kind": "explode"},
        {"provider": "nobody", "kind": "drop"},
        {"provider": "both", "kind": "latency"},
        {"provider": "both", "kind": "latency", "value": -1},
        {"provider": "both", "kind": "status", "value": 99},
        {"provider": "both", "kind": "jitter", "value": [2, 1]},
        {"provider": "both", "kind": "drop", "value": 1},
        {"provider": "both", "kind": "drop", "calls": 0},
        {"provider": "both", "kind": "drop", "match": "everything"},
        {"provider": "both", "kind": "outcome", "value": {"species": "Nulla planta"}},
        {"provider": "both", "kind": "outcome", "value": "wonder"},
        {"provider": "both", "kind": "status", "value": {"status": 500, "headers": {"X": "a\r\nb"}}},
        {"provider": "both", "kind": "drop", "colour": "red"},
    ],
)
def test_an_impossible_fault_is_refused_with_a_sentence(sandbox, order):
    response = control(sandbox, "POST", "faults", json=order)

    assert response.status_code == 400
    assert response.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "quota", b'{"plant_id_credits": -1}'),
        ("POST", "quota", b"{}"),
        ("POST", "faults", b"["),
        ("POST", "hold", b'{"provider": "nobody"}'),
        ("GET", "wait?provider=plant_id&field=colour", b""),
        ("GET", "wait?provider=plant_id&at_least=many", b""),
        ("GET", "last?provider=plant_id&index=x", b""),
    ],
)
def test_a_bad_order_is_refused_with_a_sentence(sandbox, method, path, body):
    response = control(sandbox, method, path, data=body)

    assert response.status_code == 400
    assert response.json()["error"]


def test_the_last_request_is_kept_whole_but_without_its_key(sandbox, plant_id, plantnet, photo):
    plant_id.post(photo, latitude=49.2, query={"language": "de"})
    plantnet.post(photo, organs=["flower"], query={"lang": "de"})

    paid, free = sandbox.last("plant_id"), sandbox.last("plantnet")

    assert paid["query"] == [["language", "de"]]
    assert paid["fields"] == [["latitude", 49.2]]
    assert free["fields"] == [["organs", "flower"]]
    for seen in (paid, free):
        assert seen["key_present"] is True
        assert "sandbox" not in str(seen["headers"]) + str(seen["query"])
        assert base64.b64decode(seen["images"][0]["base64"]) == photo
        assert seen["images"][0]["sha256"] == hashlib.sha256(photo).hexdigest()
        assert seen["images"][0]["size_bytes"] == len(photo)


def test_requests_are_recorded_under_a_fault_too(sandbox, plant_id, photo):
    sandbox.fault("plant_id", "status", 500)
    plant_id.post(photo)

    assert sandbox.last("plant_id")["images"][0]["size_bytes"] == len(photo)


def test_the_last_sixty_four_requests_are_kept(sandbox, plant_id, photo):
    for number in range(66):
        plant_id.post(photo, custom_id=number)

    kept = sandbox.requests("plant_id")
    assert [dict(seen["fields"])["custom_id"] for seen in kept] == list(range(2, 66))
    assert sandbox.last("plant_id", 0)["fields"] == [["custom_id", 2]]
    assert control(sandbox, "GET", "last?provider=plantnet").status_code == 404


def test_held_replies_wait_until_they_are_released(sandbox, plant_id, photo):
    sandbox.hold("plant_id")
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(plant_id.post, photo) for _ in range(4)]
        counters = sandbox.wait_for("plant_id", "in_flight", at_least=4)
        assert counters["answered"] == 0
        assert not any(call.done() for call in calls)
        sandbox.release("plant_id")
        assert [call.result().status_code for call in calls] == [201] * 4

    counters = sandbox.wait_for("plant_id", "answered", at_least=4)
    assert (counters["in_flight"], counters["max_in_flight"], counters["charged"]) == (0, 4, 4)


def test_a_client_that_leaves_is_not_in_flight_any_more(sandbox, photo):
    sandbox.hold("plant_id")
    with socket.create_connection(_address(sandbox), timeout=1) as connection:
        connection.sendall(_raw_identification(photo))
        sandbox.wait_for("plant_id", "charged", at_least=1)

    counters = sandbox.wait_for("plant_id", "failed", at_least=1)
    assert counters["in_flight"] == 0


def test_waiting_in_vain_is_told(sandbox):
    with pytest.raises(TimeoutError, match="answered"):
        sandbox.wait_for("plantnet", "answered", at_least=1, timeout_s=0.01)


def test_reset_forgets_everything(sandbox, plant_id, photo):
    sandbox.set_quota(plant_id_credits=50)
    token = plant_id.post(photo).json()["access_token"]
    sandbox.fault("plant_id", "status", 500)
    sandbox.hold()

    sandbox.reset()

    assert plant_id.post(photo).status_code == 201
    assert plant_id.get(f"identification/{token}").status_code == 404
    assert plant_id.get("usage_info").json()["remaining"]["month"] == 99
    assert sandbox.counters("plant_id")["identify_posts"] == 1


def test_quota_never_lets_one_call_too_many_through(sandbox, plantnet, photo):
    sandbox.set_quota(plantnet_remaining=5)
    with ThreadPoolExecutor(12) as pool:
        statuses = [
            call.result().status_code for call in [pool.submit(plantnet.post, photo) for _ in range(12)]
        ]

    assert statuses.count(429) == 7


def _address(sandbox):
    parts = urlsplit(sandbox.url)
    return parts.hostname, parts.port


def _raw_identification(photo):
    body = b'{"images": ["' + base64.b64encode(photo) + b'"]}'
    head = (
        "POST /plant_id/api/v3/identification HTTP/1.1\r\nHost: sandbox\r\nApi-Key: sandbox\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
