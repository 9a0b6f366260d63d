// The admin page in Chromium: node dashboard.js URL [TOKEN|-] [FOLDER], where
// FOLDER gets screenshots. The node has connections to `echo`, and a target
// `chat` that one can be moved to; at the end it is drained. Prints one line of
// JSON: what was measured, and `problems`, which should be none. CHROMIUM in
// the environment is the browser's path.
"use strict";

const path = require("node:path");
const axe = require("axe-core");
const {chromium} = require("playwright-core");

const [url, tokenArgument = "-", folder] = process.argv.slice(2);
const token = tokenArgument === "-" ? "" : tokenArgument;
const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
const message = '{"topic":"admin","data":"hello from the page"}';
const problems = [];
const seen = {};
let isFailing = Boolean(token);  // whether requests shall fail: it tells then

const check = (isTrue, what) => isTrue || problems.push(what);

// -- the browser -------------------------------------------------------------

function watch(page) {
  page.setDefaultTimeout(15000);
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (entry) => {
    const isWanted = isFailing && /Failed to load/.test(entry.text());
    if (entry.type() === "error" && !isWanted)
      problems.push(`console: ${entry.text()} ${entry.location().url}`);
  });
  page.on("request", (request) => {
    const {host, protocol} = new URL(request.url());
    if (protocol !== "data:" && host !== new URL(url).host)
      problems.push(`a request to another host: ${request.url()}`);
  });
}

async function openPage(context) {
  const page = await context.newPage();
  watch(page);
  await page.exposeFunction("reportViolation",
    (text) => problems.push(`forbidden by the policy: ${text}`));
  await page.addInitScript(() => addEventListener("securitypolicyviolation",
    (event) => globalThis.reportViolation(
      `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`)));
  return page;
}

const shoot = (page, name, fullPage = false) => folder
  && page.screenshot({path: path.join(folder, `${name}.png`), fullPage});

const waitForText = (page, selector, text) => page.waitForFunction(
  ([where, what]) =>
    document.querySelector(where)?.textContent.includes(what),
  [selector, text]);

const textOf = (page, selector) => page.textContent(selector);

async function show(page, address) {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, address);
}

async function checkAccess(page, where) {
  await page.evaluate(axe.source);
  const {violations} = await page.evaluate(() => globalThis.axe.run());
  for (const {id, impact, nodes} of violations)
    if (["serious", "critical"].includes(impact))
      problems.push(`axe in ${where}: ${id} at ${
        nodes.slice(0, 3).map(({target}) => target).join(" ")}`);
}

const sideways = (page) => page.evaluate(() =>
  document.documentElement.scrollWidth - innerWidth);

// -- stages ------------------------------------------------------------------

async function signIn(page) {
  await page.waitForSelector("#token-dialog[open]");
  await page.fill("#token", "not the token");
  await page.keyboard.press("Enter");
  await waitForText(page, "#token-note", "not accepted");
  await page.fill("#token", token);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#token-dialog", {state: "hidden"});
  isFailing = false;
}

const isDrawn = () => [...document.querySelectorAll(".plot")]
  .every((plot) => [...plot.querySelectorAll("canvas")].some((canvas) =>
    canvas.width > 0 && canvas.getContext("2d").getImageData(0, 0,
      canvas.width, canvas.height).data.some((value) => value !== 0)));

async function seeOverview(page) {
  await waitForText(page, "#node-state", "ready");
  await page.waitForSelector("#tiles dd");
  await page.waitForFunction(isDrawn);
  seen.tiles = await page.$$eval("#tiles div", (tiles) => Object.fromEntries(
    tiles.map((tile) => [...tile.children].map((part) => part.textContent))));
  seen.plots = await page.$$eval(".plot", (found) => found.length);
  const before = await page.getAttribute("#plots", "data-end");
  await page.waitForFunction((old) =>
    document.getElementById("plots").dataset.end > old, before);
  await page.focus("#look");
  await page.keyboard.press("ArrowLeft");
  check(/^\d\d:\d\d:\d\d$/.test(await textOf(page, "#look-time")),
    "the arrow keys do not choose a moment");
  await page.keyboard.press("End");
}

