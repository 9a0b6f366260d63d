// Wires the page: views and their addresses, the node's state, its feed of
// events, the theme, the token.

import {Actions, showResult} from "./admin_actions.js";
import {Api} from "./admin_api.js";
import {Connection} from "./admin_connection.js";
import {Connections} from "./admin_connections.js";
import {element, make, repeat, setText} from "./admin_dom.js";
import {Ended} from "./admin_ended.js";
import {History} from "./admin_history.js";
import {Network} from "./admin_network.js";
import {NodeView} from "./admin_node.js";
import {Overview} from "./admin_overview.js";
import {Feed} from "./admin_stream.js";

const nodeEvery = 2000;     // ms between two looks at the node's state
const targetsEvery = 15000;  // ms, for the names of targets
const maxNames = 1000;
const themeKey = "wsrelay.admin.theme";

const points = new History();
const api = new Api(askToken);
const actions = new Actions(api);
const failed = () => {};  // a view shows what it has: the banner says the rest
const names = new Map();  // of targets, by their PIDs
const context = {api, actions, names, history: points, failed};

const views = {
  overview: new Overview(context),
  connections: new Connections(context),
  connection: new Connection(context),
  network: new Network(context),
  ended: new Ended(context),
  node: new NodeView(context),
};

// -- addresses ---------------------------------------------------------------

