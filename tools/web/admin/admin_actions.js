// What can be done to the node and its connections. Each is confirmed in a
// dialog first; how it went is said in the live region at the top of the page.

import {connectionPath} from "./admin_api.js";
import {element, make, setText} from "./admin_dom.js";

const maxReasonBytes = 123;  // RFC 6455 section 5.5

// Says how something went; `kind` is good or bad.
export function showResult(kind, text) {
  element("result").dataset.kind = kind;
  element("result-dismiss").hidden = kind === "none";
  setText(element("result-text"), "");  // the same once more is said, too
  requestAnimationFrame(() => setText(element("result-text"), text));
}

// A field is {name, label, tag, ...attributes of the control}; a select has
// choices, pairs of a value and a text.
function makeField({name, label, tag = "input", choices = [], value,
                    ...attributes}) {
  const control = make(tag, {name, ...attributes}, ...choices.map(
    ([choice, text]) => make("option", {value: choice, text})));
  if (value !== undefined)
    control.value = value;
  return make("label", {text: label}, control);
}

// Resolves to the fields' values, or to null when it was cancelled. Whoever
// asks again meanwhile cancels.
function ask({title, text, confirm, isDanger = false, fields = [], check}) {
  const dialog = element("ask");
  const form = element("ask-form");
  dialog.close();
  setText(element("ask-title"), title);
  setText(element("ask-text"), text);
  setText(element("ask-confirm"), confirm);
  element("ask-confirm").classList.toggle("danger", isDanger);
  element("ask-fields").replaceChildren(...fields.map(makeField));
  return new Promise((resolve) => {
    const values = () => Object.fromEntries(new FormData(form));
    let result = null;
    form.oninput = () => check?.(form.elements);
    form.onsubmit = (event) => {
      event.preventDefault();
      result = values();
      dialog.close();
    };
    // The event comes late: by then somebody may have asked again.
    dialog.onclose = () => dialog.open || resolve(result);
    dialog.showModal();
    if (fields.length === 0)
      element("ask-cancel").focus();  // Enter must not confirm by accident
  });
}

function checkReason({reason}) {
  const size = new TextEncoder().encode(reason.value).length;
  reason.setCustomValidity(size <= maxReasonBytes ? ""
    : `at most ${maxReasonBytes} bytes, these are ${size}`);
}

function checkData({type, data}) {
  let isBase64 = true;
  try {
    atob(data.value);
  } catch {
    isBase64 = false;
  }
  data.setCustomValidity(type.value === "text" || isBase64 ? ""
    : "this is no base64");
}

export class Actions {
  #api;

  constructor(api) {
    this.#api = api;
    element("ask-cancel").addEventListener("click",
      () => element("ask").close());
    element("result-dismiss").addEventListener("click", () => {
      showResult("none", "");
      element("main").focus();
    });
  }

  // Nothing that was asked about is shown any more.
  cancel() {
    element("ask").close();
  }

  async send(pid) {
    const values = await ask({
      title: "Send a message", text: `To ${pid}`, confirm: "Send",
      check: checkData,
      fields: [
        {name: "type", label: "Type", tag: "select",
          choices: [["text", "text"], ["binary", "binary, as base64"]]},
        {name: "data", label: "Data", tag: "textarea", spellcheck: "false"},
      ],
    });
    if (values)
      await this.#do(`${connectionPath(pid)}/send`,
        values.type === "text" ? {type: "text", data: values.data}
          // The node takes no other form than the one with padding.
          : {type: "binary", data_base64: btoa(atob(values.data))},
        `Sent to ${pid}.`);
  }

  async close(pid) {
    const values = await ask({
      title: "Close the connection", text: pid, confirm: "Close",
      isDanger: true, check: checkReason,
      fields: [
        {name: "code", label: "Code", type: "number", min: 1000, max: 4999,
          required: "", value: 1000},
        {name: "reason", label: "Reason, which the client gets",
          autocomplete: "off"},
      ],
    });
    if (values)
      await this.#do(`${connectionPath(pid)}/close`,
        {code: Number(values.code), reason: values.reason},
        `${pid} is being closed with ${values.code}.`);
  }

  async transfer(pid) {
    const values = await ask({
      title: "Transfer the connection", text: pid, confirm: "Transfer",
      fields: [{name: "target", label: "To the target, a name or a PID",
        required: "", list: "target-names", autocomplete: "off",
        spellcheck: "false"}],
    });
    if (values)
      await this.#do(`${connectionPath(pid)}/transfer`,
        {target: values.target}, `${pid} moves to ${values.target}.`);
  }

  async drain() {
    const values = await ask({
      title: "Drain the node", confirm: "Drain", isDanger: true,
      text: "It takes no new connections, closes those it has one after the "
        + "other, and stops. This cannot be taken back.",
    });
    if (values)
      await this.#do("/api/v1/drain", {}, "The node drains, then it stops.");
  }

  // Resolves to what has changed, to the Problem, or to null.
  async reload() {
    const values = await ask({
      title: "Reload the configuration", confirm: "Reload",
      text: "The node reads its file again. With an error in it nothing "
        + "changes.",
    });
    return values
      && this.#do("/api/v1/reload", {}, "The configuration is loaded.");
  }

  async #do(path, body, text) {
    try {
      const answer = await this.#api.post(path, body);
      showResult("good", text);
      return answer;
    } catch (error) {
      showResult("bad", `That failed: ${error.message}`);
      return error;
    }
  }
}
