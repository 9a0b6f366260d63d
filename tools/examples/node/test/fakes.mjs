// A world in which nothing happens by itself: time, chance, sockets, a relay's API.

export class FakeWorld {
  sockets = [];
  timers = [];
  time = 0;
  chance = 0.5;

  constructor() {
    const world = this;
    this.WebSocket = class {
      readyState = 0;
      bufferedAmount = 0;
      said = [];
      closes = [];

      constructor(url, protocols, options) {
        Object.assign(this, {url, protocols, options});
        world.sockets.push(this);
      }

      send(frame) { this.said.push(frame); }
      close(code) { this.closes.push(code); }
      terminate() { this.closes.push("terminated"); }

      open() {
        this.readyState = 1;
        this.onopen({});
      }

      /** What the relay says; lets promises settle. */
      async hear(what) {
        this.onmessage({data: typeof what === "object" && "type" in what
          ? JSON.stringify(what) : what});
        await settled();
      }

      async lose(code = 1006, reason = "") {
        this.readyState = 3;
        this.onclose({code, reason});
        await settled();
      }

      /** Returns what was said since, as objects. */
      take() { return this.said.splice(0).map((frame) => JSON.parse(frame)); }
    };
  }

  now = () => this.time;
  random = () => this.chance;
  setTimeout = (call, wait) => {
    const timer = {call, at: this.time + wait};
    this.timers.push(timer);
    return timer;
  };
  clearTimeout = (timer) => {
    this.timers = this.timers.filter((each) => each !== timer);
  };

  get socket() { return this.sockets.at(-1); }

  /** Lets `ms` pass, and what is due in them happen, in order. */
  async advance(ms) {
    const end = this.time + ms;
    for (;;) {
      const [next] = this.timers.filter(({at}) => at <= end)
        .sort((one, other) => one.at - other.at);
      if (next === undefined)
        break;
      this.time = next.at;
      this.clearTimeout(next);
      next.call();
      await settled();
    }
    this.time = end;
  }
}

/** All promises have done what they can without anything from outside. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
