// A server for the webhooks of an http.target (net/hook/WEBHOOKS.md); what it says
// at other times goes by wsrelay_api.mjs. To copy, with wsrelay_event.mjs: Node.js
// 18 is all it needs.
import {createServer} from "node:http";

import {bodyReader, isGenuine, keyOf, readEvent} from "./wsrelay_event.mjs";

export {isGenuine};

/**
 * @typedef {import("./wsrelay_event.mjs").HookEvent} HookEvent
 *
 * What becomes of an event: nothing, unless the reply says more.
 * @typedef {object} Reply
 * @property {string|Uint8Array} [data] one message to the client
 * @property {{topic: string, data: any}} [event] or one event
 * @property {string} [state]   comes with every later event at this target
 * @property {string} [target]  the connection moves there
 * @property {string[]} [join]  groups
 * @property {string[]} [leave]
 * @property {number} [status]  403 to `connected` refuses, 410 closes
 */

/**
 * A request that is no event, such as of an endpoint's `upstream`, and its answer.
 * @typedef {{method: string, url: string, headers: Record<string, string>,
 *   body: Buffer}} AppRequest
 * @typedef {{status?: number, headers?: Record<string, string|string[]>,
 *   body?: string|Uint8Array}} AppReply
 */

/** @param {Reply} reply */
function answerOf({status, data, event, state, target, join, leave}) {
  const body = event ? JSON.stringify(event) : data;
  return {status: status ?? (body === undefined ? 204 : 200), body, headers: {
    "Content-Type": body === undefined ? undefined : event ? "application/json"
      : typeof body === "string" ? "text/plain" : "application/octet-stream",
    "ce-state": state && encodeURIComponent(state),
    "wsrelay-target": target,
    "wsrelay-join-groups": join?.join(","),
    "wsrelay-leave-groups": leave?.join(","),
  }};
}

// A connection is kept for events alone: who sends others may be a stranger.
function send(response, {status = 200, headers = {}, body, isKept = false}) {
  if (response.destroyed)
    return;
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined)
      response.setHeader(name, value);
  if (!isKept || !response.socket.server.listening)
    response.setHeader("Connection", "close");
  response.statusCode = status;
  response.end(body); // one write, and its length is told
}

/**
 * A server for events, to `listen`. `onEvent` may return a promise: the next
 * event of that connection comes only behind it. What it throws is reported,
 * and answered with 500. Without secrets everybody is believed.
 * `onRequest` answers what is no event; without it that is 405, where it returns
 * nothing 404. Bodies have `maxBody` bytes at most (wsrelay.max.message.size and
 * some), those under way `maxBodies`; there are `maxConnections` at a time.
 * @param {{onEvent: (event: HookEvent) => Reply|void|Promise<Reply|void>,
 *   onRequest?: (request: AppRequest) => AppReply|void|Promise<AppReply|void>,
 *   secrets?: string[], maxBody?: number, maxBodies?: number,
 *   maxConnections?: number, report?: (error: Error) => void}} _
 * @returns {import("node:http").Server}
 */
export function serveWebhooks({onEvent, onRequest, secrets = [],
  maxBody = (1 << 20) + (64 << 10), maxBodies = 16 << 20, maxConnections = 256,
  report = console.error}) {
  secrets.forEach(keyOf); // throws for what is none
  if (onRequest && secrets.length === 0)
    throw new RangeError("clients could send events: onRequest needs secrets");
  const withBody = bodyReader(maxBodies);

  async function onHook(headers, body) {
    if (secrets.length > 0 && (headers["webhook-id"] !== headers["ce-id"]
        || !isGenuine(headers, body, secrets)))
      return {status: 403};
    if (headers["ce-count"])
      throw new Error("batch is not for this server");
    const event = readEvent(headers, body);
    return event ? {...answerOf(await onEvent(event) ?? {}), isKept: true}
      : {status: 400};
  }

  async function answer(request) {
    const {method, url, headers} = request;
    if (method === "POST" && (!onRequest || "ce-id" in headers))
      return withBody(request, maxBody, (body) => onHook(headers, body));
    if (onRequest)
      return withBody(request, maxBody, async (body) =>
        await onRequest({method, url, headers, body}) ?? {status: 404});
    return method === "HEAD" ? {status: 204} // asks whether the server is back
      : {status: 405, headers: {Allow: "HEAD, POST"}};
  }

  // Connections are kept for longer than the target's idle_timeout.
  const server = createServer({requestTimeout: 10_000, keepAliveTimeout: 75_000,
    connectionsCheckingInterval: 1000}, (request, response) =>
    answer(request)
      .catch((error) => (report(error), {status: 500}))
      .then((reply) => send(response, reply))
      .catch((error) => (report(error), response.destroy())));
  server.maxConnections = maxConnections;
  return server;
}

/** What is under way is answered, in `grace` ms or never. */
export function stop(server, grace = 2000) {
  server.close().closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), grace).unref();
}

/** @returns {Promise<string>} the URL, once it listens at HOST:PORT */
export function listen(server, address) {
  const {hostname, port} = new URL(`tcp://${address}`);
  return new Promise((resolve, reject) => server.once("error", reject)
    .listen(Number(port), hostname.replace(/[[\]]/g, ""),
      () => resolve(`http://${hostname}:${server.address().port}`)));
}
