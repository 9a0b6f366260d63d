// The demo page in Chromium: node demo.js URL CHROMIUM. Prints one line of JSON
// when everything but the end was seen, waits for the node to be stopped, and
// prints a second one: what the page says then.
"use strict";

const {chromium} = require("playwright-core");

const [url, executablePath] = process.argv.slice(2);
const markup = "<img src=x onerror=document.title='broken'>";
const problems = [];

async function openTab(browser) {
  const page = await browser.newPage({reducedMotion: "reduce"}); // less to do
  page.setDefaultTimeout(15000);
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error")
      problems.push(message.text());
  });
  await page.goto(url);
  await page.click("#stage-count"); // the stage is demo_stage.js's
  return page;
}

async function join(page, name, room) {
  await page.waitForSelector("#chat-send:enabled");
  await page.click("#chat-connect");
  await page.waitForSelector("#chat-status[data-state=closed]");
  await page.fill("#name", name);
  await page.fill("#chat-room", room);
  await page.click("#chat-connect");
  await page.waitForSelector("#chat-status[data-state=open]");
  await page.waitForSelector("#chat-send:enabled");
}

async function say(page, text) {
  await page.fill("#chat-input", text);
  await page.click("#chat-send");
}

const waitForText = (page, id, text) => page.waitForFunction(
  ([where, what]) => document.getElementById(where).textContent.includes(what),
  [id, text]);

const texts = (page, id) => page.$$eval(`#${id} li`,
  (lines) => lines.map((line) => line.textContent));

async function chat(ann, ben, cid) {
  await join(ann, "Ann", "the room");
  await join(ben, "Ben", "the room");
  await join(cid, "Cid", "another room");
  await waitForText(ann, "chat-members", "Ben");
  await say(ann, "hello from Ann");
  await waitForText(ben, "chat-messages", "hello from Ann");
  await say(ben, markup);
  await waitForText(ann, "chat-messages", markup);
  await say(cid, "alone");
  await waitForText(cid, "chat-messages", "alone");
  return {
    members: await texts(ann, "chat-members"),
    otherMembers: await texts(cid, "chat-members"),
    otherMessages: (await texts(cid, "chat-messages")).join("\n"),
    images: await ann.$$eval("#chat-messages img", (found) => found.length),
  };
}

async function leave(ann, ben) {
  await ben.click("#chat-connect");
  await waitForText(ann, "chat-messages", "Ben left.");
  return texts(ann, "chat-members");
}

async function echo(page) {
  await page.waitForSelector("#echo-status[data-state=open]");
  await page.fill("#echo-input", "echo this, größe");
  await page.click("#echo-send");
  await waitForText(page, "echo-output", '"echo this, größe"');
  await page.click("#echo-send-binary");
  await waitForText(page, "echo-output", "16 bytes");
  return page.$$eval("#echo-output li.bad", (found) => found.length);
}

async function main() {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const ann = await openTab(browser);
    const ben = await openTab(browser);
    const cid = await openTab(browser);
    const seen = await chat(ann, ben, cid);
    seen.badEchoes = await echo(ann);
    seen.membersLeft = await leave(ann, ben);
    seen.title = await ann.title();
    seen.problems = [...problems];
    console.log(JSON.stringify(seen));
    await waitForText(ann, "life-log", "chat: 1001");
    await waitForText(ann, "life-log", "echo: 1001");
    console.log(JSON.stringify({
      life: await texts(ann, "life-log"),
      chat: await ann.getAttribute("#chat-status", "data-code"),
      echo: await ann.getAttribute("#echo-status", "data-code"),
    }));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