async function seeThemes(page) {
  for (const theme of ["light", "dark"]) {
    await page.selectOption("#theme", theme);
    await page.waitForFunction(isDrawn);
    seen[theme] = await page.evaluate(() =>
      getComputedStyle(document.body).backgroundColor);
    await shoot(page, `overview_${theme}`, true);
  }
  check(seen.light !== seen.dark, "both themes look the same");
  await page.selectOption("#theme", "system");
  for (const [scheme, colour] of [["dark", seen.dark], ["light", seen.light]]) {
    await page.emulateMedia({colorScheme: scheme});
    const own = await page.evaluate(() =>
      getComputedStyle(document.body).backgroundColor);
    check(own === colour, `the system's ${scheme} theme is not followed`);
  }
}

// Scrolls from the start to the end within three seconds, and measures the
// longest frame and the longest task meanwhile.
const scrollThrough = () => new Promise((resolve) => {
  const box = document.getElementById("connections-scroller");
  const result = {frames: 0, longestFrame: 0, longestTask: 0};
  const observer = new PerformanceObserver((list) => {
    for (const {duration} of list.getEntries())
      result.longestTask = Math.max(result.longestTask, duration);
  });
  observer.observe({type: "longtask"});
  const begin = performance.now();
  let before = begin;
  function frame(now) {
    result.longestFrame = Math.max(result.longestFrame, now - before);
    ++result.frames;
    before = now;
    const part = Math.min(1, (now - begin) / 3000);
    box.scrollTop = part * (box.scrollHeight - box.clientHeight);
    if (part < 1) {
      requestAnimationFrame(frame);
    } else {
      observer.disconnect();
      resolve(result);
    }
  }
  requestAnimationFrame(frame);
});

const lastRowIsThere = () => {
  const table = document.getElementById("connections-table");
  const last = table.getAttribute("aria-rowcount");
  const row = table.querySelector(`tr[aria-rowindex="${last}"]`);
  return row && row.cells[0].textContent !== "..." && last;
};

const pids = (page) => page.$$eval("#connections-rows a",
  (links) => links.map((link) => link.textContent));

async function waitForRows(page) {
  await page.waitForFunction(() => {
    const link = document.querySelector("#connections-rows a");
    return link && link.textContent !== "...";
  });
}

async function seeTable(page) {
  await page.click("nav a[href='#/connections']");
  await waitForRows(page);
  seen.rows = Number(await page.getAttribute("#connections-table",
    "aria-rowcount")) - 1;
  await shoot(page, "table");
  seen.scrolling = await page.evaluate(scrollThrough);
  await page.waitForFunction(lastRowIsThere);
  const {longestFrame, longestTask} = seen.scrolling;
  check(longestFrame < 200 && longestTask < 200,
    `scrolling is not smooth: ${JSON.stringify(seen.scrolling)}`);
  seen.rowsThatExist = (await pids(page)).length;
  check(seen.rowsThatExist < 150, "rows out of sight exist");
  await shoot(page, "table_end");
}

async function sortTable(page) {
  const order = async () => {
    await page.waitForTimeout(500);
    await waitForRows(page);
    return (await pids(page)).slice(0, 5).map((pid) => parseInt(pid, 10));
  };
  await page.click("#connections-head button:text-is('PID')");
  await page.waitForSelector("th[data-sort=pid][aria-sort=ascending]");
  const upwards = await order();
  await page.click("#connections-head button:text-is('PID')");
  await page.waitForSelector("th[data-sort=pid][aria-sort=descending]");
  const downwards = await order();
  const isSorted = upwards.every((id, n) => n === 0 || id >= upwards[n - 1])
    && downwards.every((id, n) => n === 0 || id <= downwards[n - 1]);
  check(isSorted && downwards[0] > upwards[0],
    `not sorted: ${upwards} and ${downwards}`);
}

