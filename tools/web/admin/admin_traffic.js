// What goes over one connection, as it happens: a list that follows its end.
// Payloads are shown only when somebody asks for them.

import {connectionPath} from "./admin_api.js";
import {element, make, setText} from "./admin_dom.js";
import {bytes, clock, count} from "./admin_format.js";
import {readEvents} from "./admin_stream.js";

const maxLines = 500;     // of the list; the oldest go first
const maxShown = 2000;    // characters of a payload

const payloadOf = ({data, data_base64: base64}) => {
  const text = data ?? (base64 === undefined ? undefined : `base64 ${base64}`);
  if (text === undefined)
    return "";
  return text.length <= maxShown ? `  ${text}`
    : `  ${text.slice(0, maxShown)} ...`;
};

const messageText = (word, {number, type, size, ...payload}) =>
  `${word} ${count(number)} ${type}, ${bytes(size)}${payloadOf(payload)}`;

// Texts of the events, by their types.
const texts = {
  in: (event) => messageText("in ", event),
  out: (event) => messageText("out", event),
  transferred: ({target}) => `transferred to ${target}`,
  missed: (event) => `${count(event.count)} events were missed`,
  failed: ({detail}) => `failed: ${detail}`,
  ended: ({cause, code, reason}) =>
    `ended: ${cause}, ${code}` + (reason ? `, "${reason}"` : ""),
};

export class Traffic {
  #api;
  #pid = "";
  #stopper = null;
  #waiting = [];  // lines for the next frame

  constructor(api) {
    this.#api = api;
    element("traffic-start").addEventListener("click",
      () => (this.#stopper ? this.stop() : this.#start()));
    element("traffic-clear").addEventListener("click",
      () => element("traffic").replaceChildren());
    element("traffic-payload").addEventListener("change", () => {
      if (this.#stopper) {
        this.stop();
        this.#start();
      }
    });
  }

  get isEmpty() {
    return element("traffic").childElementCount === 0;
  }

  // Another connection is shown.
  reset(pid) {
    this.stop();
    this.#pid = pid;
    element("traffic").replaceChildren();
    element("traffic-payload").checked = false;
    setText(element("traffic-state"), "not watching");
  }

  stop() {
    if (this.#stopper === null)
      return;
    this.#stopper.abort();
    this.#ended("no longer watching");
  }

  #ended(text) {
    this.#stopper = null;
    setText(element("traffic-start"), "Watch");
    setText(element("traffic-state"), text);
  }

  async #start() {
    const stopper = new AbortController();
    this.#stopper = stopper;
    setText(element("traffic-start"), "Stop");
    setText(element("traffic-state"), "connecting");
    try {
      await this.#read(stopper.signal);
      if (this.#stopper === stopper)
        this.#ended("the node has ended the stream");
    } catch (error) {
      if (this.#stopper === stopper)
        this.#ended(error.message);
    }
  }

  async #read(signal) {
    const payload = element("traffic-payload").checked;
    const response = await this.#api.stream(
      `${connectionPath(this.#pid)}/events?payload=${payload}`, signal);
    if (signal.aborted)
      return;
    setText(element("traffic-state"),
      payload ? "watching, with payloads" : "watching");
    await readEvents(response, (type, event) => {
      if (signal.aborted || !Object.hasOwn(texts, type))
        return;
      if (event.missed > 0)
        this.#add("missed", {count: event.missed});
      this.#add(type, event);
    });
  }

  // A busy connection has more events than frames: lines wait for the next one,
  // and those that nobody could read are not made.
  #add(type, event) {
    const text = `${clock(Date.now())}  ${texts[type](event)}`;
    if (this.#waiting.push([type, text]) === 1)
      requestAnimationFrame(() => this.#draw());
    if (this.#waiting.length > maxLines)
      this.#waiting.splice(1, 1);
  }

  #draw() {
    const list = element("traffic");
    const box = list.parentElement;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    list.append(...this.#waiting.map(([type, text]) =>
      make("li", {class: type, text})));
    this.#waiting = [];
    while (list.childElementCount > maxLines)
      list.firstElementChild.remove();
    if (atEnd)
      box.scrollTop = box.scrollHeight;
  }
}
