// The view of targets and peers: a picture and two tables.

import {element, fillRows, repeat, setText} from "./admin_dom.js";
import {bytes, count, duration} from "./admin_format.js";
import {drawGraph} from "./admin_graph.js";

const refreshEvery = 2000;  // ms
const maxRows = 200;        // of the table of targets

const targetLink = (target) => `#/connections?${
  new URLSearchParams({target: target.name || target.pid})}`;

const targetRow = (target) => [
  {text: target.name || "without a name", href: targetLink(target)},
  target.node || "unknown",
  target.pid,
  {text: count(target.connections), class: "number"},
];

const peerRow = (peer) => [
  peer.name,
  peer.address ?? "",
  peer.version ?? "",
  {text: count(peer.protocol), class: "number"},
  {text: duration(peer.connected_ms), class: "number"},
  {text: duration(peer.heard_ms), class: "number"},
  {text: bytes(peer.waiting_bytes), class: "number"},
];

export class Network {
  #api;
  #failed;
  #seen = null;   // what is drawn
  #drawn = "";    // the same as text
  #stop = () => {};

  constructor({api, failed}) {
    this.#api = api;
    this.#failed = failed;
    new ResizeObserver(() => this.#redraw()).observe(element("graph"));
  }

  show() {
    this.#stop = repeat((signal) => this.#load(signal), refreshEvery,
      this.#failed);
  }

  hide() {
    this.#stop();
  }

  async #load(signal) {
    const [{name, services}, {targets}, {peers}] = await Promise.all(
      ["node", "targets", "peers"].map(
        (path) => this.#api.get(`/api/v1/${path}`, signal)));
    if (signal.aborted)
      return;
    const connections = services.reduce(
      (sum, service) => sum + service.connections, 0);
    this.#seen = {own: name, connections, targets, peers};
    this.#redraw();
    this.#drawTargets(targets);
    element("peers-none").hidden = peers.length > 0;
    element("peers-region").hidden = peers.length === 0;
    fillRows(element("peers"), peers.map(peerRow));
  }

  #drawTargets(targets) {
    const sorted = [...targets].sort(
      (a, b) => b.connections - a.connections);
    setText(element("targets-note"), targets.length <= maxRows ? ""
      : `The ${maxRows} with most connections of ${count(targets.length)}.`);
    fillRows(element("targets"), sorted.slice(0, maxRows).map(targetRow));
  }

  // Drawn anew only when something has changed, and then the focus is given
  // back to the link that had it.
  #redraw() {
    const box = element("graph");
    const style = getComputedStyle(box);
    const width = Math.floor(box.clientWidth - parseFloat(style.paddingLeft)
      - parseFloat(style.paddingRight));
    if (this.#seen === null || width <= 0)
      return;
    const {own, connections, targets, peers} = this.#seen;
    const text = JSON.stringify([width, own, connections, targets,
      peers.map(({name}) => name)]);
    if (text === this.#drawn)
      return;
    this.#drawn = text;
    const focused = box.contains(document.activeElement)
      ? document.activeElement.getAttribute("href") : null;
    box.replaceChildren(drawGraph(this.#seen, width));
    if (focused !== null)
      [...box.querySelectorAll("a")]
        .find((link) => link.getAttribute("href") === focused)?.focus();
  }
}
