// A backend (actors/BACKEND.md): offers names, calls handlers, answers for them, and
// says what there is to say. To copy, with wsrelay_socket.mjs: Node.js 22 is all
// it needs, or 18 and the package ws.
import {RelaySocket} from "./wsrelay_socket.mjs";

const maxPending = 10_000;    // what was said and is not answered
const offerInterval = 25_000; // ms; a relay that does not answer is lost

/**
 * What a name does. Each is called with what is heard (BACKEND.md; payloads are
 * strings or Buffers) and may return a promise: when that is settled, the relay
 * gets its answer, or reads on from that client. Calls for one client begin in
 * their order, and do not wait for each other. A `join` that throws refuses the
 * client; what they throw is reported. `http` returns its `response`:
 * {status, headers, body, relay}.
 * @typedef {Partial<Record<"join"|"message"|"leave"|"heartbeat"|"http",
 *   (heard: any) => any>>} Handlers
 *
 * @typedef {object} Options
 * @property {string} [token]
 * @property {number} [timeout] ms, the longest wait for an answer: 10 s
 * @property {{base: number, max: number}} [backoff] ms, of tries: 500, 15000
 * @property {(waiting: string[]) => void} [onReady] the names are offered, also
 *   after a loss; those in `waiting` others have, and they come when these go
 * @property {(loss: import("./wsrelay_socket.mjs").Loss) => void} [onLost]
 * @property {(heard: any) => void} [down] of somebody that is monitored
 * @property {(heard: any) => void} [exit] of somebody that is linked
 * @property {(error: Error|string) => void} [report]
 */

export class Backend {
  #names;
  #options;
  #world;
  #socket;
  #pending = new Map(); // by id, those who wait for an answer
  #lastId = 0;
  #nextOffer; // a timer

  /**
   * @param {string} url of a backend.service
   * @param {Record<string, Handlers>} names
   * @param {Options} options
   */
  constructor(url, names, options = {}) {
    const {token, backoff} = options;
    this.#names = new Map(Object.entries(names));
    this.#options = {timeout: 10_000, report: console.error, ...options};
    this.#world = {setTimeout, clearTimeout, random: Math.random, now: Date.now,
      ...options.world};
    this.#socket = new RelaySocket(url, {token, backoff, world: this.#world,
      onOpen: () => this.#offer(),
      onHeard: (heard, answer) => this.#hear(heard, answer),
      onLost: (loss) => this.#onLost(loss)});
  }

  // These are done when the relay says so. They reject with its `error`, and when
  // the answer was lost or is late: then it may have happened. Who does not await
  // them is told nothing. `more`: priority, key, except.
  send(to, data, more) { return this.ask("send", {to, data, ...more}); }
  event(to, topic, data, more) {
    return this.ask("event", {to, topic, data, ...more});
  }
  close(to, code = 1000, reason = "") {
    return this.ask("close", {to, code, reason});
  }
  control(to, change) { return this.ask("control", {to, ...change}); }
  groupSend(group, data, more) {
    return this.ask("group_send", {group, data, ...more});
  }
  groupEvent(group, topic, data, more) {
    return this.ask("group_event", {group, topic, data, ...more});
  }
  groupClose(group, code = 1000, reason = "") {
    return this.ask("group_close", {group, code, reason});
  }
  /** Any other type, such as monitor, with its members. */
  ask(type, members) {
    const done = new Promise((resolve, reject) => {
      if (this.#pending.size >= maxPending)
        throw new Error("too much is not answered");
      const id = this.#lastId += 1;
      this.#socket.say({type, ...members, id});
      const timer = this.#world.setTimeout(() => this.#settle(
        {id, error: "timeout", text: "no answer"}), this.#options.timeout);
      this.#pending.set(id, {resolve, reject, timer});
    });
    done.catch(() => {}); // who awaits it hears of it
    return done;
  }
  stop() { this.#socket.stop(); }

  #settle({id, type, error, text, waiting = []}) {
    const {resolve, reject, timer} = this.#pending.get(id) ?? {};
    this.#world.clearTimeout(timer);
    if (this.#pending.delete(id))
      type === "ok" ? resolve(waiting)
        : reject(Object.assign(new Error(`${error}: ${text}`), {error}));
  }

  #onLost(loss) {
    const {code, reason, wait} = loss;
    if (wait !== undefined)
      this.#options.report(`lost: ${code} "${reason}", again in ${wait | 0} ms`);
    this.#world.clearTimeout(this.#nextOffer);
    for (const id of [...this.#pending.keys()])
      this.#settle({id, error: "connection_lost", text: reason});
    this.#options.onLost?.(loss);
  }

  // Again and again: so it learns that a relay has gone without a word.
  #offer(isFirst = true) {
    const names = [...this.#names.keys()];
    this.ask("offer", {names, acks: true}).then((waiting) => {
      this.#nextOffer = this.#world.setTimeout(() => this.#offer(false),
        offerInterval);
      if (isFirst)
        this.#options.onReady?.(waiting);
    }, (error) => this.#socket.drop(error.message)); // unless it is lost already
  }

  #hear(heard, answer) {
    if ("id" in heard)
      this.#settle(heard);
    else if (heard.type === "error") // of an answer
      this.#options.report(new Error(`${heard.error}: ${heard.text}`));
    else
      this.#call(heard, answer);
  }

  async #call(heard, answer) {
    const {type, name, pid, ref, seq} = heard;
    let said = type === "message" ? {type: "taken", to: pid, seq}
      : {type: "ok", ref};
    try {
      const handlers = this.#names.get(name) ?? this.#options; // down, exit
      const found = await handlers[type]?.(heard);
      if (type === "http")
        said = {type: "response", ref, ...found ?? {status: 404}};
    } catch (error) {
      this.#options.report(type === "join" ? `refused: ${error.message}` : error);
      if (type !== "message")
        said = {type: "error", ref, text: error.message};
    }
    if (type === "message" || ref !== undefined)
      answer(said);
  }
}
