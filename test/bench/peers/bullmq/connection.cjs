/** The packages are in a folder of the cache. */
const load = require('node:module').createRequire(`${process.env.PACKAGES}/`);

exports.load = load;
exports.connect = () => new (load('ioredis').Redis)(process.env.REDIS_URL, { maxRetriesPerRequest: null });
