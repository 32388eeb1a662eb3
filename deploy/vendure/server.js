// Serves the Admin API until it is told to end. When it can be asked, the
// address of that API is on standard output, on a line of its own; the log is
// on standard error.
'use strict';

// Vendure's logger writes to standard output, which here is for programs.
const say = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

const { config, fail } = require('./config');
const { bootstrap } = require('@vendure/core');

bootstrap(config).then(
  (app) => {
    const { address, port } = app.getHttpServer().address();
    const host = address.includes(':') ? `[${address}]` : address;
    say(`http://${host}:${port}/${config.apiOptions.adminApiPath}\n`);
  },
  (error) => fail(error.message),
);
