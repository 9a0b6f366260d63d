// A page's WebSocket to a wsrelay, which comes back when it was lost. Decides
// when to try again and who hears of what; what messages mean is the page's
// affair. One file that needs no other; wsrelay.d.ts has types and contracts.

const longestAsked = 300_000;  // ms, of a wait that a server may ask for
const longestOwn = 86_400_000;  // ms, of one in the options
const hookNames = ["connecting", "open", "message", "binary", "event", "closed",
  "waiting", "ended"];

// -- closes and messages -----------------------------------------------------

// Returns undefined for what is no JSON, or no object.
function readObject(text) {
  try {
    return text[0] === "{" ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

// What a relay refuses with `accept_then_close`: config/SESSIONS.md.
function readRefusal(code, reason) {
  const refusal = readObject(reason);
  return typeof refusal?.check === "string" && code === 4000 + refusal.status
    ? refusal : undefined;
}

/** @type {(code: number, reason?: string) => number | undefined} */
export function askedWait(code, reason = "") {
  const match = /^retry=(\d+)$/.exec(reason);
  const wait = match ? Number(match[1])
    : readRefusal(code, reason)?.retry * 1000;
  return wait >= 0 ? Math.min(wait, longestAsked) : undefined;
}

// The table of codes, and why, is in wsrelay.d.ts.
/** @type {(code: number, reason?: string) => boolean} */
export function comesBack(code, reason = "") {
  if (code < 3000)
    return ![1000, 1002, 1003, 1007, 1008, 1009, 1010].includes(code);
  const status = readRefusal(code, reason)?.status;
  return status === 429 || status >= 500 || askedWait(code, reason) >= 0;
}

// An event has a topic, data, and nothing else.
function readEvent(text) {
  const value = readObject(text);
  return typeof value?.topic === "string" && "data" in value
    && Object.keys(value).length === 2 ? value : undefined;
}

// What a socket can send.
function encode(data) {
  if (typeof data === "string" || data instanceof ArrayBuffer
      || ArrayBuffer.isView(data) || data instanceof Blob)
    return data;
  const text = JSON.stringify(data);
  if (text === undefined)
    throw new TypeError("only text, bytes and JSON can be sent");
  return text;
}

// -- the connection ----------------------------------------------------------

function browser() {
  const {WebSocket, location, reportError} = globalThis;
  return {
    WebSocket, location, events: globalThis,
    now: () => performance.now(),
    random: () => Math.random(),
    setTimeout: (call, wait) => setTimeout(call, wait),
    clearTimeout: (timer) => clearTimeout(timer),
    reportError: (error) => reportError
      ? reportError(error) : queueMicrotask(() => { throw error; }),
  };
}

function check(name, value, least) {
  if (!(value >= least && value <= longestOwn))
    throw new RangeError(`${name} is not from ${least} to ${longestOwn}`);
  return value;
}

class Relay {
  #options;
  #world;
  #listeners = new Map();  // sets, by "on TOPIC" and "when HOOK"
  #state = "connecting"; // open|waiting|ended
  #last;                 // what the last `waiting` or `ended` was told
  #socket = null;
  #timer;                // a try has taken too long, or the next one begins
  #tries = 0;            // that have failed since a connection lasted
  #notBefore = 0;        // the server asked for no try before
  #openedAt;             // undefined: never
  #queue = [];

  constructor(url, options) {
    const {protocols = [], queue = 0, backoff: {base = 1000, max = 30_000} = {},
      comeBack, stableAfter = 10_000, connectTimeout = 10_000, world} = options;
    this.#options = {url, protocols, comeBack, queue: check("queue", queue, 0),
      base: check("backoff.base", base, 1), max: check("backoff.max", max, 1),
      stableAfter: check("stableAfter", stableAfter, 0),
      connectTimeout: check("connectTimeout", connectTimeout, 1)};
    this.#world = {...browser(), ...world};
    this.#open();
    this.#listenToPage("addEventListener");
  }

  get state() { return this.#state; }
  get protocol() { return this.#socket?.protocol ?? ""; }

  on(topic, listener) {
    return this.#add(`on ${topic}`, listener);
  }

  when(hook, listener) {
    if (!hookNames.includes(hook))
      throw new TypeError(`no hook "${hook}": ${hookNames.join(", ")}`);
    return this.#add(`when ${hook}`, listener);
  }

  send(data) {
    const message = encode(data);
    const isFull = this.#queue.length >= this.#options.queue;
    if (this.#canSend())
      this.#socket.send(message);
    else if (this.#state === "ended" || isFull)
      return false;
    else
      this.#queue.push(structuredClone(message)); // bytes may change meanwhile
    return true;
  }

  retry() {
    if (this.#state !== "waiting")
      return;
    this.#tries = 0;
    const wait = Math.max(0, this.#notBefore - this.#world.now());
    this.#leave("waiting", {...this.#last, wait});
  }

  close(code = 1000, reason = "") {
    this.#socket?.close(code, reason); // first: a wrong code throws
    if (this.#state !== "ended")
      this.#leave("ended", {...this.#closeOf(code, reason), local: true});
  }

  #add(key, listener) {
    if (typeof listener !== "function")
      throw new TypeError("a listener is a function");
    const set = this.#listeners.get(key) ?? new Set();
    const entry = {listener}; // one function may listen twice
    this.#listeners.set(key, set.add(entry));
    return () => {
      if (set.delete(entry) && set.size === 0)
        this.#listeners.delete(key);
    };
  }

  // Calls those of now, but who leaves meanwhile.
  #call(key, value) {
    const set = this.#listeners.get(key) ?? [];
    for (const entry of [...set])
      if (set.has(entry))
        this.#ask(entry.listener, value);
  }

  // What a function of the page throws is reported, and breaks nothing.
  #ask(call, value) {
    try {
      return call?.(value);
    } catch (error) {
      this.#world.reportError(error);
    }
  }

  // Throws what `new WebSocket` does.
  #open() {
    const {url, protocols, connectTimeout} = this.#options;
    const address = new URL(typeof url === "function" ? url() : url,
      this.#world.location?.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.hash = "";
    if (this.#state === "ended")
      throw new Error("closed by the function that makes its URL");
    const socket = new this.#world.WebSocket(address.href, protocols);
    // Nothing is heard of a socket that is no longer the one.
    const mine = (call) => (event) => this.#socket === socket && call(event);
    socket.binaryType = "arraybuffer";
    socket.onopen = mine(() => this.#onOpen());
    socket.onmessage = mine(({data}) => this.#onMessage(data));
    socket.onclose = mine(({code, reason}) => this.#onLoss(code, reason));
    socket.onerror = () => {}; // a close follows; npm's ws throws without it
    this.#socket = socket;
    this.#state = "connecting";
    this.#timer = this.#world.setTimeout(() => {
      this.#onLoss(1006, "no answer in time");
      socket.close();
    }, connectTimeout);
  }

  #onOpen() {
    this.#world.clearTimeout(this.#timer);
    this.#state = "open";
    const again = this.#openedAt !== undefined;
    this.#openedAt = this.#world.now();
    this.#call("when open", {again});
    while (this.#queue.length > 0 && this.#canSend())
      this.#socket.send(this.#queue.shift());
  }

  // A socket that is about to tell its close would drop what it is given.
  #canSend() {
    return this.#state === "open" && this.#socket.readyState === 1;
  }

  #onMessage(data) {
    if (typeof data !== "string")
      return this.#call("when binary", data);
    const event = readEvent(data);
    if (event === undefined)
      return this.#call("when message", data);
    this.#call(`on ${event.topic}`, event.data);
    this.#call("when event", {...event, text: data});
  }

  #onLoss(code, reason) {
    const {base, max, stableAfter, comeBack} = this.#options;
    const now = this.#world.now();
    if (this.#state === "open" && now - this.#openedAt >= stableAfter)
      this.#tries = 0;
    this.#tries += 1;
    const close = this.#closeOf(code, reason);
    const answer = this.#ask(comeBack, close);
    if (this.#state === "ended")
      return; // it was closed meanwhile
    if (!(typeof answer === "boolean" ? answer : comesBack(code, reason)))
      return this.#leave("ended", {...close, local: false});
    const asked = askedWait(code, reason) ?? 0;
    this.#notBefore = now + asked;
    // Full jitter, behind what was asked for: that may be the same for all.
    const jitter = this.#world.random()
      * Math.min(max, base * 2 ** (this.#tries - 1));
    this.#leave("waiting", {...close, wait: asked + jitter});
  }

  #closeOf(code, reason) {
    return {code, reason, wasOpen: this.#state === "open", tries: this.#tries};
  }

  // Forgets the socket. A listener may change the state again.
  #leave(state, event) {
    const hadSocket = this.#socket !== null;
    this.#world.clearTimeout(this.#timer);
    this.#socket = null;
    this.#state = state;
    this.#last = event;
    if (state === "ended") {
      this.#listenToPage("removeEventListener");
      event.unsent = this.#queue.splice(0);
    } else if (event.wait < Infinity) {
      this.#timer = this.#world.setTimeout(() => this.#tryAgain(), event.wait);
    }
    if (hadSocket)
      this.#call("when closed", event);
    if (this.#last === event)
      this.#call(`when ${state}`, event);
  }

  #tryAgain() {
    try {
      this.#open();
    } catch (error) {
      this.#world.reportError(error);
      return this.#onLoss(1006, "");
    }
    this.#call("when connecting", {tries: this.#tries});
  }

  #listenToPage(method) {
    for (const type of ["online", "pagehide", "pageshow"])
      this.#world.events[method]?.(type, this.#onPage);
  }

  // A page with an open WebSocket is not kept for the way back to it.
  #onPage = ({type, persisted}) => {
    if (type === "online" || type === "pageshow" && persisted)
      return this.retry();
    if (type === "pageshow" || !persisted)
      return;
    this.#socket?.close();
    this.#leave("waiting", {...this.#closeOf(1001, "hidden"), wait: Infinity});
  };
}

/** @type {(url: any, options?: object) => Relay} */
export function connect(url, options = {}) {
  return new Relay(url, options);
}
