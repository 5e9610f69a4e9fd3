// A small HTTP server as services have them, and a way for tests to act through
// the running program:
//   GET  /                  the message from /app/message.txt; counts hits in /tmp/hits
//   GET  /read?path=PATH    reads a file
//   POST /write?path=PATH   writes the request's body to a file
//   POST /run?program=PATH  starts a program and waits for it
// Failures answer 500 with the error's code, such as EACCES.
'use strict';
const fs = require('fs');
const http = require('http');
const { spawnSync } = require('child_process');

let hits = 0;

const routes = {
  'GET /': () => {
    fs.writeFileSync('/tmp/hits', String(++hits));
    return fs.readFileSync('/app/message.txt');
  },
  'GET /read': (query) => fs.readFileSync(query.get('path')),
  'POST /write': (query, body) => {
    fs.writeFileSync(query.get('path'), body);
    return 'written\n';
  },
  'POST /run': (query) => {
    const done = spawnSync(query.get('program'), query.getAll('arg'));
    if (done.error) throw done.error;
    return `status ${done.status}\n${done.stdout}${done.stderr}`;
  },
};

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const url = new URL(request.url, 'http://localhost');
    const route = routes[`${request.method} ${url.pathname}`];
    if (!route) {
      response.writeHead(404).end('not found\n');
      return;
    }
    try {
      const answer = route(url.searchParams, Buffer.concat(chunks));
      response.writeHead(200).end(answer);
    } catch (error) {
      response.writeHead(500).end(`${error.code || error.message}\n`);
    }
  });
});

server.listen(Number(process.env.PORT || 8080), () => console.log('listening'));
