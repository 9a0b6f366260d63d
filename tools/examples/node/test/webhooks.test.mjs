// Signatures by the vectors of Standard Webhooks, events and replies over HTTP.
import assert from "node:assert/strict";
import {createHmac} from "node:crypto";
import {once} from "node:events";
import {Agent, request} from "node:http";
import {connect} from "node:net";
import {test} from "node:test";

import {isGenuine, listen, serveWebhooks, stop} from "../wsrelay_webhooks.mjs";

// -- signatures --------------------------------------------------------------

// Of github.com/standard-webhooks/standard-webhooks, libraries.
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const other = "whsec_" + Buffer.alloc(24, 1).toString("base64");
const second = 1614265330;
const body = '{"test": 2432232314}';
const headers = {
  "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
  "webhook-timestamp": String(second),
  "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const check = (changes = {}, secrets = [secret], now = second, text = body) =>
  isGenuine({...headers, ...changes}, text, secrets, now * 1000);

test("what is signed with one of the secrets is genuine", () => {
  assert.equal(check(), true);
  assert.equal(check({}, [secret.slice(6)]), true);
  assert.equal(check({}, [other, secret]), true);
  const good = headers["webhook-signature"];
  assert.equal(check({"webhook-signature": `v1,AAAA v2,x ${good}`}), true);
});

test("all else is not", () => {
  const good = headers["webhook-signature"];
  assert.equal(check({}, [other]), false);
  assert.equal(check({}, [secret], second, `${body} `), false);
  for (const bad of ["", undefined, "v1,", good.slice(3), good.replace("v1", "v2"),
    good.replace("g0", "g1"), `${good}=`, good.slice(0, -1)])
    assert.equal(check({"webhook-signature": bad}), false, bad);
  assert.equal(check({"webhook-id": undefined}), false);
  assert.equal(check({"webhook-id": "msg_other"}), false);
});

test("a second counts for five minutes, in both directions", () => {
  for (const [now, good] of [[-301, false], [-300, true], [300, true],
    [301, false]])
    assert.equal(check({}, [secret], second + now), good, String(now));
  for (const bad of ["", undefined, "x", "-1", "1e9", `${second}.0`, ` ${second}`,
    "9".repeat(400)])
    assert.equal(check({"webhook-timestamp": bad}), false, bad);
});

test("what is no secret is not taken", () => {
  for (const bad of ["", "whsec_", "whsec_" + "A".repeat(31)])
    assert.throws(() => serveWebhooks({secrets: [secret, bad]}), RangeError);
});

// -- a server ----------------------------------------------------------------

const pid = "12@936AE4-22315";
const agent = new Agent({keepAlive: true, maxSockets: 1});

// Sends an event, signed, as a relay does.
async function post(url, id, payload, more = {}) {
  const now = String(Math.floor(Date.now() / 1000));
  const mac = createHmac("sha256", Buffer.from(secret.slice(6), "base64"))
    .update(`${id}.${now}.`).update(payload).digest("base64");
  return send(url, "POST", payload, {"ce-id": id, "webhook-id": id,
    "ce-source": "/nodes/n/targets/the%20chat", "webhook-timestamp": now,
    "webhook-signature": `v1,${mac}`, "Content-Type": "application/json", ...more});
}

async function send(url, method, payload, fields = {}) {
  const asked = request(url, {method, agent, headers: fields}).end(payload);
  const [answer] = await once(asked, "response");
  const parts = await answer.toArray();
  return {status: answer.statusCode, fields: answer.headers,
    body: Buffer.concat(parts).toString(), port: asked.socket.localPort};
}

// Calls `use` with the server's URL, what it was told, and what it has reported.
async function serve(options, use) {
  const heard = [], reports = [];
  const server = serveWebhooks({secrets: [other, secret],
    report: ({message}) => reports.push(message),
    onEvent: (event) => (heard.push(event), options.reply?.(event)), ...options});
  try {
    await use(await listen(server, "127.0.0.1:0"), heard, reports, server);
  } finally {
    agent.destroy();
    server.close();
    server.closeAllConnections();
  }
}

test("events are read", () => serve({}, async (url, heard) => {
  const ports = new Set();
  for (const [id, payload, more] of [
    [`${pid}/connected/1`, '{"room":"7"}'],
    [`${pid}/1`, "grüße", {"Content-Type": "text/plain; charset=utf-8",
      "ce-state": "a%20b"}],
    [`${pid}/2`, Buffer.from([255]), {"Content-Type": "application/octet-stream"}],
    [`${pid}/disconnected/2`, '{"reason":"client_closed"}']]) {
    const answer = await post(url, id, payload, more);
    assert.deepEqual([answer.status, answer.body], [204, ""]);
    ports.add(answer.port);
  }
  const all = {pid, target: "the chat", state: ""};
  assert.deepEqual(heard, [
    {...all, type: "connected", id: `${pid}/connected/1`, data: {room: "7"}},
    {...all, type: "message", id: `${pid}/1`, data: "grüße", state: "a b"},
    {...all, type: "message", id: `${pid}/2`, data: Buffer.from([255])},
    {...all, type: "disconnected", id: `${pid}/disconnected/2`,
      data: {reason: "client_closed"}}]);
  assert.equal(ports.size, 1); // its connection is kept
}));

test("replies are fields and a body", async () => {
  const reply = {event: {topic: "t", data: 1}, state: "a b", target: "lobby",
    join: ["g", "h"], leave: ["i"]};
  await serve({reply: async () => reply}, async (url) => {
    const {status, fields, body: text} = await post(url, `${pid}/1`, "x");
    assert.deepEqual([status, text], [200, '{"topic":"t","data":1}']);
    assert.deepEqual([fields["content-type"], fields["ce-state"],
      fields["wsrelay-target"], fields["wsrelay-join-groups"],
      fields["wsrelay-leave-groups"]],
    ["application/json", "a%20b", "lobby", "g,h", "i"]);
  });
  for (const [data, type] of [["x", "text/plain"],
    [Buffer.from("x"), "application/octet-stream"]])
    await serve({reply: () => ({data})}, async (url) => {
      const {fields, body: text} = await post(url, `${pid}/1`, "x");
      assert.deepEqual([fields["content-type"], text], [type, "x"]);
    });
  await serve({reply: () => ({status: 410, state: ""})}, async (url) => {
    const {status, fields} = await post(url, `${pid}/1`, "x");
    assert.deepEqual([status, fields["ce-state"]], [410, ""]);
  });
});

test("what is no event is refused", () => serve({maxBody: 10},
  async (url, heard, reports) => {
    const id = `${pid}/1`;
    assert.equal((await send(url, "HEAD")).status, 204);
    const get = await send(url, "GET");
    assert.deepEqual([get.status, get.fields.allow], [405, "HEAD, POST"]);
    const unsigned = await send(url, "POST", "x", {"ce-id": id});
    assert.deepEqual([unsigned.status, unsigned.fields["content-length"]],
      [403, "0"]);
    assert.equal((await post(url, id, "x", {"ce-id": `${pid}/2`})).status, 403);
    for (const bad of ["", "x", "/1", `${pid}/`, `${pid}/x`, `${pid}/1/x`])
      assert.ok((await post(url, bad || "-", "x")).status >= 400, bad);
    assert.equal((await post(url, `${pid}/connected/1`, "{")).status, 400);
    assert.equal((await post(url, id, "x", {"ce-count": "2"})).status, 500);
    assert.equal((await post(url, id, "x".repeat(10))).status, 204);
    assert.equal((await post(url, id, "x".repeat(11))).status, 413);
    assert.equal((await post(url, id, "x".repeat(11),
      {"Transfer-Encoding": "chunked"})).status, 413);
    assert.equal(heard.length, 1);
    assert.deepEqual(reports, ["batch is not for this server"]);
  }));

test("what a handler throws is reported, and the next one is served", () =>
  serve({reply: () => { throw new Error("oops"); }}, async (url, _, reports) => {
    for (const status of [500, 500])
      assert.equal((await post(url, `${pid}/1`, "x")).status, status);
    assert.deepEqual(reports, ["oops", "oops"]);
  }));

test("a server that stops answers what is under way", () =>
  serve({reply: () => new Promise(setImmediate)}, async (url, heard, _, server) => {
    const answer = post(url, `${pid}/1`, "x");
    await once(server, "request");
    stop(server);
    const {status, fields} = await answer;
    assert.deepEqual([status, fields.connection], [204, "close"]);
    await assert.rejects(post(url, `${pid}/2`, "x"), {code: "ECONNREFUSED"});
  }));

// -- requests that are no events ---------------------------------------------

test("what is no event goes to the application", () => {
  const asked = [];
  const onRequest = async (each) => {
    asked.push(each);
    if (each.method !== "HEAD")
      return each.url !== "/none" ? {status: 201, body: "hi",
        headers: {"Set-Cookie": ["a=1", "b=2"], "Content-Type": "text/html"}}
        : undefined;
  };
  return serve({onRequest}, async (url, heard) => {
    const {status, fields, body: text} = await send(`${url}/a?b=1`, "GET", "",
      {Cookie: "user=ann"});
    assert.deepEqual([status, text, fields["set-cookie"], fields["content-type"]],
      [201, "hi", ["a=1", "b=2"], "text/html"]);
    assert.equal((await send(`${url}/form`, "POST", "x=1")).status, 201);
    for (const method of ["GET", "HEAD"])
      assert.equal((await send(`${url}/none`, method)).status, 404);
    assert.equal((await send(url, "POST", "x", {"ce-id": "1"})).status, 403);
    assert.equal((await post(url, `${pid}/1`, "x")).status, 204);
    assert.deepEqual(asked.slice(0, 2).map(({method, url: path, headers: {cookie},
      body: sent}) => [method, path, cookie, sent.toString()]),
    [["GET", "/a?b=1", "user=ann", ""], ["POST", "/form", undefined, "x=1"]]);
    assert.equal(heard.length, 1);
  });
});

test("clients could send events to a server without secrets", () =>
  assert.throws(() => serveWebhooks({onRequest() {}}), RangeError));

// -- strangers ---------------------------------------------------------------

// -> a connection that has sent the head and `sent` of `length` bytes.
async function halfBody(url, length, sent, fields = `Content-Length: ${length}\r\n`) {
  const {hostname, port} = new URL(url);
  const socket = connect(Number(port), hostname).on("error", () => {});
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${fields}\r\n`);
  await new Promise((resolve) => socket.write("x".repeat(sent), resolve));
  return socket;
}

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test("who aborts a body is no fault, and leaves its bytes", () =>
  serve({maxBodies: 2000}, async (url, _, reports, server) => {
    const sockets = [];
    for (let i = 0; i < 2; i += 1)
      sockets.push(await halfBody(url, 1000, 900));
    await later(50);
    const {status, fields} = await post(url, `${pid}/1`, "x".repeat(100));
    assert.deepEqual([status, fields["retry-after"], fields.connection],
      [503, "1", "close"]);
    sockets.forEach((each) => each.destroy());
    await later(50);
    assert.equal((await post(url, `${pid}/1`, "x".repeat(100))).status, 204);
    assert.deepEqual(reports, []);
    assert.equal(server.maxConnections, 256);
  }));

test("a body in many parts is as large as what it takes", () =>
  serve({maxBodies: 20_000}, async (url) => {
    const asked = request(url, {method: "POST", agent});
    for (let i = 0; i < 100; i += 1)
      asked.write("x");
    const [{statusCode}] = await once(asked.end(), "response");
    assert.equal(statusCode, 503);
  }));

test("a body in too many parts is not read on", () =>
  serve({maxBodies: 20_000}, async (url) => {
    const socket = await halfBody(url, 100_000, 0,
      "Transfer-Encoding: chunked\r\n");
    socket.write("1\r\nx\r\n".repeat(20_000)); // and no end
    const [answer] = await once(socket, "data");
    assert.match(answer.toString(), /^HTTP\/1.1 413 /);
    socket.destroy();
  }));

test("a server that stops does not wait for who never ends", () =>
  serve({}, async (url, _, reports, server) => {
    const socket = await halfBody(url, 1000, 10);
    const drip = setInterval(() => socket.write("x"), 20);
    try {
      await later(50);
      stop(server, 100);
      await once(server, "close");
      assert.deepEqual(reports, []);
    } finally {
      clearInterval(drip);
      socket.destroy();
    }
  }));
