// Makes the database that servers start from: a channel, a zone, a way to ship,
// a way to pay and a few things to sell. Nothing in it is of a real shop.
'use strict';

process.env.VENDURE_HOST = '127.0.0.1';
process.env.VENDURE_PORT = '0';

const path = require('node:path');
const { config, fail } = require('./config');
const { bootstrap, Logger } = require('@vendure/core');
const { populate } = require('@vendure/core/cli');

// populate reports what went wrong to the log alone.
let complaint = '';
const logger = config.logger;
config.logger = new Proxy(logger, {
  get(target, name) {
    if (name !== 'error') {
      const member = target[name];
      return typeof member === 'function' ? member.bind(target) : member;
    }
    return (message, context, trace) => {
      complaint ||= message;
      target.error(message, context, trace);
    };
  },
});

populate(
  () => bootstrap(config),
  path.join(__dirname, 'initial-data.json'),
  path.join(__dirname, 'products.csv'),
).then(
  async (app) => {
    await app.close();
    if (complaint) {
      fail(complaint);
    }
    process.exit(0);
  },
  (error) => fail(error.message),
);
