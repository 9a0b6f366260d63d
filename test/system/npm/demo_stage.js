// The connection that moves, on the demo page in Chromium: node demo_stage.js URL
// - [FOLDER], where FOLDER gets pictures, demo.png among them. Prints one line of
// JSON: `problems`, which should be none, and what was seen. CHROMIUM in the
// environment is the browser's path.
"use strict";

const {chromium} = require("playwright-core");
const {check, checkAccess, openPage, problems, seen, shoot, sideways, textOf, url,
  waitForText} = require("./dashboard_page.js");

const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
const markup = "<img src=x onerror=document.title='broken'>";
const still = {reducedMotion: "reduce"}; // and less for this machine to do
const pid = /\d+@[0-9A-F]{40}#\d+ with \d+@[0-9A-F]{40}#\d+/;

async function open(browser, options = {}, name = "") {
  const context = await browser.newContext(
    {viewport: {width: 1280, height: 900}, ...options});
  const page = await openPage(context);
  await page.goto(name ? `${url}?name=${encodeURIComponent(name)}` : url);
  await isOpen(page);
  return page;
}

const isOpen = (page, color = "blue") =>
  waitForText(page, "#stage-status", `open, with the ${color} actor`);

const numbers = (page) => page.$$eval(".tally dd", (all) => Object.fromEntries(
  all.map(({id, textContent}) => [id.slice("tally-".length), textContent])));

const people = (page) => page.$$eval("#people li", (all) => all.map((line) =>
  ({name: line.querySelector("bdi")?.textContent, className: line.className,
    pids: line.querySelector(".pids")?.title})));

const stateOf = (page, color) =>
  page.getAttribute(`#picture .actor.${color}`, "data-state");

// -- what is to be seen --------------------------------------------------------

async function seeFirst(browser) {
  const page = await open(browser);
  check(/^[A-Z][a-z]+ [A-Z][a-z]+$/.test(await page.inputValue("#name")),
    "no name is filled in");
  await waitForText(page, "#echo-output", "Hello, relay");
  await waitForText(page, "#chat-messages", "joined");
  await waitForText(page, "#people", "you");
  await page.waitForFunction(() =>
    Number(document.getElementById("tally-blue").textContent) >= 2);
  await page.waitForSelector("#picture .dot", {state: "attached"});
  check(await stateOf(page, "blue") === "bound", "blue is not bound at first");
  await checkAccess(page, "light");
  await page.context().close();
}

async function chatAndPresence(ann, ben, eve) {
  await ann.fill("#chat-input", "hello from Ann");
  await ann.keyboard.press("Enter");
  await waitForText(ben, "#chat-messages", "hello from Ann");
  await eve.fill("#chat-input", markup);
  await eve.click("#chat-send");
  await waitForText(ann, "#chat-messages", markup);
  await waitForText(ann, "#people-title", "3");
  const all = await people(ann);
  seen.people = all.map(({name}) => name);
  check(all.every(({pids}) => pid.test(pids)), "somebody has no PIDs");
  await ben.fill("#name", "Benjamin");
  await ben.keyboard.press("Enter");
  await waitForText(ann, "#people", "Benjamin");
  await waitForText(ann, "#chat-members", "Benjamin");
}

async function moveWithStream(ann, ben) {
  await ann.click("#stage-count"); // off
  for (const color of ["amber", "blue", "amber", "blue", "amber"]) {
    await ann.click("#stage-burst");
    await ann.click("#stage-move");
    await ann.click("#stage-burst");
    await isOpen(ann, color);
  }
  await ann.waitForFunction(() =>
    document.getElementById("tally-way").textContent === "0");
  const tally = await numbers(ann);
  seen.sent = Number(tally.sent);
  seen.heard = Number(tally.blue) + Number(tally.amber);
  check(Number(tally.blue) > 100 && Number(tally.amber) > 100,
    `only one has heard something: ${JSON.stringify(tally)}`);
  check(tally.gone === "0", "numbers are gone");
  check(!(await textOf(ann, "#life-log")).includes("twice"), "answered twice");
  await ben.waitForFunction(() => document.querySelectorAll("#people .amber")
    .length === 1);
  await ann.waitForFunction(() => document.querySelector("#picture .actor.amber")
    .dataset.state === "bound");
}

const actorOf = async (page) => (await people(page))[0].pids;

async function killAndReturn(ann, ben) {
  const before = [await actorOf(ann), await actorOf(ben)];
  await ann.click("#stage-kill");
  await waitForText(ann, "#stage-status", "closed with 1011");
  seen.text = await textOf(ann, "#stage-text");
  seen.life = await textOf(ann, "#life-log .bad");
  seen.badge = await textOf(ann, "#picture .badge");
  await ann.waitForFunction(() => document.querySelector("#picture .actor.amber")
    .dataset.state === "dead");
  await shoot(ann, "demo_killed");
  await ann.click("#stage-kill"); // now: Connect now
  await isOpen(ann);
  await ann.click("#stage-kill");
  await waitForText(ann, "#stage-status", "closed with 1011");
  await isOpen(ann); // by itself
  await waitForText(ann, "#people-title", "3");
  check(await actorOf(ann) !== before[0], "it came back to the dead one");
  check(await actorOf(ben) === before[1], "a stranger took Ben's away");
}

