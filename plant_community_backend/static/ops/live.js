// Keeps the page up to date: over a WebSocket, by asking every few seconds where there is none, and tries again.

const SILENCE_MS = 8_000; // the server says something every two seconds
const HERE_MS = 30_000; // and wants to hear as often that somebody is there
const POLL_MS = 5_000;
const BACK_OFF_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const SIGNED_OUT = 4401;
const REFUSED = [401, 403];

export class Live {
  /** `tell(state)`: live, polling, lost or signed-out. */
  constructor({ socketAddress, statusAddress, show, tell }) {
    Object.assign(this, { socketAddress, statusAddress, show, tell, failures: 0, isOver: false, isOpen: false });
  }

  start() {
    this.connect();
    this.ask();
    setInterval(() => this.isOpen && this.socket.send("here"), HERE_MS);
    setInterval(() => !this.isOpen && this.ask(), POLL_MS);
    addEventListener("online", () => !this.isOpen && this.connect());
  }

  connect() {
    if (this.isOver) return;
    clearTimeout(this.again);
    const socket = new WebSocket(this.socketAddress);
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => this.socket === socket && this.hear(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => this.socket === socket && this.closed(code));
    this.mindSilence();
  }

  hear(board) {
    this.isOpen = true;
    this.failures = 0;
    this.mindSilence();
    this.show(board);
    this.tell("live");
  }

  mindSilence() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      const { socket } = this;
      this.socket = null;
      socket.close();
      this.closed(0);
    }, SILENCE_MS);
  }

  closed(code) {
    clearTimeout(this.silence);
    this.isOpen = false;
    if (code === SIGNED_OUT) this.end();
    if (this.isOver) return;
    const pause = BACK_OFF_MS[Math.min(this.failures, BACK_OFF_MS.length - 1)];
    this.failures += 1;
    this.again = setTimeout(() => this.connect(), pause * (0.75 + Math.random() / 2));
    this.ask();
  }

  async ask() {
    if (this.isOver || this.isAsking) return;
    this.isAsking = true;
    try {
      const response = await fetch(this.statusAddress, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(SILENCE_MS) });
      if (REFUSED.includes(response.status)) this.end();
      else if (!response.ok) throw new Error(response.status);
      else this.polled(await response.json());
    } catch {
      if (!this.isOpen && !this.isOver) this.tell("lost");
    } finally {
      this.isAsking = false;
    }
  }

  polled(board) {
    if (this.isOpen || this.isOver) return;
    this.show(board);
    this.tell(this.failures ? "polling" : "starting");
  }

  end() {
    this.isOver = true;
    this.isOpen = false;
    clearTimeout(this.silence);
    clearTimeout(this.again);
    this.socket?.close();
    this.tell("signed-out");
  }
}
