"""`devstack run`: everything of one machine, from the database to the web server, until Ctrl-C."""

import os
import secrets
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from devstack.environment import (
    Options,
    base_environment,
    exports,
    place_environment,
    sandbox_environment,
)
from devstack.logs import Echo, rotate
from devstack.postgres import PostgresServer
from devstack.processes import Child, check_port
from devstack.procinfo import RUN_VARIABLE
from devstack.product import (
    READY_TIMEOUT_S,
    TASK_GRACE_S,
    WEB_GRACE_S,
    WEB_WORKERS,
    is_ready,
    manage,
    port_beside,
    sandbox_child,
    socket_child,
    start_sandbox,
    wait_for_worker,
    web_child,
    worker_child,
)
from devstack.redis import WITHOUT_REDIS, RedisServer, find_program
from devstack.state import State, StateFolder, stop_carriers

LOOK_EVERY_S = 0.2
GRACE_S = {"web": WEB_GRACE_S + 5.0, "worker": float(TASK_GRACE_S), "postgres": 30.0}
PREPARING = (["migrate", "--noinput"], ["load_catalogue"], ["load_demo"])
ANNOUNCED = {
    "migrate": "Preparing the database ...",
    "load_catalogue": "Loading the catalogue of plants ...",
    "load_demo": "Loading the demo content ...",
}
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequested(BaseException):
    """Somebody asked for the end while the stack was starting."""


class Stack:
    """The processes of one `make run`, started one after the other and stopped in the opposite order."""

    def __init__(self, options: Options, folder: StateFolder) -> None:
        self._options = options
        self._folder = folder
        self._logs = options.directory / "logs"
        self._token = secrets.token_hex(16)
        self._children: list[Child] = []
        self._environment: dict[str, str] = {}
        self._address = ""
        self._stop_asked = threading.Event()
        self._parent = os.getppid()

    def run(self) -> int:
        """Returns the exit code: 0 when asked to stop, 1 when a process ended by itself."""
        os.environ[RUN_VARIABLE] = self._token  # all children inherit it
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_signal)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup wants it to outlive the terminal
            signal.signal(signal.SIGHUP, self._on_signal)
        try:
            self._save()
            self._start()
            return self._watch()
        except StopRequested:
            return 0
        finally:
            self._stop()

    def _start(self) -> None:
        began = time.monotonic()
        database_url = self._options.database_url or self._start_postgres()
        redis_url = self._options.redis_url or self._start_redis()
        self._environment = {
            **base_environment(database_url=database_url, redis_url=redis_url, settings="development"),
            **place_environment(self._options),
            **self._start_providers(),
        }
        self._prepare_database()
        _say("Starting the web server ...")
        worker = self._start_worker() if redis_url else None
        wait_for_sockets = self._start_sockets() if redis_url else None
        self._start_web(workers=WEB_WORKERS if redis_url else 1)
        if worker:
            wait_for_worker(worker)
        if wait_for_sockets:
            wait_for_sockets()
        self._address = self._options.address
        self._save()
        _say(f"For operators: {self._address}/ops/ (sign in as demo, password leaf-after-rain)")
        _say(f"Ready after {time.monotonic() - began:.0f} s: {self._address}/ (Ctrl-C stops everything)")

    def _start_postgres(self) -> str:
        _say("Starting PostgreSQL ...")
        server = PostgresServer(self._options.directory / "postgres", log=self._logs / "postgres.log")
        self._children.append(server.child)
        server.start()
        self._children[-1] = server.child
        self._save()
        return server.url

    def _start_redis(self) -> str:
        if find_program() is None:
            _say(WITHOUT_REDIS)
            return ""
        _say("Starting Redis ...")
        server = RedisServer(self._options.directory / "redis", durable=True, log=self._logs / "redis.log")
        self._children.append(server.child)
        server.start()
        self._save()
        return server.url

    def _start_providers(self) -> dict[str, str]:
        if self._options.has_real_key:
            _say("A real key is set: the sandbox stays off, and a service without a key is not configured.")
            return {"PROVIDER_SANDBOX": "0"}
        _say("No key of Plant.id or Pl@ntNet is set: the provider sandbox answers in their place.")
        child = self._begin(sandbox_child(env=os.environ, log=self._logs / "sandbox.log"))
        return sandbox_environment(start_sandbox(child))

    def _prepare_database(self) -> None:
        log = self._logs / "manage.log"
        rotate(log)
        manage(*PREPARING, env=self._environment, log=log, begins=lambda name: _say(ANNOUNCED[name]))

    def _start_worker(self) -> Child:
        child = worker_child(
            env=self._environment,
            log=self._logs / "worker.log",
            schedule=self._options.directory / "beat-schedule",
            node=f"devstack-{self._token[:8]}",
        )
        self._begin(child).start()
        return child

    def _start_sockets(self) -> Callable[[], None]:
        """Without Redis nobody could tell this process anything: pages then ask every few seconds instead."""
        port = port_beside(self._options.port)
        self._environment["WEBSOCKET_PORT"] = str(port)
        child = self._begin(socket_child(env=self._environment, log=self._logs / "sockets.log", port=port))
        child.start()
        return lambda: child.wait_until(lambda: is_ready(port, "/livez"), timeout_s=READY_TIMEOUT_S)

    def _start_web(self, *, workers: int) -> None:
        port = self._options.port
        log = self._logs / "web.log"
        echo = Echo(log)
        web = self._begin(web_child(env=self._environment, log=log, port=port, workers=workers))
        web.start()
        self._save()
        web.wait_until(lambda: is_ready(port), timeout_s=READY_TIMEOUT_S)
        echo.show_new()

    def _watch(self) -> int:
        echo = Echo(self._logs / "web.log")
        while not self._stop_asked.wait(LOOK_EVERY_S):
            echo.show_new()
            for child in self._children:
                if not child.is_running:
                    _say(f"{child.name} ended by itself with code {child.exit_code}; stopping everything.")
                    _say(child.last_lines())
                    return 1
                rotate(child.log)
            if "MAKELEVEL" in os.environ and os.getppid() != self._parent:
                return 0  # make was killed: nobody is left to press Ctrl-C
        echo.show_new()
        return 0

    def _begin(self, child: Child) -> Child:
        rotate(child.log)
        self._children.append(child)
        return child

    def _save(self) -> None:
        """Record what runs by now, so that a later start knows it for this stack's own."""
        state = State(
            token=self._token,
            pid=os.getpid(),
            address=self._address,
            processes=tuple(child.identity for child in self._children if child.identity),
            exports=exports(self._environment, with_sandbox=not self._options.has_real_key),
        )
        self._folder.save(state)

    def _stop(self) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, self._hurry)
        if self._children:
            _say("Stopping ...")
        for child in reversed(self._children):
            child.stop(grace_s=GRACE_S.get(child.name, 10.0))
        stop_carriers(self._token)
        self._folder.forget()
        _say("Stopped.")

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._address:
            self._stop_asked.set()
        else:
            raise StopRequested

    def _hurry(self, _number: int, _frame: FrameType | None) -> None:
        for child in self._children:
            child.kill_group()


def run_stack(options: Options) -> int:
    """
    Raises:
        StackError: something is in the way; says what to do.
    """
    folder = StateFolder(options.directory)
    folder.acquire()
    try:
        if left := folder.stop_leftovers():
            _say(f"Stopped what an earlier run had left: {', '.join(left)}.")
        check_port(options.port)
        return Stack(options, folder).run()
    finally:
        folder.release()


def _say(text: str) -> None:
    print(text, flush=True)
