// The configuration that the populate script and the server share. Everything
// that differs between two servers comes from the environment:
//
//   VENDURE_HOST      address to listen on; default 127.0.0.1
//   VENDURE_PORT      port to listen on, 0 for a free one; default 3000
//   VENDURE_DATABASE  path of the SQLite file; required
//   VENDURE_USERNAME  superadmin, created at the start if there is none of this
//                     name in the database; required
//   VENDURE_PASSWORD  password of a superadmin that is created; required
//   VENDURE_EXIT_WITH_STDIN  1 to end when standard input does, which is how
//                     the server goes when the program that started it is gone
'use strict';

// Before Vendure is loaded: it must neither report home nor be found to be
// somebody's production server.
process.env.VENDURE_DISABLE_TELEMETRY = 'true';

const { engines } = require('./package.json');
const oldest = Number(/\d+/.exec(engines.node)[0]);
if (Number(process.versions.node.split('.')[0]) < oldest) {
  fail(`Node ${oldest} or later is needed, this is ${process.version}`);
}

const {
  DefaultJobQueuePlugin,
  DefaultLogger,
  dummyPaymentHandler,
  LanguageCode,
  LogLevel,
  manualFulfillmentHandler,
} = require('@vendure/core');

// fail ends the process with one line for whoever started it.
function fail(message) {
  process.stderr.write(`vendure: ${message}\n`);
  process.exit(1);
}

// required returns a variable that must be set.
function required(name) {
  const value = process.env[name];
  if (!value) {
    fail(`set ${name}`);
  }
  return value;
}

// whole returns a variable that is a whole number.
function whole(name, otherwise) {
  const value = process.env[name] || otherwise;
  if (!/^\d+$/.test(value)) {
    fail(`${name} is not a whole number`);
  }
  return Number(value);
}

if (process.env.VENDURE_EXIT_WITH_STDIN === '1') {
  process.stdin.resume();
  process.stdin.on('close', () => process.exit(0));
}

const database = required('VENDURE_DATABASE');

exports.fail = fail;
exports.config = {
  apiOptions: {
    adminApiPath: 'admin-api',
    // No page of any site has business here.
    cors: false,
    csrfPrevention: true,
    hostname: process.env.VENDURE_HOST || '127.0.0.1',
    port: whole('VENDURE_PORT', '3000'),
    shopApiPath: 'shop-api',
  },
  authOptions: {
    superadminCredentials: {
      identifier: required('VENDURE_USERNAME'),
      password: required('VENDURE_PASSWORD'),
    },
    // Programs use a token or a key. Cookies are here because shops have them.
    tokenMethod: ['bearer', 'cookie', 'api-key'],
    cookieOptions: { secret: required('VENDURE_PASSWORD') },
  },
  customFields: {
    Order: [{
      name: 'channelOrderNumber',
      type: 'string',
      nullable: true,
      public: true,
      label: [{ languageCode: LanguageCode.en, value: 'Channel order number' }],
    }],
  },
  dbConnectionOptions: {
    type: 'better-sqlite3',
    database,
    // A toy is upgraded by being thrown away.
    synchronize: true,
  },
  // Warnings and worse. What people do and who they are is not among them.
  logger: new DefaultLogger({ level: LogLevel.Warn, timestamp: true }),
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  plugins: [DefaultJobQueuePlugin.init({})],
  shippingOptions: { fulfillmentHandlers: [manualFulfillmentHandler] },
};
