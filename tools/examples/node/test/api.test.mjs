// The requests of the server API, their order and their errors: no socket.
import assert from "node:assert/strict";
import {test} from "node:test";

import {ApiError, serverApi} from "../wsrelay_api.mjs";
import {settled} from "./fakes.mjs";

const pid = "12@936AE4-22315";

// -> {api, asked}: each request waits until its `answer` is called.
function start(options = {}) {
  const asked = [];
  const fetch = (url, {method, headers, body}) => new Promise((resolve) =>
    asked.push({line: `${method} ${url.pathname}${url.search}`, headers, body,
      answer: async (status = 204, text = null, type = "text/plain") => {
        resolve(new Response(text, {status, headers: {"Content-Type": type}}));
        await settled();
      }}));
  return {api: serverApi("http://relay:9090", {fetch, ...options}), asked};
}

test("each call is a request", async () => {
  const {api, asked} = start({token: "secret"});
  const bytes = Buffer.from([255]);
  const at = `/@connections/${encodeURIComponent(pid)}`;
  for (const [call, line, type, body] of [
    [() => api.send(pid, "x"), `POST ${at}`, "text/plain", "x"],
    [() => api.send(pid, bytes), `POST ${at}`, "application/octet-stream", bytes],
    [() => api.event(pid, "t", [1]), `POST ${at}`, "application/json",
      '{"topic":"t","data":[1]}'],
    [() => api.close(pid, 4000, "a&b"), `DELETE ${at}?code=4000&reason=a%26b`],
    [() => api.control(pid, {target: "x"}), `POST ${at}/control`, "application/json",
      '{"target":"x"}'],
    [() => api.groupSend("a:b", "x"), "POST /@groups/a%3Ab", "text/plain", "x"],
    [() => api.groupEvent("g", "t", 1, pid),
      `POST /@groups/g?except=${encodeURIComponent(pid)}`, "application/json",
      '{"topic":"t","data":1}'],
    [() => api.groupClose("g"), "DELETE /@groups/g?code=1000"],
    [() => api.groupAdd("g", pid), `PUT /@groups/g/${encodeURIComponent(pid)}`],
    [() => api.groupRemove("g", pid), `DELETE /@groups/g/${encodeURIComponent(pid)}`]]) {
    const done = call();
    await settled();
    const last = asked.at(-1);
    assert.deepEqual([last.line, last.headers["Content-Type"], last.body],
      [line, type, body]);
    assert.equal(last.headers.Authorization, "Bearer secret");
    await last.answer();
    assert.equal(await done, undefined);
  }
});

test("the answer is JSON, the error what the node says", async () => {
  const {api, asked} = start();
  const count = api.groupCount("g");
  await settled();
  await asked[0].answer(200, '{"members":3}');
  assert.deepEqual(await count, {members: 3});
  const gone = assert.rejects(api.send(pid, "x"), (error) =>
    error instanceof ApiError && error.status === 410
      && error.message === "410 the connection has ended");
  await settled();
  await asked[1].answer(410, '{"detail":"the connection has ended"}',
    "application/problem+json");
  await gone;
  const proxy = assert.rejects(api.send(pid, "x"), {status: 502});
  await settled();
  await asked[2].answer(502, "<html>", "text/html");
  await proxy;
});

test("what is said to one keeps its order, also behind an error", async () => {
  const {api, asked} = start();
  const lines = () => asked.map(({line, body}) => `${line.slice(-1)}${body}`);
  const calls = [api.send("1", "a"), api.send("1", "b"), api.send("2", "c")];
  await settled();
  assert.deepEqual(lines(), ["1a", "2c"]);
  await asked[0].answer(500);
  await assert.rejects(calls[0], {status: 500});
  assert.deepEqual(lines(), ["1a", "2c", "1b"]);
  await asked[2].answer();
  await calls[1];
  const next = api.send("1", "d");
  await settled();
  await asked[3].answer();
  await next;
});

test("what waits for one is bounded", async () => {
  const {api, asked} = start();
  const calls = Array.from({length: 1000}, () => api.send("1", "x"));
  await assert.rejects(api.send("1", "x"), {status: 429});
  api.send("2", "x");
  for (let i = 0; i <= 1000; i += 1) {
    await settled();
    await asked[i].answer();
  }
  await Promise.all(calls);
});

test("a call that is not answered ends", async () => {
  const fetch = (url, {signal}) => new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason)));
  const held = setInterval(() => {}, 1000); // its timer alone holds no program
  try {
    await assert.rejects(serverApi("http://relay", {fetch, timeout: 1})
      .send("1", "x"), {name: "TimeoutError"});
  } finally {
    clearInterval(held);
  }
});
