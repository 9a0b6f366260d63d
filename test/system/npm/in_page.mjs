// WebSockets of a page in Chromium, one after the other: node in_page.mjs URL
// SOCKETS CHROMIUM, with SOCKETS as [[path, protocols, whether it leaves at the
// first message], ...]; SOON in a path is the time in half a second. Prints
// [protocol, messages, code, reason, clean] of each as JSON; the protocol of one
// that does not open is null.
import {chromium} from "playwright-core";

const [url, sockets, executablePath] = process.argv.slice(2);

function run([path, protocols, leaves]) {
  return new Promise((done) => {
    const socket = new WebSocket(
      location.origin.replace("http", "ws")
      + path.replace("SOON", Date.now() + 500), protocols);
    const messages = [];
    let protocol = null;
    socket.onopen = () => { protocol = socket.protocol; };
    socket.onmessage = ({data}) => {
      messages.push(data);
      if (leaves)
        socket.close(1000, "seen");
    };
    socket.onclose = ({code, reason, wasClean}) =>
      done([protocol, messages, code, reason, wasClean]);
  });
}

const browser = await chromium.launch({executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]});
try {
  const page = await browser.newPage();
  await page.goto(url);
  const seen = [];
  for (const socket of JSON.parse(sockets))
    seen.push(await page.evaluate(run, socket));
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
