from devstack import logs
from devstack.logs import Echo, rotate


def test_only_what_is_added_is_shown(tmp_path, capsys):
    log = tmp_path / "web.log"
    log.write_text("earlier\n")
    echo = Echo(log)
    with log.open("a") as file:
        file.write("now\n")

    echo.show_new()
    echo.show_new()

    assert capsys.readouterr().out == "now\n"


def test_a_log_over_the_limit_is_kept_once_and_its_writer_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(logs, "LIMIT_BYTES", 10)
    log = tmp_path / "web.log"
    echo = Echo(log)
    with log.open("a") as writer:
        writer.write("a long line of text\n")
        writer.flush()
        echo.show_new()
        rotate(log)
        writer.write("next\n")
        writer.flush()

    assert (tmp_path / "web.log.1").read_text() == "a long line of text\n"
    assert log.read_text() == "next\n"
    echo.show_new()
    assert capsys.readouterr().out.endswith("next\n")


def test_a_log_under_the_limit_stays(tmp_path):
    log = tmp_path / "web.log"
    log.write_text("short\n")

    rotate(log)

    assert log.read_text() == "short\n"
