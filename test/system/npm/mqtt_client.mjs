// MQTT.js: node mqtt_client.mjs URL. Prints one line of JSON: what it was
// granted, the messages that came back, and whether it was left in peace.
import mqtt from "mqtt";

const client = await mqtt.connectAsync(process.argv[2],
  {protocolVersion: 4, reconnectPeriod: 0, connectTimeout: 10_000});
const seen = {messages: []};
const granted = await client.subscribeAsync("news");
seen.granted = granted.map(({topic, qos}) => ({topic, qos}));
const texts = ["hello", "größe \u{1f600}", "x".repeat(20_000)];
const all = new Promise((resolve) => client.on("message", (topic, payload) => {
  seen.messages.push(topic === "news"
    && payload.toString() === texts[seen.messages.length]);
  if (seen.messages.length === texts.length)
    resolve();
}));
for (const text of texts)
  await client.publishAsync("news", text);
await all;
await client.endAsync();
console.log(JSON.stringify(seen));
