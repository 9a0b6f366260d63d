// The server API of a node, at its admin.service (tools/docs/ANY_LANGUAGE.md): what
// there is to say to connections and groups. To copy: Node.js 18 is all it needs.

const maxInLine = 1000; // calls behind each other, to one client or group

/** What the node has refused: `status` as in the guide's table. */
export class ApiError extends Error {
  constructor(status, detail) {
    super(`${status} ${detail}`);
    this.status = status;
  }
}

// Calls with one key happen one after the other, whatever becomes of them.
function makeLines() {
  const lines = new Map(); // by key {last, length}
  return async (key, call) => {
    const line = lines.get(key) ?? {last: null, length: 0};
    if (line.length >= maxInLine)
      throw new ApiError(429, `too much waits for ${key}`);
    line.length += 1;
    lines.set(key, line);
    const mine = (async (before) => {
      await before?.catch(() => {});
      return call();
    })(line.last);
    line.last = mine;
    try {
      return await mine;
    } finally {
      if ((line.length -= 1) === 0)
        lines.delete(key);
    }
  };
}

function contentOf(data) {
  return typeof data === "string" ? ["text/plain", data]
    : ["application/octet-stream", data];
}

/**
 * What is said to one connection, and what to one group, keeps its order. Each
 * call waits `timeout` ms at most; when it fails otherwise than by an ApiError it
 * may have happened. A promise that nobody awaits fails without a word.
 * @param {string} base such as http://127.0.0.1:9090
 * @param {{token?: string, timeout?: number, fetch?: typeof fetch}} options
 */
export function serverApi(base, {token, timeout = 10_000,
  fetch = globalThis.fetch} = {}) {
  const inLine = makeLines();

  async function request(method, path, [type, body] = []) {
    const headers = {...type && {"Content-Type": type},
      ...token && {Authorization: `Bearer ${token}`}};
    const response = await fetch(new URL(path, base), {method, headers, body,
      redirect: "error", signal: AbortSignal.timeout(timeout)});
    const text = await response.text(); // all of it: the socket is kept
    if (response.ok)
      return text === "" ? undefined : JSON.parse(text);
    const isProblem = /problem\+json/.test(response.headers.get("content-type"));
    throw new ApiError(response.status,
      isProblem ? JSON.parse(text).detail : response.statusText);
  }

  // `rest` is what follows the subject: a path, a query.
  function call(method, kind, subject, rest = "", content = undefined) {
    const path = `/@${kind}/${encodeURIComponent(subject)}${rest}`;
    const done = inLine(`${kind} ${subject}`,
      () => request(method, path, content));
    done.catch(() => {}); // who awaits it hears of it
    return done;
  }

  const json = (value) => ["application/json", JSON.stringify(value)];
  const query = (values) => {
    const given = Object.entries(values).filter(([, value]) => value != null);
    return given.length > 0 ? `?${new URLSearchParams(given)}` : "";
  };
  const pidOf = (pid) => `/${encodeURIComponent(pid)}`;

  return {
    /** One message, text or bytes; done when the kernel has it. */
    send: (pid, data) => call("POST", "connections", pid, "", contentOf(data)),
    /** The client gets {"topic":..,"data":..}. */
    event: (pid, topic, data) =>
      call("POST", "connections", pid, "", json({topic, data})),
    close: (pid, code = 1000, reason = undefined) =>
      call("DELETE", "connections", pid, query({code, reason})),
    /** @param {{target?: string, topic?: string, heartbeat?: string,
     *   metadata?: object}} change all of it, or nothing and an error */
    control: (pid, change) =>
      call("POST", "connections", pid, "/control", json(change)),
    groupSend: (group, data, except = undefined) =>
      call("POST", "groups", group, query({except}), contentOf(data)),
    groupEvent: (group, topic, data, except = undefined) =>
      call("POST", "groups", group, query({except}), json({topic, data})),
    groupClose: (group, code = 1000, reason = undefined) =>
      call("DELETE", "groups", group, query({code, reason})),
    groupAdd: (group, pid) => call("PUT", "groups", group, pidOf(pid)),
    groupRemove: (group, pid) => call("DELETE", "groups", group, pidOf(pid)),
    /** @returns {Promise<{members: number, complete: boolean}>} */
    groupCount: (group) => call("GET", "groups", group),
  };
}
