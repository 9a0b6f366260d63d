// The view of the node itself: services, configuration, reload and drain.

import {Problem} from "./admin_api.js";
import {element, fillFacts, fillRows, make, setText} from "./admin_dom.js";
import {count, duration} from "./admin_format.js";

const soon = 14 * 24 * 3600 * 1000;  // ms before a certificate expires

function expiry(text) {
  if (text === undefined)
    return "";
  const isNear = Date.parse(text) - Date.now() < soon;
  return isNear ? {text: `${text}, soon`, class: "bad"} : text;
}

const serviceRow = (service) => [
  service.name,
  service.urls.join(" "),
  {text: count(service.connections), class: "number"},
  {text: count(service.sockets), class: "number"},
  {text: count(service.sockets_max), class: "number"},
  expiry(service.certificate_expires),
];

export class NodeView {
  #api;
  #failed;

  constructor({api, actions, failed}) {
    this.#api = api;
    this.#failed = failed;
    element("do-drain").addEventListener("click", () => actions.drain());
    element("do-reload").addEventListener("click", async () => {
      const answer = await actions.reload();
      if (answer)
        this.#showReload(answer);
    });
  }

  show() {
    this.#loadConfig();
  }

  hide() {}

  showNode(node) {
    fillFacts(element("node-facts"), [
      ["Name", node.name],
      ["State", node.state],
      ["Not ready", node.not_ready?.length ? node.not_ready.join("; ")
        : undefined],
      ["Version", node.version],
      ["Up for", duration(node.uptime_ms)],
    ]);
    fillRows(element("services"), node.services.map(serviceRow));
    element("do-drain").disabled = node.state === "draining"
      || node.state === "stopping";
  }

  async #loadConfig() {
    try {
      setText(element("config"), await this.#api.text("/api/v1/config"));
    } catch (error) {
      this.#failed(error);
    }
  }

  // `answer` is what has changed, or the Problem with each error of the file.
  #showReload(answer) {
    const lines = answer instanceof Error
      ? [answer.message, ...(answer instanceof Problem ? answer.errors : [])]
      : [...answer.changed.map((text) => `changed: ${text}`),
        ...answer.kept.map((text) => `kept until the next start: ${text}`)];
    element("reload-card").hidden = false;
    element("reload-list").replaceChildren(
      ...(lines.length > 0 ? lines : ["Nothing has changed."])
        .map((text) => make("li", {text: typeof text === "string" ? text
          : JSON.stringify(text)})));
    if (!(answer instanceof Error))
      this.#loadConfig();
  }
}
