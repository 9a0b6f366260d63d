// The admin page in Chromium: node dashboard.js URL [TOKEN|-] [FOLDER], where
// FOLDER gets screenshots. The node has connections to `echo`, and a target
// `chat` that one can be moved to; at the end it is drained. Prints one line of
// JSON: what was measured, and `problems`, which should be none. CHROMIUM in
// the environment is the browser's path. What is looked at stands in
// dashboard_views.js and dashboard_use.js.
"use strict";

const {chromium} = require("playwright-core");
const {check, expected, openPage, problems, seen, shoot, show, token, url,
  waitForText} = require("./dashboard_page.js");
const {seeAccess, seeWidths, useKeyboard, usePhone} = require("./dashboard_use.js");
const {addQuietPoint, moveAndClose, searchTable, seeConnection, seeNotReady,
  seeOthers, seeOverview, seeTable, seeThemes, sortTable} = require("./dashboard_views.js");

const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";

async function signIn(page) {
  await page.waitForSelector("#token-dialog[open]");
  await page.fill("#token", "not the token");
  await page.keyboard.press("Enter");
  await waitForText(page, "#token-note", "not accepted");
  await page.fill("#token", token);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#token-dialog", {state: "hidden"});
  expected.failures = false;
}

async function loseNode(context, page) {
  expected.failures = true;
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
  await addQuietPoint(page);
  await page.goto(url);
  if (token)
    await signIn(page);
  await seeOverview(page);
  await seeNotReady(page);
  await seeThemes(page);
  await seeTable(page);
  await sortTable(page);
  const pid = await searchTable(page);
  await seeConnection(page, pid);
  await moveAndClose(page);
  await seeOthers(page, pid);
  await seeAccess(page, pid);
  await seeWidths(page);
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