// Returns {view, pid, query} of #/connections/PID or #/connections?search=x.
function readAddress(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [name, ...rest] = path.split("/");
  const result = {view: name || "overview", query: new URLSearchParams(query)};
  if (name === "connections" && rest[0])
    return {...result, view: "connection", pid: decode(rest.join("/"))};
  return Object.hasOwn(views, result.view) && result.view !== "connection"
    ? result : {...result, view: "overview"};
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

let shown = null;

function showView() {
  const address = readAddress(location.hash);
  const isFirst = shown === null;
  views[shown]?.hide();
  actions.cancel();
  if (!isFirst)
    showResult("none", "");
  shown = address.view;
  for (const name of Object.keys(views))
    element(`view-${name}`).hidden = name !== shown;
  views[shown].show(address);
  showPlace(address);
  if (!isFirst) {
    window.scrollTo(0, 0);
    document.querySelector(`#view-${shown} h1`).focus({preventScroll: true});
  }
}

function showPlace({view, pid}) {
  const parent = view === "connection" ? "connections" : view;
  for (const link of document.querySelectorAll("[data-nav]")) {
    if (link.dataset.nav === parent)
      link.setAttribute("aria-current", "page");
    else
      link.removeAttribute("aria-current");
  }
  const title = pid ?? document.querySelector(`#view-${view} h1`).textContent;
  document.title = `${title} - wsrelay admin`;
}

// -- the node's state --------------------------------------------------------

// It is heard when events come, and gone when nothing is answered.
const node = {state: "unknown", isHeard: true, isAnswering: true, problem: "",
  reasons: []};

const stateTexts = {
  starting: "The node is starting",
  draining: "The node drains: it takes no new connections, and stops when the "
    + "last one is closed",
  stopping: "The node stops",
};

const isGone = () => !node.isAnswering;

function bannerOf() {
  if (api.isLockedOut)
    return ["bad", "Without a token this node shows nothing.", "Enter it",
      signIn];
  if (isGone() || !node.isHeard)
    return ["bad", `${isGone() ? "The node is gone" : "No events come"}: ${
      node.problem}. It is tried again and again.`, "Try now",
    () => feed.retryNow()];
  const text = stateTexts[node.state];
  const reasons = node.reasons.length > 0
    ? `Not ready: ${node.reasons.join("; ")}` : "";
  return text || reasons
    ? ["busy", [text, reasons].filter(Boolean).join(". ") + "."] : ["none", ""];
}

// What the header says: "ready" where /readyz does, too.
function badgeOf() {
  if (isGone())
    return ["gone", "gone"];
  if (node.state !== "ready" || node.reasons.length === 0)
    return [node.state, node.state];
  const [first, ...others] = node.reasons;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return ["not-ready", `not ready: ${first}${more}`];
}

// Changed only where it says something else: it is read out each time.
function showState() {
  const [state, badge] = badgeOf();
  element("node-state").dataset.state = state;
  setText(element("node-state"), badge);
  const [kind, text, label, action] = bannerOf();
  const banner = element("banner");
  if (banner.dataset.text === text)
    return;
  banner.dataset.text = text;
  banner.dataset.kind = kind;
  banner.replaceChildren(...(text ? [make("span", {text})] : []));
  if (label) {
    const button = make("button", {type: "button", class: "plain",
      text: label});
    button.addEventListener("click", action);
    banner.append(button);
  }
}

async function lookAtNode(signal) {
  const seen = await api.get("/api/v1/node", signal);
  node.isAnswering = true;
  node.state = seen.state;
  node.reasons = (seen.not_ready ?? []).filter((text) => text !== seen.state);
  setText(element("node-name"), seen.name);
  for (const view of [views.overview, views.connections, views.node])
    view.showNode(seen);
  showState();
}

function nodeFailed(error) {
  node.isAnswering = error.status !== undefined;  // a problem is an answer, too
  node.problem = error.message;
  showState();
}

async function suggestTargets(signal) {
  const {targets} = await api.get("/api/v1/targets", signal);
  const named = targets.filter(({name}) => name !== "").slice(0, maxNames);
  names.clear();
  for (const {name, pid} of named)
    names.set(pid, name);
  element("target-names").replaceChildren(
    ...named.map(({name}) => make("option", {value: name})));
}

// -- the feed ----------------------------------------------------------------

const onEvent = {
  point: (point) => {
    points.add(point);
    views.overview.showPoints();
  },
  state: ({state}) => {
    node.state = state;
    showState();
    lookAtNode().catch(nodeFailed);  // it says why, too
  },
  missed: () => loadHistory(),
};

async function loadHistory() {
  try {
    points.replace(await api.get("/api/v1/history"));
    views.overview.showPoints();
  } catch {
    // the feed brings points, one by one
  }
}

const feed = new Feed(api, {
  event: (type, data) => Object.hasOwn(onEvent, type) && onEvent[type](data),
  up: () => {
    node.isHeard = node.isAnswering = true;
    showState();
    loadHistory();
  },
  down: (error) => {
    node.isHeard = false;
    nodeFailed(error);
  },
});

// -- token and theme ---------------------------------------------------------

// Resolves to what was entered, or to null.
function askToken(isWrong) {
  const dialog = element("token-dialog");
  const input = element("token");
  let result = null;
  setText(element("token-note"), isWrong
    ? "That token was not accepted. It is the one of the configuration's "
      + "admin.service."
    : "It is the one of the configuration's admin.service, and is kept until "
      + "this tab is closed.");
  input.value = "";
  dialog.showModal();
  return new Promise((resolve) => {
    element("token-form").onsubmit = (event) => {
      event.preventDefault();
      result = input.value;
      dialog.close();
    };
    element("token-cancel").onclick = () => dialog.close();
    dialog.onclose = () => {
      input.value = "";
      resolve(result);
      setTimeout(showState);
    };
  });
}

async function signIn() {
  await api.signIn();
  feed.retryNow();
  showView();
}

function applyTheme(theme) {
  if (theme === "light" || theme === "dark")
    document.documentElement.dataset.theme = theme;
  else
    delete document.documentElement.dataset.theme;
  views.overview.recolour();
}

function startTheme() {
  const select = element("theme");
  select.value = localStorage.getItem(themeKey) ?? "system";
  select.addEventListener("change", () => {
    localStorage.setItem(themeKey, select.value);
    applyTheme(select.value);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change",
    () => views.overview.recolour());
  applyTheme(select.value);
}

// The address is the view's: the link must not change it.
element("skip").addEventListener("click", (event) => {
  event.preventDefault();
  element("main").focus();
});

startTheme();
addEventListener("hashchange", showView);
showView();
feed.run();
repeat(lookAtNode, nodeEvery, nodeFailed);
repeat(suggestTargets, targetsEvery, failed);
