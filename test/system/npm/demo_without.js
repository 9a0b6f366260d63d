// The demo page of a node that has only the echo: node demo_without.js URL.
// Prints one line of JSON: `problems`, and what the page says of it.
"use strict";

const {chromium} = require("playwright-core");

async function main() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]});
  const problems = [];
  const page = await browser.newPage();
  page.setDefaultTimeout(30000);
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(process.argv[2]);
  await page.waitForSelector("#echo-status[data-state=open]");
  await page.waitForSelector("#stage-status[data-state=closed]");
  console.log(JSON.stringify({problems,
    life: await page.textContent("#life-log")}));
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
