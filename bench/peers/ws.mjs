// The peer `ws` on Node: echo, topic and a JSON answer. No compression; the library's other defaults.
//
// usage: node ws.mjs PORT     `ws` is found in tests/browser/node_modules
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../tests/browser/package.json", import.meta.url));
const { WebSocketServer } = require("ws");

const text = '{"message":"Hello, World!"}';
const http = createServer((request, answer) => {
  answer.writeHead(200, { "Content-Type": "application/json", "Content-Length": text.length });
  answer.end(text);
});
http.keepAliveTimeout = 3600000;

const members = new Set();
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false, clientTracking: false });
sockets.on("connection", (socket, request) => {
  socket.on("error", () => {});
  if (!request.url.startsWith("/ws/topic")) {
    socket.on("message", (message, isBinary) => socket.send(message, { binary: isBinary }));
    return;
  }
  members.add(socket);
  socket.on("close", () => members.delete(socket));
  socket.on("message", (message) => {
    for (const member of members) member.send(message, { binary: false });
  });
});
http.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
