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

module.exports = {seeAccess, useKeyboard, usePhone};
