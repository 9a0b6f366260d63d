// Types and contracts of wsrelay.js. Times are milliseconds. What listeners and
// other functions of the page throw goes to reportError, and breaks nothing.

/** Text and bytes go out as they are, all else as JSON. */
export type Sendable = string | ArrayBuffer | ArrayBufferView | Blob | object
  | number | boolean | null;

/** How a connection, or a try, has ended. */
export interface Close {
  /** 1006 if it was lost, or refused: browsers do not tell the status. */
  readonly code: number;
  readonly reason: string;
  /** False for a try of which no connection came. */
  readonly wasOpen: boolean;
  /** Ends in a row, this one included, since a connection was stable. */
  readonly tries: number;
}

/** What `when` tells, by hook; each in the state that it tells of. */
export interface Hooks {
  /** Another try begins; the first one has when `connect` returns. */
  connecting: {readonly tries: number};
  /** `again`: it was before. What is sent here goes before the queue. */
  open: {readonly again: boolean};
  /** Text that is no event. */
  message: string;
  binary: ArrayBuffer;
  /** Every event, behind those who listen to its topic; `text` as it came. */
  event: {readonly topic: string, readonly data: any, readonly text: string};
  /** A connection or a try has ended; `waiting` or `ended` follows. */
  closed: Close;
  /** Tries again in `wait`; Infinity: when the page is shown again. */
  waiting: Close & {readonly wait: number};
  /** The last of all. `local`: by `close`. `unsent`: was in the queue. */
  ended: Close & {
    readonly local: boolean,
    readonly unsent: readonly (string | ArrayBuffer | ArrayBufferView | Blob)[],
  };
}

/** What the client takes from the browser; tests bring their own. */
export interface World {
  WebSocket: new (url: string, protocols: string | string[]) => WebSocket;
  /** What relative URLs are relative to; none: they throw. */
  location?: {readonly href: string};
  /** Who tells `online`, `pagehide` and `pageshow`. */
  events: Partial<EventTarget>;
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  setTimeout(call: () => void, wait: number): unknown;
  clearTimeout(timer: any): void;
  reportError(error: unknown): void;
}

export interface ConnectOptions {
  protocols?: string | string[];
  /** The n-th try, from 0, waits for random() * min(max, base * 2^n), behind
   *  what the server has asked for. 1000 and 30,000. */
  backoff?: {base?: number, max?: number};
  /** A connection that was open for so long begins with n = 0: 10,000. */
  stableAfter?: number;
  /** Of a try; then it has failed: 10,000. */
  connectTimeout?: number;
  /** Messages that wait while there is no connection: 0. */
  queue?: number;
  /** Decides instead of `comesBack`, unless it returns undefined. */
  comeBack?: (close: Close) => boolean | undefined;
  world?: Partial<World>;
}

/** Topics: what `data` is, by topic. */
export interface Relay<Topics extends object = Record<string, any>> {
  readonly state: "connecting" | "open" | "waiting" | "ended";
  /** The subprotocol that the server has chosen, or "". */
  readonly protocol: string;
  /** Listens to the events of a topic, {"topic":..,"data":..} and nothing else:
   *  any text, also "open". Returns what ends it. */
  on<Topic extends keyof Topics & string>(
    topic: Topic, listener: (data: Topics[Topic]) => void): () => void;
  /** Listens to all else. Returns what ends it. */
  when<Hook extends keyof Hooks>(
    hook: Hook, listener: (value: Hooks[Hook]) => void): () => void;
  /** Returns whether the browser, or the queue, has taken it: if not, nothing
   *  has happened. What the browser took may be lost with its connection. */
  send(data: Sendable): boolean;
  /** Does not wait any longer, but for what the server has asked for. */
  retry(): void;
  /** Ends it for good, without waiting for an answer. Throws what
   *  WebSocket.close does; a second one does nothing. */
  close(code?: number, reason?: string): void;
}

/**
 * Opens a WebSocket that comes back until it is told to end. Throws what `new
 * WebSocket` does, and a RangeError for options out of their range (a day).
 *
 * `online` tries at once; a page that a browser keeps for the way back to it
 * closes its connection, and opens another one when it is shown again. A line
 * that is cut without a word is only noticed by the browser, or by sending.
 *
 * @param url relative to the page, http as ws; a function is asked at each try
 */
export function connect<Topics extends object = Record<string, any>>(
  url: string | URL | (() => string | URL),
  options?: ConnectOptions): Relay<Topics>;

/**
 * Whether to try again after a close; actors/ENDINGS.md has who sends what:
 *
 *     1000        no   the target has ended normally
 *     1002, 1003, 1007, 1009, 1010
 *                 no   this client broke a rule or a limit, and would again
 *     1008        no   it is too fast, or not allowed
 *     1001        yes  node or target are stopped: others take over
 *     1005, 1014, 1015, unknown ones
 *                 yes  not the relay's: something on the way
 *     1006        yes  lost, or refused: a browser hides the status
 *     1011        yes  the target crashed, is lost or silent: the next may live
 *     1012, 1013  yes  the node drains; too slow, overloaded
 *     3000..4999  no   the application's; after 4401, its session is over, or
 *                      4409, a newer one has its key, a return would be wrong
 *                 yes  if the reason asks for it, or refuses with 429 or 5xx
 */
export function comesBack(code: number, reason?: string): boolean;

/**
 * The wait that a close asks for, at most five minutes: "retry=MS" as reason,
 * or the "retry" of a refusal, in seconds (config/SESSIONS.md: 4000 + status, a
 * reason in JSON). Undefined: it asks for none, or in another form.
 */
export function askedWait(code: number, reason?: string): number | undefined;
