// Requests to the node, with the token where one is wanted. What fails becomes
// a Problem (RFC 9457); the caller decides where it is shown.

const tokenKey = "wsrelay.admin.token";
const patience = 15000;  // ms for an answer that is no stream

export class Problem extends Error {
  constructor(status, {title = "", detail = "", errors = []} = {}) {
    super(detail || title || `the node answered with ${status}`);
    this.status = status;
    this.errors = errors;
  }
}

export class Api {
  #askToken;
  #asking = null;
  #refused = false;

  // `askToken(isWrong)` resolves to a token, or to null when there is none.
  constructor(askToken) {
    this.#askToken = askToken;
  }

  // Whether somebody said that there is no token: nothing is asked any more
  // until `signIn`.
  get isLockedOut() {
    return this.#refused;
  }

  signIn() {
    this.#refused = false;
    return this.#newToken(sessionStorage.getItem(tokenKey));
  }

  async get(path, signal) {
    return (await this.#fetch(path, {}, signal)).json();
  }

  async text(path, signal) {
    return (await this.#fetch(path, {}, signal)).text();
  }

  async post(path, body = {}) {
    const response = await this.#fetch(path, {
      method: "POST",
      headers: {"Content-Type": "application/json"},
      body: JSON.stringify(body),
    });
    return response.json();
  }

  // Resolves to a response whose body goes on until `signal` ends it.
  stream(path, signal) {
    return this.#fetch(path, {headers: {Accept: "text/event-stream"}}, signal,
      false);
  }

  async #fetch(path, options, signal, isBounded = true) {
    for (;;) {
      if (this.#refused)
        throw new Problem(401, {detail: "a token is wanted"});
      const token = sessionStorage.getItem(tokenKey);
      const response = await fetch(path, {
        ...options,
        cache: "no-store",
        redirect: "error",
        headers: {
          ...options.headers,
          ...(token ? {Authorization: `Bearer ${token}`} : {}),
        },
        signal: AbortSignal.any([
          ...(signal ? [signal] : []),
          ...(isBounded ? [AbortSignal.timeout(patience)] : []),
        ]),
      });
      if (response.ok)
        return response;
      if (response.status !== 401)
        throw await Api.#problemOf(response);
      await response.body?.cancel();
      await this.#newToken(token);
    }
  }

  static async #problemOf(response) {
    try {
      return new Problem(response.status, await response.json());
    } catch {
      return new Problem(response.status);
    }
  }

  // Many requests may find at once that the token is wanted: it is asked for
  // once.
  async #newToken(used) {
    if (sessionStorage.getItem(tokenKey) !== used)
      return;
    this.#asking ??= this.#askToken(used !== null).finally(() => {
      this.#asking = null;
    });
    const token = await this.#asking;
    if (token === null)
      this.#refused = true;
    else
      sessionStorage.setItem(tokenKey, token);
  }
}

export const connectionPath = (pid) =>
  `/api/v1/connections/${encodeURIComponent(pid)}`;

export const connectionLink = (pid) =>
  `#/connections/${encodeURIComponent(pid)}`;
