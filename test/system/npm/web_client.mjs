// The client for browsers, with npm's ws as its WebSocket: node web_client.mjs
// URL... The n-th try is for the n-th URL, and all after it for the last. Prints a
// line of JSON for each state, and ends when the last one has echoed "hello".
import {createRequire} from "node:module";

import {connect} from "../../../tools/web/client/wsrelay.js";

const WebSocket = createRequire(import.meta.url)("ws");
const urls = process.argv.slice(2);
const say = (state, more) => console.log(JSON.stringify({state, ...more}));

let isLast = false;
const nextUrl = () => {
  isLast = urls.length === 1;
  return isLast ? urls[0] : urls.shift();
};

const relay = connect(nextUrl,
  {world: {WebSocket}, queue: 1, backoff: {base: 100}});
relay.send("queued");
for (const state of ["closed", "waiting", "ended"])
  relay.when(state, (event) => say(state, {...event, at: performance.now()}));
relay.when("open", ({again}) => {
  say("open", {again, at: performance.now()});
  relay.send("hello");
});
relay.when("message", (text) => {
  say("message", {text});
  if (text === "hello" && isLast)
    relay.close(4000, "seen");
});
