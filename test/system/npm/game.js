// The game of tools/examples in Chromium: node game.js URL CHROMIUM. Two pages play
// a game, then another one, which one of them leaves. Prints what they saw, as JSON.
"use strict";

const {chromium} = require("playwright-core");
const axe = require("axe-core");

const [url, executablePath] = process.argv.slice(2);
const problems = [];

async function openPage(browser, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error")
      problems.push(message.text());
  });
  await page.goto(url);
  await page.waitForSelector("#play:enabled");
  return page;
}

const waitForState = (page, state) =>
  page.waitForSelector(`#status[data-state=${state}]`);

// It is the page's turn: a cell that is empty may be taken.
async function waitForTurn(page) {
  await waitForState(page, "playing");
  await page.waitForSelector("#board button[aria-disabled=false]");
}

const cell = (page, number) => page.locator(`#board [data-cell="${number}"]`);

async function move(page, number) {
  await waitForTurn(page);
  await cell(page, number).click();
  await page.waitForFunction((where) => document.querySelector(
    `#board [data-cell="${where}"]`).textContent !== "", number);
}

const text = (page, id) => page.textContent(`#${id}`);

async function check(page, where) {
  await page.evaluate(axe.source);
  const {violations} = await page.evaluate(() => globalThis.axe.run());
  for (const {id, nodes} of violations)
    problems.push(`axe in ${where}: ${id} at ${nodes.map((n) => n.target)}`);
  const [inner, scroll] = await page.evaluate(
    () => [innerWidth, document.documentElement.scrollWidth]);
  if (scroll > inner)
    problems.push(`${where} is wider than the window`);
}

// Ann plays by keyboard alone, Ben on a phone.
async function firstGame(ann, ben) {
  await ann.fill("#name", "Ann");
  await ann.press("#name", "Enter");
  await waitForState(ann, "queued");
  await ben.fill("#name", "Ben");
  await ben.click("#play");
  await waitForTurn(ann);
  const begin = [await text(ann, "status"), await text(ben, "status")];
  await check(ann, "a light game");
  await cell(ben, 8).click({force: true}); // not his turn: nothing happens
  await cell(ann, 0).press("Enter");
  await move(ben, 3);
  await waitForTurn(ann);
  await ann.keyboard.press("Tab"); // the focus has stayed where it was
  await ann.keyboard.press("Space");
  await move(ben, 4);
  await check(ben, "a dark game");
  await move(ann, 2);
  await waitForState(ann, "over");
  await waitForState(ben, "over");
  return {
    begin,
    cells: await ann.$$eval("#board button",
      (cells) => cells.map((each) => each.textContent || ".").join("")),
    label: await cell(ann, 4).getAttribute("aria-label"),
    results: [await text(ann, "result"), await text(ben, "result")],
    button: await text(ann, "play"),
  };
}

async function secondGame(ann, ben) {
  for (const page of [ben, ann]) {
    await page.waitForSelector("#play:enabled");
    await page.click("#play");
    await page.waitForFunction(() => ["queued", "playing"].includes(
      document.getElementById("status").dataset.state));
  }
  await waitForTurn(ben);
  await waitForState(ann, "playing");
  const begin = [await text(ann, "status"), await text(ben, "status")];
  await move(ben, 4);
  await ann.close();
  await waitForState(ben, "over");
  await ben.waitForSelector("#play:enabled");
  return {begin, result: await text(ben, "result")};
}

async function main() {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const ann = await openPage(browser, {colorScheme: "light"});
    const ben = await openPage(browser,
      {colorScheme: "dark", viewport: {width: 320, height: 640}});
    const first = await firstGame(ann, ben);
    const second = await secondGame(ann, ben);
    console.log(JSON.stringify({first, second, problems}));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
