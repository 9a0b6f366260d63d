// A WebSocket over HTTP/2 (RFC 8441), plain node: h2_echo.mjs URL CA ORIGIN.
// Prints one line of JSON: what the server allows and answers, what comes back,
// and how the stream ends.
import {readFileSync} from "node:fs";
import {connect} from "node:http2";
import {randomBytes} from "node:crypto";

const [url, ca, origin] = process.argv.slice(2);
const {host, pathname, origin: server} = new URL(url);
const texts = ["hello", "x".repeat(60_000)];

// A frame of a client (RFC 6455 section 5.2).
function frame(opcode, payload) {
  const mask = randomBytes(4);
  const head = payload.length < 126
    ? Buffer.from([0x80 | opcode, 0x80 | payload.length])
    : Buffer.from([0x80 | opcode, 0x80 | 126, payload.length >> 8,
      payload.length & 255]);
  return Buffer.concat([head, mask, payload.map((b, i) => b ^ mask[i & 3])]);
}

// Takes a frame of the server off the front; nothing while it is not whole.
function take(input) {
  if (input.length < 4)
    return undefined;
  const short = input[1] & 127;
  const [begin, size] = short < 126 ? [2, short] : [4, input.readUInt16BE(2)];
  if (input.length < begin + size)
    return undefined;
  return {opcode: input[0] & 15, payload: input.subarray(begin, begin + size),
    rest: input.subarray(begin + size)};
}

const seen = {echoes: []};
const session = connect(server, {ca: readFileSync(ca),
  checkServerIdentity: () => undefined});
const fail = (error) => {
  console.error(error);
  process.exit(1);
};
session.on("error", fail);

async function plain() {
  const request = session.request({":path": "/index.html"});
  request.on("error", fail).resume();
  await new Promise((done) => request.on("response", (fields) => {
    seen.plain = fields[":status"];
    done();
  }));
}

async function websocket() {
  const request = session.request({":method": "CONNECT",
    ":protocol": "websocket", ":scheme": "https", ":authority": host,
    ":path": pathname, origin, "sec-websocket-version": "13"});
  request.on("error", fail);
  let input = Buffer.alloc(0);
  request.on("response", (fields) => {
    seen.status = fields[":status"];
    if (seen.status === 200)
      texts.forEach((text) => request.write(frame(1, Buffer.from(text))));
    else
      request.close();
  });
  request.on("data", (data) => {
    input = Buffer.concat([input, data]);
    for (let found; (found = take(input)); input = found.rest) {
      if (found.opcode === 1)
        seen.echoes.push(`${found.payload}` === texts[seen.echoes.length]);
      if (found.opcode === 8)
        seen.close = found.payload.readUInt16BE(0);
      if (found.opcode === 1 && seen.echoes.length === texts.length)
        request.end(frame(8, Buffer.from([1000 >> 8, 1000 & 255])));
    }
  });
  await new Promise((done) => request.on("close", done));
}

session.on("remoteSettings", async (settings) => {
  seen.connect = settings.enableConnectProtocol;
  await plain();
  await websocket();
  session.close();
  console.log(JSON.stringify(seen));
});