// Returns a PID that was found.
async function searchTable(page) {
  await page.selectOption("#filters [name=endpoint]", "echo");
  await page.waitForTimeout(500);
  await waitForRows(page);
  const [pid] = await pids(page);
  await page.fill("#filters [name=search]", pid);
  await page.waitForFunction(() => location.hash.includes("search="));
  await waitForText(page, "#found", " of ");
  await waitForRows(page);
  const found = await pids(page);
  check(found.includes(pid) && found.every((each) => each.includes(pid)),
    `the search for ${pid} finds ${found}`);
  await page.fill("#filters [name=search]", "nothing is called this");
  await waitForText(page, "#found", "0 of");
  return pid;
}

async function seeConnection(page, pid) {
  await show(page, `#/connections/${encodeURIComponent(pid)}`);
  await waitForText(page, "#facts", "relaying");
  await waitForText(page, "#record", "opened");
  check((await textOf(page, "#connection-title")).includes(pid),
    "the title does not name the connection");
  await page.click("#traffic-start");
  await waitForText(page, "#traffic-state", "watching");
  await sendTo(page);
  await page.waitForSelector("#traffic .out");
  const hidden = await textOf(page, "#traffic");
  check(!hidden.includes("hello from the page"), "payloads are shown unasked");
  await page.check("#traffic-payload");
  await waitForText(page, "#traffic-state", "with payloads");
  await sendTo(page);
  await waitForText(page, "#traffic", message);
  await shoot(page, "connection", true);
}

async function sendTo(page) {
  await page.click("#do-send");
  await page.fill("#ask [name=data]", message);
  await page.click("#ask-confirm");
  await waitForText(page, "#result-text", "Sent to");
}

async function moveAndClose(page) {
  await page.click("#do-transfer");
  await page.fill("#ask [name=target]", "nobody-has-this-name");
  isFailing = true;
  await page.click("#ask-confirm");
  await waitForText(page, "#result-text", "That failed");
  isFailing = false;
  await page.click("#do-transfer");
  await page.fill("#ask [name=target]", "chat");
  await page.click("#ask-confirm");
  await waitForText(page, "#result-text", "moves to chat");
  await waitForText(page, "#facts", "chat");
  await page.click("#do-close");
  await page.keyboard.press("Escape");  // not confirmed: nothing happens
  await page.waitForSelector("#ask", {state: "hidden"});
  check((await textOf(page, "#facts")).includes("relaying"),
    "a close that is not confirmed closes");
  await page.click("#do-close");
  await page.fill("#ask [name=code]", "4001");
  await page.fill("#ask [name=reason]", "said the page");
  await page.click("#ask-confirm");
  await waitForText(page, "#result-text", "being closed");
  await waitForText(page, "#facts", "4001");
  await shoot(page, "connection_ended", true);
}

async function seeOthers(page, pid) {
  await page.click("nav a[href='#/ended']");
  await waitForText(page, "#ended", pid);
  await page.click("nav a[href='#/network']");
  await page.waitForSelector("#graph a");
  await waitForText(page, "#targets", "echo");
  await shoot(page, "network", true);
  await page.click("nav a[href='#/node']");
  await waitForText(page, "#config", "name:");
  await page.click("#do-reload");
  await page.click("#ask-confirm");
  await page.waitForSelector("#reload-card:visible");
  seen.reload = await textOf(page, "#reload-list");
  await shoot(page, "node", true);
}

async function seeAccess(page, pid) {
  for (const theme of ["light", "dark"]) {
    await page.selectOption("#theme", theme);
    for (const view of ["", "connections", `connections/${
      encodeURIComponent(pid)}`, "network", "ended", "node"]) {
      await show(page, `#/${view}`);
      await page.waitForTimeout(700);
      await checkAccess(page, `${theme} ${view || "overview"}`);
    }
    await page.click("#do-drain");
    await checkAccess(page, `${theme} dialog`);
    await page.click("#ask-cancel");
  }
  await page.selectOption("#theme", "system");
}

const focused = (page) => page.evaluate(() => {
  const {id, tagName, textContent} = document.activeElement;
  return id || `${tagName} ${textContent.trim().slice(0, 40)}`;
});

