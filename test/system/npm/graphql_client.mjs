// The npm client graphql-ws: node graphql_client.mjs URL QUERY. Prints one line
// of JSON: the subprotocol, what two subscriptions at once got, and the close.
import {createClient} from "graphql-ws";
import WebSocket from "ws";

const [url, query] = process.argv.slice(2);
const seen = {};
let closed;
const end = new Promise((resolve) => { closed = resolve; });

const client = createClient({url, webSocketImpl: WebSocket, retryAttempts: 0,
  lazy: false, on: {
    opened: (socket) => { seen.protocol = socket.protocol; },
    closed: (event) => closed({code: event.code, clean: event.wasClean}),
  }});

async function subscribe(what) {
  const results = [];
  for await (const result of client.iterate({query: what}))
    results.push(result.data.query);
  return results;
}

seen.results = await Promise.all([subscribe(query), subscribe(`${query} 2`)]);
await client.dispose();
seen.close = await end;
console.log(JSON.stringify(seen));
