// A connection of the page that comes back, what its closes mean, and the lists
// that tell of them. Text from elsewhere only ever reaches the page as
// textContent.

import {comesBack, connect} from "./wsrelay.js"; // tools/web/client

const maxLines = 500; // of a list on the page; the oldest go first

export const element = (id) => document.getElementById(id);

// -- close codes -------------------------------------------------------------

// RFC 6455 section 7.4.1 and the IANA registry of close codes: what it means,
// and what there is to do. actors/ENDINGS.md has who sends what.
const closeWords = new Map([
  [1000, ["closed normally", "connect again when you like"]],
  [1001, ["the server is going away", "it may be started again soon"]],
  [1002, ["the protocol was violated", "reload the page"]],
  [1003, ["this type of message is not accepted", "send another one"]],
  [1005, ["closed without a code", "connect again"]],
  [1006, ["the connection was lost", "check the network; the server may be down"]],
  [1007, ["a message was not valid text", "send another one"]],
  [1008, ["not allowed, or too fast", "send less, then connect again"]],
  [1009, ["a message was too big", "send a smaller one"]],
  [1010, ["an extension is missing", "try another browser"]],
  [1011, ["the actor behind it failed", "a new connection gets a new one"]],
  [1012, ["the server restarts", "it says when to come back"]],
  [1013, ["the server is overloaded, or this page too slow", "try again later"]],
  [1014, ["a gateway got an invalid answer", "look at the proxy's log"]],
  [1015, ["the TLS handshake failed", "look at the certificate"]],
]);

function wordsOf(code, wasOpen) {
  if (code === 1006 && !wasOpen)
    return ["could not connect, or was refused", "the server's log says why"];
  return closeWords.get(code)
    ?? [code >= 4000 ? "closed by the application" : "unknown code",
      "the application knows why"];
}

/** Returns code, meaning, the server's reason, and what to do. */
export function describeClose({code, reason, wasOpen}) {
  const [meaning, next] = wordsOf(code, wasOpen);
  return `${code}, ${meaning}` + (reason ? ` ("${reason}")` : "") + `: ${next}`;
}

// -- lists on the page -------------------------------------------------------

/** Returns an element that shows a text, whatever is in it. */
export function part(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Appends an <li> of strings and elements; follows the end of the list unless
 *  the reader has scrolled up. */
export function addLine(list, className, ...parts) {
  const box = list.parentElement;
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  const line = document.createElement("li");
  line.className = className;
  line.append(...parts); // a string becomes a text node
  list.append(line);
  while (list.childElementCount > maxLines)
    list.firstElementChild.remove();
  if (atEnd)
    box.scrollTop = box.scrollHeight;
}

export function logLife(who, text, bad = false) {
  const time = new Date().toLocaleTimeString([], {hour12: false});
  addLine(element("life-log"), bad ? "bad" : "", part("span", "time", `${time} `),
    `${who}: ${text}`);
}

export function showStatus(output, state, text, code = "") {
  output.dataset.state = state; // idle|connecting|open|waiting|closed
  output.dataset.code = code;
  output.textContent = text;
}

// -- connections that come back ----------------------------------------------

/** One connection at a time. `listen` gives it its listeners; `change` is told
 *  state, text and the code with which it was closed, each in that state;
 *  `refused`, what it means when it was never open after two tries. */
export class Connection {
  #name;
  #listen;
  #change;
  #options;
  #relay = null;
  #code = "";
  #wasOpen = false;
  #given = ""; // what it is told in place of the words for its code

  constructor(name, {listen, change, refused = "", ...options}) {
    this.#name = name;
    this.#listen = listen;
    this.#change = change;
    this.#options = {comeBack: ({code, reason, tries}) => {
      const isHopeless = refused && !this.#wasOpen && tries >= 2;
      this.#given = isHopeless ? refused : "";
      return !isHopeless && comesBack(code, reason);
    }, ...options};
  }

  get active() {
    return this.#relay !== null && this.#relay.state !== "ended";
  }

  get isOpen() {
    return this.#relay?.state === "open";
  }

  connect(path) {
    this.disconnect();
    this.#code = "";
    this.#wasOpen = false;
    const relay = this.#relay = connect(path, this.#options);
    relay.when("connecting", () => this.#onConnecting(path));
    relay.when("open", () => this.#onOpen());
    relay.when("closed", (close) => this.#onClosed(close));
    relay.when("waiting", (close) => this.#onWaiting(close));
    relay.when("ended", (close) => this.#onEnded(close));
    this.#listen(relay);
    this.#onConnecting(path);
  }

  /** Closes with 1000, or stops trying; does nothing when there is neither. */
  disconnect() {
    this.#relay?.close(1000, "left");
  }

  /** Does not wait any longer. */
  retry() {
    this.#relay?.retry();
  }

  /** Returns whether the browser took the data. */
  send(data) {
    return this.#relay?.send(data) ?? false;
  }

  #tell(state, text, life) {
    logLife(this.#name, life);
    this.#change(state, text, this.#code);
  }

  #onConnecting(path) {
    this.#tell("connecting", "connecting ...", `connecting to ${path}`);
  }

  #onOpen() {
    this.#code = "";
    this.#wasOpen = true;
    this.#tell("open", "connected", "open");
  }

  // The code is that of the connection, not of a try that came after it.
  #onClosed(close) {
    logLife(this.#name, describeClose(close), close.code !== 1000);
    if (close.wasOpen || this.#code === "")
      this.#code = String(close.code);
  }

  #onWaiting(close) {
    const when = close.wait < Infinity
      ? `trying again in ${(close.wait / 1000).toFixed(1)} s`
      : "trying again when the page is shown";
    this.#tell("waiting", `${describeClose(close)}; ${when}`, when);
  }

  #onEnded(close) {
    this.#code = String(close.code);
    if (close.local)
      this.#tell("closed", "not connected", "left");
    else
      this.#tell("closed", this.#given || describeClose(close),
        `not trying again${this.#given && `: ${this.#given}`}`);
  }
}
