// How the admin page is to use: by people who see little, by keyboard, on a phone.
"use strict";

const {check, checkAccess, lastRowIsThere, problems, shoot, show, sideways, url,
  waitForRows, waitForText} = require("./dashboard_page.js");

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

// Has the listings say long things, so that each width is put to the test.
async function fillTables(page) {
  const day = 24 * 3600 * 1000;
  const numbers = {messages_in: 12345678, messages_out: 12345678,
    bytes_in: 1048473, bytes_out: 1048473, queued_messages: 12345,
    queued_bytes: 1048473, address: "203.0.113.217"};
  const change = (key, values) => async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    const rows = json[key].length === 1 ? [...json[key], ...json[key]]
      : json[key];  // of both kinds
    json[key] = rows.map((row, number) => ({...row, ...numbers,
      age_ms: [169e3, day - 1][number % 2], ...values(row, number)}));
    await route.fulfill({response, json});
  };
  await page.route("**/api/v1/connections?*", change("connections", () => ({})));
  await page.route("**/api/v1/ended?*", change("ended", (row, number) => ({
    ended_at_ms: row.ended_at_ms - (number % 2) * 2 * day,
    cause: ["target_lost", "target_overloaded"][number % 2], code: 1011,
    reason: "target lost"})));
}

// Returns what of the table in `box` is cut off, outside of the box, or broken
// within a word. PIDs and addresses may be.
const cutIn = (box) => {
  const edge = document.querySelector(box).getBoundingClientRect();
  const linesOf = (range) => new Set(Array.from(range.getClientRects(),
    ({top}) => Math.round(top))).size;
  const isBroken = (cell) => {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (const {index, 0: word} of node.data.matchAll(/[^\s-]+/g)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        if (linesOf(range) > 1)
          return true;
      }
    }
    return false;
  };
  const isFree = ({table, index}) =>
    /PID|Address/.test(table.tHead.rows[0].cells[index].textContent);
  const cells = [...document.querySelectorAll(`${box} :is(th, td)`)]
    .filter((cell) => cell.offsetParent && !cell.closest(".spacer"))
    .map((cell) => ({cell, table: cell.closest("table"),
      index: cell.cellIndex, text: cell.textContent}));
  return [...new Set(cells.filter((each) => {
    const {left, right} = each.cell.getBoundingClientRect();
    const isOutside = left < edge.left - 1 || right > edge.right + 1;
    const isHead = each.cell.tagName === "TH";
    const isCut = [each.cell, ...each.cell.children].some((part) =>
      part.scrollWidth > part.clientWidth);
    return isOutside
      || (isHead || !isFree(each)) && (isCut || isBroken(each.cell));
  }).map(({text}) => text))];
};

// At each width every column is in sight, and says all it has to.
async function seeWidths(page) {
  await fillTables(page);
  const tables = {connections: "#connections-scroller",
    ended: "#view-ended .wide"};
  for (const width of [1200, 1280, 1440, 360]) {
    await page.setViewportSize({width, height: width < 1000 ? 740 : 900});
    for (const [view, box] of Object.entries(tables)) {
      await show(page, `#/${view}`);
      await page.waitForFunction((where) => [...document.querySelectorAll(
        `${where} td.number`)].some((cell) => cell.textContent !== ""
        && cell.offsetParent), box);
      await page.waitForTimeout(300);
      const cut = await page.evaluate(cutIn, box);
      check(cut.length === 0, `${view} at ${width} px cuts ${cut}`);
      await shoot(page, `${view}_${width}`);
    }
  }
  for (const path of ["connections", "ended"])
    await page.unroute(`**/api/v1/${path}?*`);
  await page.setViewportSize({width: 1280, height: 900});
}

module.exports = {seeAccess, seeWidths, useKeyboard, usePhone};
