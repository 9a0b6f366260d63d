// The first view: numbers, plots, and what each endpoint does.

import {element, fillFacts, fillRows} from "./admin_dom.js";
import {bytes, count, micros, rate} from "./admin_format.js";
import {perSecond, sampled} from "./admin_history.js";
import {Plots} from "./admin_plots.js";

const phases = ["relaying", "binding", "transferring", "parked", "leaving",
  "closing"];

const endpointRow = (endpoint) => [
  {text: endpoint.name,
    href: `#/connections?${new URLSearchParams({endpoint: endpoint.name})}`},
  endpoint.service,
  ...[...phases.map((phase) => endpoint.phases[phase]), endpoint.opened,
    endpoint.messages_in, endpoint.messages_out]
    .map((number) => ({text: count(number), class: "number"})),
];

// Names and texts of the tiles.
const tilesOf = (point) => [
  ["Connections", count(point.connections)],
  ["Parked", count(point.parked)],
  ["Messages in/s", rate(perSecond(point, "messages_in"))],
  ["Messages out/s", rate(perSecond(point, "messages_out"))],
  ["Bytes in/s", bytes(perSecond(point, "bytes_in") ?? 0)],
  ["Bytes out/s", bytes(perSecond(point, "bytes_out") ?? 0)],
  ["Answer, p50", micros(sampled(point.answer_p50_us))],
  ["Answer, p99", micros(sampled(point.answer_p99_us))],
  ["Queued", bytes(point.queued_bytes)],
  ["Opened/s", rate(perSecond(point, "opened"))],
  ["Refused/s", rate(perSecond(point, "refused"))],
  ["Dropped/s", rate(perSecond(point, "dropped"))],
  ["Loop's delay", micros(point.lag_us)],
];

export class Overview {
  #history;
  #plots;
  #isShown = false;

  constructor({history}) {
    this.#history = history;
    this.#plots = new Plots(history);
    new ResizeObserver(() => this.showPoints()).observe(element("plots"));
  }

  show() {
    this.#isShown = true;
    this.showPoints();
  }

  hide() {
    this.#isShown = false;
  }

  // The history has changed.
  showPoints() {
    if (!this.#isShown || this.#history.last === undefined)
      return;
    fillFacts(element("tiles"), tilesOf(this.#history.last), true);
    this.#plots.draw();
  }

  showNode({endpoints}) {
    fillRows(element("endpoints"), endpoints.map(endpointRow));
  }

  recolour() {
    this.#plots.recolour();
  }
}