// Presses Tab until `isThere`, and checks that each stop can be seen.
async function tabTo(page, isThere, what) {
  for (let step = 0; step < 60; ++step) {
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() =>
      getComputedStyle(document.activeElement).outlineStyle);
    const where = await focused(page);
    check(outline !== "none" || where.startsWith("BODY"),
      `the focus cannot be seen at ${where}`);
    if (await page.evaluate(isThere))
      return;
  }
  problems.push(`the Tab key does not lead to ${what}`);
}

async function useKeyboard(page) {
  await page.goto(url);
  await waitForText(page, "#node-state", "ready");
  await page.keyboard.press("Tab");
  check(await focused(page) === "skip", "the first stop is no skip link");
  await page.keyboard.press("Enter");
  check(await focused(page) === "main", "the skip link does not skip");
  await page.reload();
  await tabTo(page, () => document.activeElement.dataset.nav === "connections",
    "the view of connections");
  await page.keyboard.press("Enter");
  await waitForRows(page);
  await tabTo(page, () => document.activeElement.closest("#connections-rows")
    !== null, "a row");
  for (const key of ["ArrowDown", "ArrowDown", "PageDown", "End"])
    await page.keyboard.press(key);
  await page.waitForFunction(lastRowIsThere);
  const index = await page.evaluate(() => document.activeElement.closest("tr")
    ?.getAttribute("aria-rowindex"));
  const count = await page.getAttribute("#connections-table",
    "aria-rowcount");
  check(index !== null && Math.abs(index - count) < 20,
    `the key End leads to ${index} of ${count}`);
  await page.keyboard.press("Home");
  await page.waitForTimeout(500);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#facts dd");
  await tabTo(page, () => document.activeElement.id === "do-close",
    "the button that closes");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#ask[open]");
  await page.keyboard.press("Escape");
  check(await focused(page) === "do-close",
    "the focus does not return from a dialog");
}

async function usePhone(page, pid) {
  await page.setViewportSize({width: 360, height: 740});
  const views = {overview: "", table: "connections", network: "network",
    connection: `connections/${encodeURIComponent(pid)}`, ended: "ended",
    node: "node"};
  for (const [name, view] of Object.entries(views)) {
    await show(page, `#/${view}`);
    await page.waitForTimeout(700);
    const wide = await sideways(page);
    check(wide <= 0, `on a phone ${name} is ${wide} px too wide`);
    await shoot(page, `phone_${name}`, true);
  }
  await page.setViewportSize({width: 1280, height: 900});
}

async function loseNode(context, page) {
  isFailing = true;
  await context.setOffline(true);
  await waitForText(page, "#banner", "gone");
  await shoot(page, "gone");
  await context.setOffline(false);
  await page.waitForFunction(() =>
    !document.getElementById("banner").textContent.includes("gone"),
  undefined, {timeout: 30000});
}

async function drain(page) {
  await show(page, "#/node");
  await page.click("#do-drain");
  await page.click("#ask-confirm");
  await waitForText(page, "#result-text", "drains");
  await page.waitForFunction(() => /drains|stops|gone/
    .test(document.getElementById("banner").textContent));
  await shoot(page, "draining");
}

async function run(browser) {
  const context = await browser.newContext(
    {viewport: {width: 1280, height: 900}});
  const page = await openPage(context);
  await page.goto(url);
  if (token)
    await signIn(page);
  await seeOverview(page);
  await seeThemes(page);
  await seeTable(page);
  await sortTable(page);
  const pid = await searchTable(page);
  await seeConnection(page, pid);
  await moveAndClose(page);
  await seeOthers(page, pid);
  await seeAccess(page, pid);
  await usePhone(page, pid);
  await useKeyboard(page);
  await loseNode(context, page);
  await drain(page);
  seen.images = await page.$$eval("main img", (found) => found.length);
  check(!(await page.title()).includes("broken"), "markup was run");
}

async function main() {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    await run(browser);
  } catch (error) {
    problems.push(String(error));
    const [page] = browser.contexts().flatMap((each) => each.pages());
    await shoot(page, "failed");
    throw error;
  } finally {
    seen.problems = problems;
    console.log(JSON.stringify(seen));
    await browser.close();
  }
  process.exitCode = problems.length === 0 ? 0 : 1;
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
