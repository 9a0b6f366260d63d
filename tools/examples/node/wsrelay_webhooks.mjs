// A server for the webhooks of an http.target (net/hook/WEBHOOKS.md); what it says
// at other times goes by wsrelay_api.mjs. To copy: Node.js 18 is all it needs.
import {createHmac, timingSafeEqual} from "node:crypto";
import {createServer} from "node:http";

/**
 * What a connection tells. All but `target` and `state` is signed.
 * @typedef {object} HookEvent
 * @property {"connected"|"message"|"heartbeat"|"disconnected"} type
 * @property {string} id     the same in every try
 * @property {string} pid    of the connection, as the server API takes it
 * @property {string} target the name of the http.target
 * @property {string} state  what the last reply has set, or the command
 * @property {any} data      of a message string or Buffer, else an object
 *
 * What becomes of it: nothing, unless the reply says more.
 * @typedef {object} Reply
 * @property {string|Uint8Array} [data] one message to the client
 * @property {{topic: string, data: any}} [event] or one event
 * @property {string} [state]   comes with every later event at this target
 * @property {string} [target]  the connection moves there
 * @property {string[]} [join]  groups
 * @property {string[]} [leave]
 * @property {number} [status]  403 to `connected` refuses, 410 closes
 */

// Of 24 bytes or more, as Standard Webhooks has it: nobody guesses one.
function keyOf(secret) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  if (key.length < 24)
    throw new RangeError("a secret is whsec_ and 24 bytes or more, in base64");
  return key;
}

/**
 * Whether who knows one of the secrets (whsec_...) has sent this, five minutes ago
 * at most, as Standard Webhooks has it.
 * @param {Record<string, string>} headers of the request, in lower case
 * @param {Uint8Array|string} body
 * @param {string[]} secrets
 */
export function isGenuine(headers, body, secrets, now = Date.now()) {
  const id = headers["webhook-id"], second = headers["webhook-timestamp"];
  if (!id || !/^\d{1,12}$/.test(second ?? "")
      || Math.abs(Math.floor(now / 1000) - second) > 300)
    return false;
  const given = (headers["webhook-signature"] ?? "").split(" ")
    .map((each) => Buffer.from(each));
  return secrets.some((secret) => {
    const mac = createHmac("sha256", keyOf(secret)).update(`${id}.${second}.`)
      .update(body).digest("base64");
    const wanted = Buffer.from(`v1,${mac}`);
    return given.some((each) => each.length === wanted.length
      && timingSafeEqual(each, wanted));
  });
}

/** @returns {HookEvent|undefined} of a request */
function readEvent({"ce-id": id, "ce-state": state = "", "ce-source": source,
  "content-type": kind = ""}, body) {
  try {
    const [, pid, word] = /^([^/]+)\/(\d+$|[a-z]+(?=\/\d+$))/.exec(id);
    const type = /^\d/.test(word) ? "message" : word;
    return {type, id, pid, state: decodeURIComponent(state),
      target: decodeURIComponent(source.split("/targets/")[1]),
      data: type !== "message" ? JSON.parse(body.toString())
        : kind.startsWith("text/") ? body.toString() : body};
  } catch {
    return undefined;
  }
}

/** @returns {Promise<Buffer|undefined>} nothing where it is longer */
async function readBody(request, most) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    if ((size += part.length) > most)
      return undefined; // leaving the loop ends the request
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** @param {Reply} reply */
function send(response, {status, data, event, state, target, join, leave}) {
  const body = event ? JSON.stringify(event) : data;
  const isClosing = status === 413 || !response.socket.server.listening;
  const fields = {
    "Content-Type": body === undefined ? undefined : event ? "application/json"
      : typeof body === "string" ? "text/plain" : "application/octet-stream",
    "ce-state": state && encodeURIComponent(state),
    "wsrelay-target": target,
    "wsrelay-join-groups": join?.join(","),
    "wsrelay-leave-groups": leave?.join(","),
    Connection: isClosing ? "close" : undefined,
  };
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined)
      response.setHeader(name, value);
  response.statusCode = status ?? (body === undefined ? 204 : 200);
  response.end(body); // one write, and its length is told
}

/**
 * A server for events, to `listen`. `onEvent` may return a promise: the next
 * event of that connection comes only behind it. What it throws is reported,
 * and answered with 500. Without secrets everybody is believed.
 * @param {{onEvent: (event: HookEvent) => Reply|void|Promise<Reply|void>,
 *   secrets?: string[], maxBody?: number, report?: (error: Error) => void}} _
 * @returns {import("node:http").Server}
 */
export function serveWebhooks({onEvent, secrets = [], maxBody = 4 << 20,
  report = console.error}) {
  secrets.forEach(keyOf); // throws for what is none
  async function answer(request) {
    if (request.method !== "POST") // a HEAD asks whether the server is back
      return {status: request.method === "HEAD" ? 204 : 405};
    const {headers} = request, body = await readBody(request, maxBody);
    if (body === undefined)
      return {status: 413};
    if (secrets.length > 0 && (headers["webhook-id"] !== headers["ce-id"]
        || !isGenuine(headers, body, secrets)))
      return {status: 403};
    if (headers["ce-count"])
      throw new Error("batch is not for this server");
    const event = readEvent(headers, body);
    return event ? await onEvent(event) ?? {} : {status: 400};
  }
  // Connections are kept for longer than the target's idle_timeout.
  return createServer({requestTimeout: 10_000, keepAliveTimeout: 75_000},
    (request, response) => answer(request)
      .catch((error) => (report(error), {status: 500}))
      .then((reply) => response.destroyed || send(response, reply))
      .catch((error) => (report(error), response.destroy())));
}

/** What is under way is answered. */
export function stop(server) {
  server.close().closeIdleConnections();
}

/** @returns {Promise<string>} the URL, once it listens at HOST:PORT */
export function listen(server, address) {
  const {hostname, port} = new URL(`tcp://${address}`);
  return new Promise((resolve, reject) => server.once("error", reject)
    .listen(Number(port), hostname.replace(/[[\]]/g, ""),
      () => resolve(`http://${hostname}:${server.address().port}`)));
}
