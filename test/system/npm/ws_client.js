// The npm client `ws` against an echo: node ws_client.js URL. Prints one line
// of JSON, what it saw, and ends with status 0 when nothing failed.
"use strict";

const WebSocket = require("ws");

const url = process.argv[2];
const seen = {};

const open = () => new Promise((resolve, reject) => {
  const socket = new WebSocket(url);
  socket.once("open", () => resolve(socket));
  socket.once("error", reject);
});

const once = (socket, event) =>
  new Promise((resolve) => socket.once(event, (...what) => resolve(what)));

async function echo(socket, data) {
  const answer = once(socket, "message");
  socket.send(data);
  const [bytes, isBinary] = await answer;
  return isBinary === Buffer.isBuffer(data)
    && Buffer.compare(bytes, Buffer.from(data)) === 0;
}

async function close(code, reason) {
  const socket = await open();
  const end = once(socket, "close");
  socket.close(code, reason);
  const [found] = await end;
  return found;
}

async function main() {
  const socket = await open();
  seen.text = await echo(socket, "größe \u{1f600}");
  seen.empty = await echo(socket, "");
  seen.binary = await echo(socket, Buffer.from([0, 255, 1, 254]));
  seen.large = await echo(socket, Buffer.alloc(1 << 20, 7));
  const pong = once(socket, "pong");
  socket.ping("are you there");
  seen.pong = (await pong)[0].toString();
  seen.fragments = await new Promise((resolve) => {
    socket.once("message", (bytes) => resolve(bytes.toString()));
    socket.send("one ", {fin: false});
    socket.send("two", {fin: true});
  });
  socket.close(1000);
  seen.closed = (await once(socket, "close"))[0];
  seen.codes = [await close(1000, "bye"), await close(4321, "x"),
    await close()];
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
