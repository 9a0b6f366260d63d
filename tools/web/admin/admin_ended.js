// The view of the connections that ended last, and why.

import {connectionLink} from "./admin_api.js";
import {element, fillChoices, fillRows, repeat, setText}
  from "./admin_dom.js";
import {count, duration, recent, words} from "./admin_format.js";

const refreshEvery = 3000;  // ms
const limit = 200;

// Ends that nobody needs to look at.
const normal = new Set([1000, 1001, 1005]);

const row = (report) => [
  recent(report.ended_at_ms),
  words(report.cause),
  {text: String(report.code),
    class: normal.has(report.code) ? "number" : "number bad"},
  {text: report.pid, href: connectionLink(report.pid)},
  report.address,
  report.endpoint,
  report.reason ?? "",
  {text: duration(report.age_ms), class: "number"},
  {text: count(report.messages_in), class: "number"},
  {text: count(report.messages_out), class: "number"},
];

export class Ended {
  #api;
  #failed;
  #reports = [];
  #stop = () => {};

  constructor({api, failed}) {
    this.#api = api;
    this.#failed = failed;
    const form = element("ended-filter");
    form.addEventListener("input", () => this.#draw());
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  show() {
    this.#stop = repeat((signal) => this.#load(signal), refreshEvery,
      this.#failed);
  }

  hide() {
    this.#stop();
  }

  async #load(signal) {
    const {ended} = await this.#api.get(`/api/v1/ended?limit=${limit}`,
      signal);
    if (signal.aborted)
      return;
    this.#reports = ended;
    const causes = [...new Set(ended.map(({cause}) => cause))].sort();
    fillChoices(element("ended-filter").elements.cause, causes);
    this.#draw();
  }

  #draw() {
    const cause = element("ended-filter").elements.cause.value;
    const shown = this.#reports.filter(
      (report) => cause === "" || report.cause === cause);
    setText(element("ended-note"), `${count(shown.length)} shown, the newest `
      + "first. The node keeps a limited number of them.");
    fillRows(element("ended"), shown.map(row));
  }
}
