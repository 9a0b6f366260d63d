// Echoes of compressed messages: node deflate_client.mjs URL SIZES CLIENT, with
// CLIENT "ws" of npm, "global", node's own, or Chromium's path. Prints one line
// of JSON: the extension agreed on, how many texts and binaries came back as
// they were, and the code of the close.
const [url, sizes, client] = process.argv.slice(2);

// In a page, too. `make` gives the socket.
async function echoes([url, sizes], make = (url) => new WebSocket(url)) {
  const socket = make(url);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("it does not open"));
  });
  const echo = (data) => new Promise((resolve, reject) => {
    socket.onmessage = (event) => resolve(event.data);
    socket.onclose = ({code}) => reject(new Error(`closed: ${code}`));
    socket.send(data);
  });
  const seen = {extensions: socket.extensions, texts: 0, binaries: 0};
  for (const size of sizes) {
    const text = "größe ".repeat(size / 8 + 1).slice(0, size * 3 / 4);
    seen.texts += await echo(text) === text;
    const bytes = new Uint8Array(size).map((_, i) => i * i >> 3);
    const found = new Uint8Array(await echo(bytes));
    seen.binaries += found.length === size
      && found.every((byte, i) => byte === bytes[i]);
  }
  const end = new Promise((resolve) => { socket.onclose = resolve; });
  socket.close(1000);
  seen.code = (await end).code;
  return seen;
}

async function inChromium(executablePath, what) {
  const {chromium} = await import("playwright-core");
  const browser = await chromium.launch({executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]});
  try {
    const page = await browser.newPage();
    await page.goto(new URL("/", url.replace("ws", "http")).href);
    return await page.evaluate(echoes, what);
  } finally {
    await browser.close();
  }
}

async function run(what) {
  if (client === "global")
    return echoes(what);
  if (client !== "ws")
    return inChromium(client, what);
  const {WebSocket} = await import("ws");
  return echoes(what,
    (url) => new WebSocket(url, {perMessageDeflate: {threshold: 0}}));
}

console.log(JSON.stringify(await run([url, JSON.parse(sizes)])));
