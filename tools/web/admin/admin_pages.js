// Rows of a query that the node hands out page by page: what was seen stays,
// what is looked at is fetched, whatever else is dropped.

const pageSize = 100;
const maxPages = 40;      // that are kept
const maxRequests = 2;    // at once
const restBefore = 80;    // ms without scrolling before a page is asked for

export class Pages {
  #load;
  #on;
  #pages = new Map();   // number -> rows
  #asked = new Set();   // numbers of pages under way
  #first = 0;
  #last = 0;            // of the rows that are looked at
  #timer = 0;
  #stopper = new AbortController();

  // `load(offset, limit, signal)` resolves to the API's answer. `on` holds
  // arrived(answer) and failed(error).
  constructor(load, on) {
    this.#load = load;
    this.#on = on;
  }

  // Forgets everything: the query is another one.
  reset() {
    this.stop();
    this.#pages.clear();
  }

  // Ends what is under way.
  stop() {
    clearTimeout(this.#timer);
    this.#stopper.abort();
    this.#stopper = new AbortController();
    this.#asked.clear();
  }

  // Returns the row, or undefined when it is not here.
  row(index) {
    return this.#pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }

  // Rows first..last are looked at. Pages that pass by quickly are not fetched.
  want(first, last) {
    this.#first = first;
    this.#last = last;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetchMissing(), restBefore);
  }

  // Fetches what is looked at again, and resolves when it is here.
  async refresh() {
    await Promise.all(this.#wanted()
      .filter((number) => !this.#asked.has(number))
      .map((number) => this.#fetch(number)));
  }

  #wanted() {
    const from = Math.floor(this.#first / pageSize);
    const to = Math.floor(this.#last / pageSize);
    return Array.from({length: to - from + 1}, (_, step) => from + step);
  }

  #fetchMissing() {
    for (const number of this.#wanted()) {
      if (this.#asked.size >= maxRequests)
        return;
      if (!this.#pages.has(number) && !this.#asked.has(number))
        this.#fetch(number);
    }
  }

  async #fetch(number) {
    const {signal} = this.#stopper;
    this.#asked.add(number);
    try {
      const answer = await this.#load(number * pageSize, pageSize, signal);
      if (signal.aborted)
        return;
      this.#asked.delete(number);
      this.#keep(number, answer.connections);
      this.#on.arrived(answer);
      this.#fetchMissing();
    } catch (error) {
      if (signal.aborted)
        return;
      this.#asked.delete(number);
      this.#on.failed(error);
    }
  }

  #keep(number, rows) {
    this.#pages.delete(number);  // becomes the youngest
    this.#pages.set(number, rows);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= maxPages)
        return;
      this.#pages.delete(oldest);
    }
  }
}
