// The WebSocket of a backend (actors/BACKEND.md): objects go and come over it, and
// a lost one is opened again. For wsrelay_backend.mjs.
import {createRequire} from "node:module";

const maxBuffered = 16 << 20;  // bytes that the kernel has not taken
const connectTimeout = 10_000; // ms, as those that follow
const stableAfter = 10_000;    // a connection counts as one that works
const longestAsked = 300_000;  // of a wait that the relay asks for

// Where a payload stands; what else there is has none.
const payloadOf = {send: "data", group_send: "data", response: "body",
  message: "data", http: "body"};

/** A frame of what is said, in which bytes stand beside JSON. */
export function encode(said) {
  const {[payloadOf[said.type]]: bytes, ...head} = said;
  if (!(bytes instanceof Uint8Array))
    return JSON.stringify(said);
  const json = Buffer.from(JSON.stringify(head));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(json.length);
  return Buffer.concat([size, json, bytes]);
}

/** @param {string|ArrayBuffer} frame throws where it is none */
export function decode(frame) {
  if (typeof frame === "string")
    return JSON.parse(frame);
  const bytes = Buffer.from(frame);
  const end = 4 + bytes.readUInt32BE(0);
  const heard = JSON.parse(bytes.toString("utf8", 4, end));
  return {...heard, [payloadOf[heard.type]]: bytes.subarray(end)};
}

/** Node.js 22 has a WebSocket; before it is the package ws. */
function openSocket(url, token, Given) {
  const headers = token ? {Authorization: `Bearer ${token}`} : {};
  const protocols = ["wsrelay.backend.1"];
  const Own = Given ? undefined : globalThis.WebSocket;
  const socket = Own ? new Own(url, {protocols, headers})
    : new (Given ?? createRequire(import.meta.url)("ws"))(url, protocols,
      {headers});
  socket.binaryType = "arraybuffer";
  return socket;
}

/** @typedef {{code: number, reason: string, wait?: number}} Loss `wait`: ms until
 *   it tries again; none where it was stopped */

export class RelaySocket {
  #url;
  #options;
  #world;
  #socket = null;
  #timer = null; // a try takes too long, or the next one begins
  #tries = 0;    // that have failed since a connection lasted
  #openedAt = Infinity;
  #hasStopped = false;

  /**
   * @param {string} url
   * @param {{token?: string, backoff?: {base: number, max: number},
   *   onOpen(): void, onHeard(heard: any, answer: (said: any) => void): void,
   *   onLost(loss: Loss): void, world: any}} options
   */
  constructor(url, options) {
    this.#url = url;
    this.#options = options;
    this.#world = options.world;
    this.#open();
  }

  /** Throws where it is not open, or takes nothing. */
  say(said) {
    if (this.#socket?.readyState !== 1)
      throw new Error("not connected");
    if (this.#socket.bufferedAmount > maxBuffered)
      throw new Error("the relay does not read");
    this.#socket.send(encode(said));
  }

  /** Gives this connection up, and opens another one. */
  drop(reason) {
    const socket = this.#socket;
    if (socket !== null) {
      this.#lose(1006, reason);
      socket.terminate ? socket.terminate() : socket.close();
    }
  }

  /** For ever: names end like those of a program that stops. */
  stop() {
    this.#hasStopped = true;
    this.#socket?.close(1000);
    this.#lose(1000, "stopped");
  }

  #open() {
    const socket = openSocket(this.#url, this.#options.token,
      this.#world.WebSocket);
    // Nothing is heard of a socket that is no longer the one.
    const mine = (call) => (event) => this.#socket === socket && call(event);
    socket.onopen = mine(() => {
      this.#world.clearTimeout(this.#timer);
      this.#openedAt = this.#world.now();
      this.#options.onOpen();
    });
    socket.onmessage = mine(({data}) => this.#onFrame(socket, data));
    socket.onclose = mine(({code, reason}) => this.#lose(code, reason));
    // A close follows, but not from every implementation.
    socket.onerror = mine(({error, message}) =>
      this.drop(error?.message || error?.code || message));
    this.#socket = socket;
    this.#timer = this.#world.setTimeout(
      () => this.drop("no answer in time"), connectTimeout);
  }

  // An answer is for who has asked: numbers begin anew with each connection.
  #onFrame(socket, data) {
    const orDrop = (call) => {
      try {
        return this.#socket === socket && call();
      } catch (error) {
        return this.drop(error.message);
      }
    };
    orDrop(() => this.#options.onHeard(decode(data),
      (said) => orDrop(() => this.say(said))));
  }

  #lose(code, reason) {
    this.#world.clearTimeout(this.#timer);
    this.#socket = null;
    if (this.#hasStopped)
      return this.#options.onLost({code, reason});
    const {base = 500, max = 15_000} = this.#options.backoff ?? {};
    if (this.#world.now() - this.#openedAt >= stableAfter)
      this.#tries = 0;
    this.#openedAt = Infinity;
    // Full jitter, behind what a drain asks for: that may be the same for all.
    const asked = Number(/^retry=(\d+)$/.exec(reason)?.[1] ?? 0);
    const wait = Math.min(asked, longestAsked)
      + this.#world.random() * Math.min(max, base * 2 ** this.#tries);
    this.#tries += 1;
    this.#timer = this.#world.setTimeout(() => this.#open(), wait);
    this.#options.onLost({code, reason, wait});
  }
}
