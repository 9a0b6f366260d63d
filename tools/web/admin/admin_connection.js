// The view of one connection: its state, its flight record, its traffic, and
// the buttons that do something to it.

import {connectionPath} from "./admin_api.js";
import {element, fillFacts, fillRows, repeat, setText} from "./admin_dom.js";
import {bytes, count, duration, moment, words} from "./admin_format.js";
import {Traffic} from "./admin_traffic.js";

const refreshEvery = 2000;  // ms

const messages = (number, size) => `${count(number)}, ${bytes(size)}`;

// An optional member is left out where it is undefined.
const given = (value, text) =>
  value === undefined || value === "" ? undefined : text(value);

// `name` is the target's, "" where it has none.
const factsOf = (report, name) => [
  ["Phase", words(report.phase)],
  ["Cause", given(report.cause, words)],
  ["Code", given(report.code, String)],
  ["Reason", given(report.reason, String)],
  ["Ended", given(report.ended_at_ms, moment)],
  ["Address", report.address],
  ["Endpoint", report.endpoint],
  ["Target", name ? `${name} (${report.target})` : report.target || "none"],
  ["Opened", given(report.opened_at_ms, moment)],
  ["Age", duration(report.age_ms)],
  ["Messages in", messages(report.messages_in, report.bytes_in)],
  ["Messages out", messages(report.messages_out, report.bytes_out)],
  ["Queued", messages(report.queued_messages, report.queued_bytes)],
  ["Compressed", report.compressed ? "yes" : "no"],
  ["Subprotocol", given(report.subprotocol, String)],
  ["Message topic", given(report.message_topic, String)],
  ["Heartbeat", given(report.heartbeat_interval_ms,
    (ms) => ms === 0 ? "off" : `every ${duration(ms)}`)],
  ["Expires", given(report.expires_at_ms, moment)],
  ["Trace", given(report.trace, String)],
];

const recordRow = ({at_ms: at, what, detail, count: times,
                    last_ms: last}) => [
  {text: duration(at), class: "number"},
  words(what),
  detail ?? "",
  {text: times === undefined ? "" : count(times), class: "number"},
  {text: last === undefined ? "" : duration(last), class: "number"},
];

const valueText = (value) =>
  typeof value === "string" ? value : JSON.stringify(value);

export class Connection {
  #api;
  #names;
  #traffic;
  #pid = "";
  #isOver = false;  // nothing about it changes any more
  #stop = () => {};

  constructor({api, actions, names}) {
    this.#api = api;
    this.#names = names;
    this.#traffic = new Traffic(api);
    const on = (id, action) => element(id).addEventListener("click",
      async () => {
        const pid = this.#pid;
        await action(pid);
        if (pid === this.#pid)
          this.#restart();
      });
    on("do-send", (pid) => actions.send(pid));
    on("do-close", (pid) => actions.close(pid));
    on("do-transfer", (pid) => actions.transfer(pid));
  }

  show({pid}) {
    this.#pid = pid;
    this.#isOver = false;
    this.#traffic.reset(pid);
    setText(element("connection-title"), `Connection ${pid}`);
    setText(element("connection-problem"), "");
    element("connection-body").hidden = true;
    this.#showButtons();
    this.#restart();
  }

  hide() {
    this.#stop();
    this.#traffic.stop();
    this.#pid = "";
  }

  #restart() {
    this.#stop();
    this.#stop = repeat((signal) => this.#load(signal), refreshEvery,
      (error) => this.#failed(error));
  }

  async #load(signal) {
    if (this.#isOver)
      return;
    const report = await this.#api.get(connectionPath(this.#pid), signal);
    if (!signal.aborted)
      this.#draw(report);
  }

  #failed(error) {
    if (error.status === undefined)
      return;  // no answer: the banner says it
    if (error.status === 404)
      this.#end();
    setText(element("connection-problem"), error.status === 404
      ? "No such connection: it has ended a while ago, or never was."
      : error.message);
  }

  #draw(report) {
    if (report.phase === "ended")
      this.#end();
    setText(element("connection-problem"), "");
    element("connection-body").hidden = false;
    fillFacts(element("facts"), factsOf(report,
      report.target_name || this.#names.get(report.target)));
    this.#drawMetadata(report.metadata);
    this.#drawRecord(report);
  }

  #end() {
    this.#isOver = true;
    this.#showButtons();
  }

  #showButtons() {
    for (const id of ["do-send", "do-close", "do-transfer", "traffic-start"])
      element(id).disabled = this.#isOver;
    element("traffic-card").hidden = this.#isOver && this.#traffic.isEmpty;
  }

  #drawMetadata(metadata) {
    const pairs = Object.entries(metadata ?? {});
    setText(element("metadata-none"),
      metadata === undefined ? "not kept of a connection that has ended"
        : "none");
    element("metadata-none").hidden = pairs.length > 0;
    element("metadata-table").hidden = pairs.length === 0;
    fillRows(element("metadata"),
      pairs.map(([key, value]) => [key, valueText(value)]));
  }

  #drawRecord({events = [], events_left_out: left = 0}) {
    setText(element("record-note"),
      left > 0 ? `${count(left)} events in between were left out.` : "");
    fillRows(element("record"), events.map(recordRow));
  }
}
