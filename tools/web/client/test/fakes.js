// A world in which nothing happens by itself: time, chance, sockets, a page.

export class FakeSocket {
  static all = [];

  constructor(url, protocols) {
    Object.assign(this, {url, protocols, readyState: 0, sent: [], closes: []});
    FakeSocket.all.push(this);
  }

  send(data) {
    if (this.readyState !== 1)
      throw new Error("not open");
    this.sent.push(data);
  }

  close(...close) {
    if (close[0] < 3000 && close[0] !== 1000)
      throw new Error("InvalidAccessError");
    this.closes.push(close);
    this.readyState = 2;
  }

  open(protocol = "") {
    this.protocol = protocol;
    this.readyState = 1;
    this.onopen({});
  }

  take(data) {
    this.onmessage({data});
  }

  lose(code = 1006, reason = "") {
    this.readyState = 3;
    this.onerror({});
    this.onclose({code, reason});
  }
}

export class FakeWorld {
  WebSocket = FakeSocket;
  location = {href: "https://example.org/app/index.html"};
  events = new EventTarget();
  time = 1000;
  chance = 0.5;
  timers = [];
  errors = [];
  pageListeners = 0;

  constructor() {
    FakeSocket.all = [];
    const {addEventListener, removeEventListener} = EventTarget.prototype;
    this.events.addEventListener = (...event) => {
      this.pageListeners += 1;
      addEventListener.apply(this.events, event);
    };
    this.events.removeEventListener = (...event) => {
      this.pageListeners -= 1;
      removeEventListener.apply(this.events, event);
    };
  }

  now = () => this.time;
  random = () => this.chance;
  reportError = (error) => this.errors.push(error.message);

  setTimeout = (call, wait) => {
    const timer = {call, at: this.time + wait};
    this.timers.push(timer);
    return timer;
  };

  clearTimeout = (timer) => {
    this.timers = this.timers.filter((each) => each !== timer);
  };

  /** Lets the time pass, timers in their order. */
  advance(wait) {
    const end = this.time + wait;
    for (;;) {
      const next = this.timers.filter(({at}) => at <= end)
        .sort((a, b) => a.at - b.at)[0];
      if (!next)
        break;
      this.time = Math.max(this.time, next.at);
      this.clearTimeout(next);
      next.call();
    }
    this.time = end;
  }

  /** Lets the time pass until the only timer. */
  wait() {
    this.advance(this.timers[0].at - this.time);
  }

  /** What happens to the page: online, pagehide, pageshow. */
  page(type, persisted = false) {
    this.events.dispatchEvent(Object.assign(new Event(type), {persisted}));
  }

  get sockets() {
    return FakeSocket.all;
  }

  get socket() {
    return FakeSocket.all.at(-1);
  }
}

/** Every hook of a relay but those of messages, as "NAME ...", in order. */
export function record(relay) {
  const log = [];
  relay.when("connecting", ({tries}) => log.push(`connecting ${tries}`));
  relay.when("open", ({again}) => log.push(again ? "open again" : "open"));
  relay.when("closed", ({code, wasOpen}) =>
    log.push(`closed ${code} ${wasOpen ? "open" : "never"}`));
  relay.when("waiting", ({wait, tries}) =>
    log.push(`waiting ${wait} ${tries}`));
  relay.when("ended", ({code, reason, local}) =>
    log.push(`ended ${code} ${reason} ${local ? "here" : "there"}`));
  return log;
}