async function useKeyboard(browser) {
  const page = await open(browser, still);
  const reached = [];
  const tabTo = async (id) => {
    for (let i = 0; i < 40; ++i) {
      await page.keyboard.press("Tab");
      const now = await page.evaluate(() => {
        const {id: found, className, tagName} = document.activeElement;
        const {outlineStyle} = getComputedStyle(document.activeElement);
        return {id: found || className || tagName, outlineStyle};
      });
      reached.push(now.id);
      check(now.outlineStyle !== "none", `no focus is to be seen at ${now.id}`);
      if (now.id === id)
        return;
    }
    problems.push(`Tab does not reach ${id}: ${reached}`);
  };
  await tabTo("name");
  await page.keyboard.type("Kay");
  await tabTo("stage-move");
  await page.keyboard.press("Enter");
  await isOpen(page, "amber");
  await tabTo("stage-kill");
  await page.keyboard.press("Space");
  await waitForText(page, "#stage-status", "closed with 1011");
  await page.keyboard.press("Enter");
  await isOpen(page);
  await tabTo("people");
  await waitForText(page, "#people", "Kay");
  await tabTo("chat-input");
  await page.keyboard.type("by keyboard");
  await page.keyboard.press("Enter");
  await waitForText(page, "#chat-messages .mine", "by keyboard");
  await tabTo("echo-send-binary");
  await page.keyboard.press("Enter");
  await waitForText(page, "#echo-output", "16 bytes");
  await page.context().close();
}

async function usePhone(browser) {
  for (const width of [360, 320]) {
    const page = await open(browser, {viewport: {width, height: 740},
      deviceScaleFactor: 2, hasTouch: true, isMobile: true}, "x".repeat(64));
    await waitForText(page, "#people", "xxx");
    await waitForText(page, "#chat-members", "xxx");
    check(await sideways(page) <= 0, `${width} px: it scrolls sideways`);
    await page.tap("#stage-move");
    await isOpen(page, "amber");
    const small = await page.$$eval("button", (all) => all
      .filter((each) => each.getBoundingClientRect().height < 43)
      .map(({id}) => id));
    check(small.length === 0, `${width} px: too small to tap: ${small}`);
    const outside = await page.$$eval("#picture rect", (all) => all.filter(
      (each) => each.getBoundingClientRect().right > innerWidth - 8
        || each.getBoundingClientRect().left < 8).length);
    check(outside === 0, `${width} px: ${outside} boxes are out of the picture`);
    await page.evaluate(() => scrollTo(0, 0));
    await page.waitForTimeout(folderOf(process.argv) ? 2500 : 0);
    await shoot(page, `demo_phone_${width}`);
    await page.context().close();
  }
}

async function seeDark(browser) {
  const page = await open(browser, {colorScheme: "dark"});
  const [ground, ink] = await page.evaluate(() => {
    const {backgroundColor, color} = getComputedStyle(document.body);
    return [backgroundColor, color].map((each) =>
      Math.max(...each.match(/\d+/g).map(Number)));
  });
  check(ground < 60 && ink > 200, `it is not dark: ${ground}, ${ink}`);
  await page.click("#stage-move");
  await isOpen(page, "amber");
  await page.waitForTimeout(folderOf(process.argv) ? 2500 : 0);
  await checkAccess(page, "dark");
  await shoot(page, "demo_dark");
  await page.context().close();
}

async function seeStill(browser) {
  const page = await open(browser, still);
  await page.click("#stage-burst");
  await page.click("#stage-move");
  await page.waitForFunction(() => document.querySelector("#picture .actor.amber")
    .dataset.state === "bound");
  check(await page.$("#picture .dot") === null, "something moves nevertheless");
  await page.context().close();
}

// -- the picture of the README --------------------------------------------------

const folderOf = (all) => all[4];

async function takePicture(ann) {
  if (!folderOf(process.argv))
    return;
  if (await ann.getAttribute("#stage-count", "aria-pressed") === "false")
    await ann.click("#stage-count");
  await ann.click("#stage-move");
  await isOpen(ann, "amber");
  await ann.waitForTimeout(1500);
  for (const label of ["in", "out"])
    await ann.waitForSelector(`#picture .dot.${label}`, {state: "attached"});
  await ann.waitForTimeout(350);
  await ann.evaluate(() => scrollTo(0, 0));
  const {y, height} = await (await ann.$("#stage")).boundingBox();
  await ann.screenshot({path: `${folderOf(process.argv)}/demo.png`,
    clip: {x: 0, y: 0, width: 1100, height: Math.ceil(y + height + 16)}});
}

async function run(browser) {
  await seeFirst(browser);
  const narrow = {viewport: {width: 1100, height: 800}};
  const ann = await open(browser, narrow, "Ann");
  const ben = await open(browser, still, "Ben");
  const eve = await open(browser, still, markup);
  await chatAndPresence(ann, ben, eve);
  await moveWithStream(ann, ben);
  await killAndReturn(ann, ben);
  seen.images = await ann.$$eval("main img", (found) => found.length);
  seen.title = await ann.title();
  await eve.context().close();
  await takePicture(ann);
  await ann.context().close();
  await ben.context().close();
  await useKeyboard(browser);
  await usePhone(browser);
  await seeDark(browser);
  await seeStill(browser);
}

async function main() {
  const browser = await chromium.launch({executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]});
  try {
    await run(browser);
  } catch (error) {
    problems.push(String(error));
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
