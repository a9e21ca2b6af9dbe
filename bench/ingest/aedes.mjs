/** Aedes alone behind mutual TLS, with nothing added: a peer of the bench. */
import { createServer } from 'node:tls';
import { Aedes } from 'aedes';

process.once('message', async ({ keyPem, certificatePem, caPem }) => {
  const aedes = await Aedes.createBroker({ concurrency: 0 });
  const options = {
    key: keyPem,
    cert: certificatePem,
    ca: caPem,
    requestCert: true,
    rejectUnauthorized: true,
  };
  const server = createServer(options, aedes.handle);
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
});
process.on('disconnect', () => process.exit(0));
