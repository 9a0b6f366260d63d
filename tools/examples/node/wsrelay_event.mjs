// The requests that come to wsrelay_webhooks.mjs: bodies, signatures, events.
import {createHmac, timingSafeEqual} from "node:crypto";

/**
 * What a connection tells. All but `target` and `state` is signed.
 * @typedef {object} HookEvent
 * @property {"connected"|"message"|"heartbeat"|"disconnected"} type
 * @property {string} id     the same in every try
 * @property {string} pid    of the connection, as the server API takes it
 * @property {string} target the name of the http.target
 * @property {string} state  what the last reply has set, or the command
 * @property {any} data      of a message string or Buffer, else an object
 */

// Of 24 bytes or more, as Standard Webhooks has it: nobody guesses one.
export function keyOf(secret) {
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
export function readEvent({"ce-id": id, "ce-state": state = "", "ce-source": source,
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

// A stranger may send each byte on its own.
const partCost = 512; // bytes
const maxPartsOf = (most) => 4096 + most / 1024; // those of a relay are packets

/**
 * Calls `use` with the body of a request. Those under way have `left` bytes in all,
 * until they are answered: a stranger may send many, and end none.
 */
export function bodyReader(left) {
  return async (request, most, use) => {
    const parts = [];
    let size = 0, count = 0, held = 0, isRead = false;
    let refusal; // the rest is read nevertheless: so it is heard
    const hold = (bytes) => (left -= bytes, held += bytes);
    try {
      for await (const part of request) {
        if ((count += 1) > maxPartsOf(most))
          return {status: 413}; // leaving the loop ends the request
        if ((size += part.length) > most)
          refusal = {status: 413};
        else if (part.length + partCost > left)
          refusal ??= {status: 503, headers: {"Retry-After": "1"}};
        if (refusal) {
          hold(-held);
          parts.length = 0;
        } else {
          hold(part.length + partCost);
          parts.push(part);
        }
      }
      isRead = true;
      return refusal ?? await use(Buffer.concat(parts));
    } catch (error) {
      if (isRead)
        throw error;
      return {status: 400}; // its client is gone: no fault
    } finally {
      hold(-held);
    }
  };
}
