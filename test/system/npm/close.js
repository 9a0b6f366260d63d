// Closes of WebSockets in Chromium: node close.js URL PATH COUNT CHROMIUM.
// Prints one line of JSON: the page's protocol, and of each close what the
// browser shows.
"use strict";

const {chromium} = require("playwright-core");

const [url, path, count, executablePath] = process.argv.slice(2);

// In the page. Each second one sends a message right before it closes.
async function closes([where, times]) {
  const once = (number) => new Promise((done) => {
    const socket = new WebSocket(where);
    const seen = {sent: 4000 + number, echoes: 0};
    socket.onopen = () => {
      if (number % 2)
        socket.send("last words");
      socket.close(seen.sent, `reason ${number}`);
    };
    socket.onmessage = () => seen.echoes++;
    socket.onclose = (event) => done({...seen, code: event.code,
      reason: event.reason, clean: event.wasClean});
  });
  const all = [];
  for (let i = 0; i < times; ++i)
    all.push(await once(i));
  return all;
}

async function main() {
  const browser = await chromium.launch({executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]});
  try {
    const page = await browser.newPage({ignoreHTTPSErrors: true});
    await page.goto(url);
    const protocol = await page.evaluate(
      () => performance.getEntriesByType("navigation")[0].nextHopProtocol);
    const where = url.replace(/^http/, "ws") + path;
    console.log(JSON.stringify({protocol,
      closes: await page.evaluate(closes, [where, Number(count)])}));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
