// The chat of the demo page (tools/web/demo): who is in which room, and what they
// hear. How it reaches them is for others: it sends nothing.
import {createHash} from "node:crypto";

const maxName = 64;   // bytes
const maxText = 4096;
const maxRoom = 256;
const maxHistory = 50;

/**
 * @param {string|Buffer} data of a client
 * @returns {{hello: string}|{say: string}|{error: string}}
 */
export function read(data) {
  const {type, name, text} = parse(data);
  const isOf = (value, most) => typeof value === "string" && value !== ""
    && Buffer.byteLength(value) <= most && !/\p{Surrogate}/u.test(value);
  if (type === "hello")
    return isOf(name, maxName) ? {hello: name}
      : {error: `a name has 1 to ${maxName} bytes`};
  if (type === "say")
    return isOf(text, maxText) ? {say: text}
      : {error: `a text has 1 to ${maxText} bytes`};
  return {error: "say hello, or say something"};
}

// A client may send anything: also bytes, and halves of characters.
function parse(data) {
  try {
    return typeof data === "string" ? JSON.parse(data) ?? {} : {};
  } catch {
    return {};
  }
}

/** @returns {string} the room of a command's metadata; throws where it is none */
export function roomOf({room = "lobby"}) {
  if (typeof room !== "string" || Buffer.byteLength(room) > maxRoom)
    throw new RangeError(`a room has a name of up to ${maxRoom} bytes`);
  return room;
}

/** The group of those in a room: a room may be called anything, a group not. */
export function groupOf(room) {
  return `chat-${createHash("sha256").update(room).digest("base64url")}`;
}

export class Rooms {
  #rooms = new Map(); // by name: {members: names by pid, history}

  /** @returns {string[]} the names of those in it */
  enter(room, pid, name) {
    const found = this.#rooms.get(room) ?? {members: new Map(), history: []};
    this.#rooms.set(room, found);
    found.members.set(pid, name);
    return [...found.members.values()];
  }

  history(room) {
    return this.#rooms.get(room)?.history ?? [];
  }

  /** @returns {{from: string, text: string}|undefined} what all of the room hear */
  say(room, pid, text) {
    const {members, history} = this.#rooms.get(room) ?? {};
    const from = members?.get(pid);
    if (from === undefined)
      return undefined; // it is not in it
    const line = {from, text};
    history.push(line);
    history.splice(0, history.length - maxHistory);
    return line;
  }

  /** @returns {{name: string, members: string[]}|undefined} what those left hear */
  leave(room, pid) {
    const {members} = this.#rooms.get(room) ?? {};
    const name = members?.get(pid);
    if (!members?.delete(pid))
      return undefined;
    if (members.size === 0)
      this.#rooms.delete(room);
    return {name, members: [...members.values()]};
  }
}

/**
 * Of one room one thing happens after the other: what all hear and what one hears
 * have no common order, so who comes in hears each line once, and none too early,
 * if nothing is said until it is in.
 */
export class Turns {
  #ends = new Map(); // by room: of what happens there now

  /** @returns {Promise} of `call`, which may fail without the next one */
  take(room, call) {
    const before = this.#ends.get(room) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(call);
    this.#ends.set(room, mine);
    const end = () => this.#ends.get(room) === mine && this.#ends.delete(room);
    mine.then(end, end);
    return mine;
  }
}
