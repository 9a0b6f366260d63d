// Server-sent events over fetch(), which unlike EventSource can say who it is,
// and a feed of them that comes back after a break.

const firstDelay = 500;      // ms before the first try to connect again
const longestDelay = 15000;  // ms between two tries
const longestSilence = 20000;  // ms; a point comes every few seconds
const longestEvent = 64 << 20;  // characters that may wait for an end of line

// Splits a stream into events, as the HTML standard says, section 9.2.6.
export class EventParser {
  #rest = "";
  #type = "";
  #data = [];

  // Returns the events that `text` completes, each {type, data}.
  push(text) {
    const events = [];
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    if (this.#rest.length > longestEvent)
      throw new Error("an event without an end");
    for (const line of lines)
      this.#take(line.endsWith("\r") ? line.slice(0, -1) : line, events);
    return events;
  }

  #take(line, events) {
    if (line === "") {
      if (this.#data.length > 0)
        events.push({type: this.#type || "message",
          data: this.#data.join("\n")});
      this.#type = "";
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event")
      this.#type = value;
    else if (name === "data")
      this.#data.push(value);
  }
}

// Calls take(type, object) for each event of a response until its end;
// `heard()` for whatever comes, be it a comment.
export async function readEvents(response, take, heard = () => {}) {
  const reader = response.body.pipeThrough(new TextDecoderStream())
    .getReader();
  const parser = new EventParser();
  for (;;) {
    const {done, value} = await reader.read();
    if (done)
      return;
    heard();
    for (const {type, data} of parser.push(value))
      take(type, JSON.parse(data));
  }
}

// Half of the delay is fixed and half random, so that not all pages return to
// a node at once.
function retryDelay(attempt) {
  const delay = Math.min(longestDelay, firstDelay * 2 ** attempt);
  return delay / 2 + Math.random() * delay / 2;
}

// The node's /events. `on` holds event(type, data), up(), and down(error).
export class Feed {
  #api;
  #on;
  #attempt = 0;
  #wake = () => {};

  constructor(api, on) {
    this.#api = api;
    this.#on = on;
  }

  async run() {
    for (;;) {
      let error = new Error("the stream has ended");
      try {
        await this.#readOnce();
      } catch (reason) {
        error = reason;
      }
      const delay = retryDelay(this.#attempt++);
      this.#on.down(error);
      await new Promise((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, delay);
      });
    }
  }

  // Does not wait any longer for the next try.
  retryNow() {
    this.#wake();
  }

  async #readOnce() {
    const stopper = new AbortController();
    let silence = 0;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => stopper.abort(new Error("nothing is heard")),
        longestSilence);
    };
    heard();  // an answer that does not come is silence, too
    try {
      const response = await this.#api.stream("/events", stopper.signal);
      this.#attempt = 0;
      this.#on.up();
      await readEvents(response, this.#on.event, heard);
    } finally {
      clearTimeout(silence);
      stopper.abort();
    }
  }
}
