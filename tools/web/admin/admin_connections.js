// The view of all connections: filters, order, and the table that scrolls.
// Both are part of the address, so that it can be passed on.

import {connectionLink} from "./admin_api.js";
import {element, fillChoices, make, repeat, setText} from "./admin_dom.js";
import {bytes, count, duration} from "./admin_format.js";
import {Pages} from "./admin_pages.js";
import {VirtualTable} from "./admin_table.js";

const typingPause = 250;   // ms after the last key before it searches
const refreshEvery = 2000;  // ms
const firstSort = "-age_ms";  // the oldest: new ones come at the end
const filterNames = ["search", "endpoint", "target", "metadata"];

// `minor` columns are left out on a phone. Widths are such that "23 h 59 min",
// "12,345,678" and "1,023.9 KiB" fit in a window of 1200 px.
const columns = [
  {name: "PID", sort: "pid", width: "13.2%",
    cell: ({pid}) => ({text: pid, href: connectionLink(pid)})},
  {name: "Address", sort: "address", width: "11.3%", class: "minor",
    cell: ({address}) => address},
  {name: "Endpoint", sort: "endpoint", width: "8%",
    cell: ({endpoint}) => endpoint},
  {name: "Target", sort: "target", width: "9.9%", class: "minor",
    cell: (row) => row.target_name || row.target || "none"},
  {name: "Age", sort: "age_ms", width: "8.8%", class: "number",
    cell: (row) => duration(row.age_ms)},
  {name: "Msgs in", sort: "messages_in", width: "8.4%", class: "number minor",
    cell: (row) => count(row.messages_in)},
  {name: "Bytes in", sort: "bytes_in", width: "8.4%", class: "number minor",
    cell: (row) => bytes(row.bytes_in)},
  {name: "Msgs out", sort: "messages_out", width: "8.4%", class: "number minor",
    cell: (row) => count(row.messages_out)},
  {name: "Bytes out", sort: "bytes_out", width: "8.4%", class: "number minor",
    cell: (row) => bytes(row.bytes_out)},
  {name: "Queued", sort: "queued_messages", width: "6.8%",
    class: "number minor", cell: (row) => count(row.queued_messages)},
  {name: "Queued bytes", sort: "queued_bytes", width: "8.4%",
    class: "number minor", cell: (row) => bytes(row.queued_bytes)},
];

export class Connections {
  #api;
  #pages;
  #table;
  #query = new URLSearchParams();
  #sort = firstSort;
  #timer = 0;
  #stop = () => {};
  #isNew = true;  // whether the answer to come is the first to a query

  constructor({api}) {
    this.#api = api;
    this.#pages = new Pages(
      (offset, limit, signal) => this.#load(offset, limit, signal), {
        arrived: (answer) => this.#arrived(answer),
        failed: (error) => this.#say(error.message),
      });
    this.#makeHead();
    this.#table = new VirtualTable({
      scroller: element("connections-scroller"),
      table: element("connections-table"),
      body: element("connections-rows"),
      columns,
      rowOf: (index) => this.#pages.row(index),
      looked: (first, last) => this.#pages.want(first, last),
    });
    this.#listen();
  }

  show({query}) {
    const form = element("filters").elements;
    for (const name of filterNames)
      this.#setFilter(form[name], query.get(name) ?? "");
    this.#sort = query.get("sort") ?? firstSort;
    this.#search(false);
    this.#stop = repeat(() => this.#refresh(), refreshEvery, () => {});
  }

  hide() {
    this.#stop();
    clearTimeout(this.#timer);
    this.#pages.stop();
  }

  // The node's endpoints, for the filter.
  showNode({endpoints}) {
    const names = [...new Set(endpoints.map(({name}) => name))].sort();
    const select = element("filters").elements.endpoint;
    const chosen = select.value;
    fillChoices(select, chosen && !names.includes(chosen)
      ? [...names, chosen] : names);
  }

  #setFilter(control, value) {
    const isUnknown = control.tagName === "SELECT" && value !== ""
      && ![...control.options].some((option) => option.value === value);
    if (isUnknown)
      control.append(make("option", {value, text: value}));
    control.value = value;
  }

  #listen() {
    const form = element("filters");
    const later = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), typingPause);
    };
    form.addEventListener("input", ({target}) => {
      if (target.id !== "live")
        later();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
    });
    form.addEventListener("reset", later);
  }

  #makeHead() {
    const head = element("connections-head");
    for (const column of columns) {
      const button = make("button", {type: "button", text: column.name});
      button.addEventListener("click", () => this.#sortBy(column.sort));
      const cell = make("th", {scope: "col", class: column.class}, button);
      cell.style.setProperty("--width", column.width);
      cell.dataset.sort = column.sort;
      head.append(cell);
    }
  }

  // The first click sorts upwards, the second one downwards.
  #sortBy(name) {
    this.#sort = this.#sort === name ? `-${name}` : name;
    this.#search();
  }

  // Starts a query of what the filters say.
  #search(isKept = true) {
    clearTimeout(this.#timer);
    const form = element("filters").elements;
    this.#query = new URLSearchParams();
    for (const name of filterNames)
      if (form[name].value.trim() !== "")
        this.#query.set(name, form[name].value.trim());
    this.#query.set("sort", this.#sort);
    if (isKept)
      history.replaceState(null, "", `#/connections?${this.#query}`);
    this.#showSort();
    this.#isNew = true;
    this.#pages.reset();
    this.#table.toStart();
    this.#table.update();
    this.#pages.want(0, 0);
  }

  #showSort() {
    const name = this.#sort.replace("-", "");
    const order = this.#sort.startsWith("-") ? "descending" : "ascending";
    for (const cell of element("connections-head").cells) {
      if (cell.dataset.sort === name)
        cell.setAttribute("aria-sort", order);
      else
        cell.removeAttribute("aria-sort");
    }
  }

  #load(offset, limit, signal) {
    const query = new URLSearchParams(this.#query);
    query.set("offset", offset);
    query.set("limit", limit);
    return this.#api.get(`/api/v1/connections?${query}`, signal);
  }

  async #refresh() {
    if (element("live").checked && !this.#isNew)
      await this.#pages.refresh();
    else if (this.#isNew)
      this.#pages.want(0, 0);  // the first try may have failed
  }

  #arrived({total, matched, missing = []}) {
    const isOf = matched === total ? "" : ` of ${count(total)}`;
    const text = `${count(matched)}${isOf} connections`
      + (missing.length === 0 ? ""
        : `; without those of ${missing.join(", ")}, which did not answer`);
    setText(element("found"), text);
    if (this.#isNew)
      setText(element("found-spoken"), text);
    this.#isNew = false;
    this.#table.setCount(matched);
  }

  #say(text) {
    setText(element("found"), text);
    setText(element("found-spoken"), text);
  }
}
