// What the views of the admin page show, and what their buttons do.
"use strict";

const {check, expected, lastRowIsThere, pids, seen, shoot, show, textOf,
  waitForRows, waitForText} = require("./dashboard_page.js");

const message = '{"topic":"admin","data":"hello from the page"}';

// Puts a point before the others, in which nobody was answered.
async function addQuietPoint(page) {
  await page.route("**/api/v1/history", async (route) => {
    const response = await route.fetch();
    const history = await response.json();
    const first = history.points?.[0];
    if (first)
      history.points.unshift({...first, t: first.t - history.period_ms,
        answer_p50_us: 0, answer_p99_us: 0});
    await route.fulfill({response, json: history});
  });
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
  await page.keyboard.press("Home");
  check(/^p50 \u2013\s*p99 \u2013$/.test(await textOf(page,
    ".plot:nth-of-type(3) .legend")), "percentiles of nothing are shown as numbers");
  await page.keyboard.press("End");
}

// A node that runs and is not ready says so, and why, in the header.
async function seeNotReady(page) {
  const reasons = ["peer app1 is away", "the directory does not answer"];
  await page.route("**/api/v1/node", async (route) => {
    const response = await route.fetch();
    const json = {...await response.json(), not_ready: reasons};
    await route.fulfill({response, json});
  });
  await waitForText(page, "#node-state", "not ready: peer app1 is away, and 1");
  await waitForText(page, "#banner", reasons.join("; "));
  const colours = () => page.evaluate(() => ["node-state", "banner"].map((id) =>
    getComputedStyle(document.getElementById(id)).color));
  const [badge, banner] = await colours();
  check(badge === banner, "the badge of a node that is not ready is not amber");
  await shoot(page, "not_ready");
  await page.unroute("**/api/v1/node");
  await page.waitForFunction(() =>
    document.getElementById("node-state").textContent === "ready");
  check((await colours())[0] !== badge, "ready and not ready look the same");
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
  expected.failures = true;
  await page.click("#ask-confirm");
  await waitForText(page, "#result-text", "That failed");
  expected.failures = false;
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
  const wide = await page.$eval("#view-ended .wide",
    (box) => box.scrollWidth - box.clientWidth);
  check(wide <= 0, `the ended ones are ${wide} px too wide`);
  await shoot(page, "ended");
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

module.exports = {addQuietPoint, moveAndClose, searchTable, seeConnection,
  seeNotReady, seeOthers, seeOverview, seeTable, seeThemes, sortTable};
