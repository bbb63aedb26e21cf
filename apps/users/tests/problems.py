def assert_problem(response, status, code):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"} <= set(problem)
    assert (problem["status"], problem["code"]) == (status, code)
    if status == 401:
        assert response["WWW-Authenticate"].startswith("Bearer")
    return problem
