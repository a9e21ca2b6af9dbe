/**
 * An S3 server without a memory, over TLS where a key is given: takes whatever is put, answers any
 * request for an object with as many bytes as its key ends with (`x-1000000`), and answers every
 * so-manieth PUT with 503 after it has come in.
 *
 *   [SINK_HOST=ADDRESS] node s3-sink.mjs FAIL-EVERY [KEY-FILE CERTIFICATE-FILE]
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const [failEvery = '0', keyFile, certificateFile] = process.argv.slice(2);
const piece = Buffer.alloc(64 * 1024, 'gatehouse ');
let puts = 0;

const slowDown = '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>made up</Message></Error>';

function send(response, left) {
  while (left > 0) {
    const part = left < piece.length ? piece.subarray(0, left) : piece;
    left -= part.length;
    if (!response.write(part)) {
      response.once('drain', () => send(response, left));
      return;
    }
  }
  response.end();
}

function answer(request, response) {
  if (request.method === 'GET') {
    const sizeBytes = Number(/-(\d+)$/.exec(request.url.split('?')[0])?.[1] ?? 0);
    response.writeHead(200, { 'content-length': sizeBytes, etag: '"0"' });
    send(response, sizeBytes);
    return;
  }
  request.resume().once('end', () => {
    puts += 1;
    if (Number(failEvery) > 0 && puts % Number(failEvery) === 0) {
      response.writeHead(503, { 'content-type': 'application/xml' });
      response.end(slowDown);
    } else response.end();
  });
}

const server =
  keyFile === undefined
    ? http.createServer(answer)
    : https.createServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) }, answer);
// A slow reader leaves an answer in the buffers on the way for longer than the usual five seconds.
server.keepAliveTimeout = 120_000;
server.listen(0, process.env.SINK_HOST ?? '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit());
