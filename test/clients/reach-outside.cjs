// Loaded into each function before its code (NODE_OPTIONS). Attachments are fetched from the public internet alone, and
// there is none here: the requests to one host go to a server of the test instead.
const http = require('node:http');
const https = require('node:https');
const { syncBuiltinESMExports } = require('node:module');

const { get } = https;
https.get = (url, options, callback) =>
  new URL(url).hostname === 'files.example.com'
    ? http.get(new URL(new URL(url).pathname, process.env.OUTSIDE_URL), callback)
    : get(url, options, callback);
syncBuiltinESMExports();
