// The Node runtime client of the local cloud, as /var/runtime/bootstrap on AWS. One instance of a function runs this
// file. Plain JavaScript, because type stripping would add 40 ms CPU to every cold start; and HTTP is spoken by hand on one
// socket, because node:http costs more CPU per invocation than many handlers do.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire, findPackageJSON, registerHooks } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [instanceId] = process.argv.slice(2);
const [host, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? '').split(':');
const base = '/2018-06-01/runtime';

const socket = connect({ host, port: Number(port), noDelay: true });
let chunks = [];
let sizeBytes = 0;
/** How many bytes the answer has, once its head is read; chunks are joined only then, so that 6 MB cost one copy. */
let expectedBytes = 0;
let awaiting;

// Ctrl-C reaches every process of the terminal's group; it is the cloud that ends its instances.
process.on('SIGINT', () => {});
// Without the cloud this process must end.
socket.on('close', () => process.exit(0));
socket.on('error', () => process.exit(0));
socket.on('data', (chunk) => {
  chunks.push(chunk);
  sizeBytes += chunk.length;
  if (sizeBytes < expectedBytes) return;
  const received = chunks.length === 1 ? chunk : Buffer.concat(chunks);
  chunks = [received];
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd < 0) return;
  const headers = parseHead(received.toString('latin1', 0, headEnd));
  expectedBytes = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (sizeBytes < expectedBytes) return;
  const body = received.toString('utf8', headEnd + 4, expectedBytes);
  // There is one request at a time, so nothing follows its answer.
  chunks = [];
  sizeBytes = 0;
  expectedBytes = 0;
  awaiting?.({ headers, body });
});

function parseHead(head) {
  const headers = {};
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers;
}

function request(method, path, body = '', headers = '') {
  const length = Buffer.byteLength(body);
  socket.write(
    `${method} ${base}${path} HTTP/1.1\r\nhost: ${host}\r\nlocal-instance-id: ${instanceId}\r\n${headers}content-length: ${length}\r\n\r\n${body}`,
  );
  return new Promise((resolve) => {
    awaiting = resolve;
  });
}

function errorBody(error) {
  if (!(error instanceof Error))
    return JSON.stringify({ errorType: typeof error, errorMessage: String(error), trace: [] });
  return JSON.stringify({
    errorType: error.name,
    errorMessage: error.message,
    trace: (error.stack ?? '').split('\n'),
  });
}

async function loadHandler() {
  const taskRoot = process.env.LAMBDA_TASK_ROOT ?? '.';
  const specification = process.env._HANDLER ?? '';
  const dot = specification.lastIndexOf('.');
  const [moduleName, handlerName] = [specification.slice(0, dot), specification.slice(dot + 1)];
  const file = ['.js', '.mjs', '.cjs']
    .map((ending) => join(taskRoot, moduleName + ending))
    .find((path) => existsSync(path));
  if (!file) throw namedError('Runtime.ImportModuleError', `Cannot find module '${moduleName}' in ${taskRoot}`);
  const module = isMisnamed(taskRoot, file) ? requireCommonJs(taskRoot, file) : await import(pathToFileURL(file).href);
  const handler = module[handlerName] ?? module.default?.[handlerName];
  if (typeof handler !== 'function') {
    throw namedError('Runtime.HandlerNotFound', `${specification} is undefined or not exported`);
  }
  return handler;
}

/**
 * True for CommonJS that Node would take for a module: on AWS no package.json is above the function's folder, here the app's
 * is, and may say `"type": "module"`.
 */
function isMisnamed(taskRoot, file) {
  const manifest = file.endsWith('.js') && findPackageJSON(pathToFileURL(file));
  if (!manifest || manifest.startsWith(join(taskRoot, '/'))) return false;
  if (JSON.parse(readFileSync(manifest, 'utf8')).type !== 'module') return false;
  return !/^\s*(import|export)\b/m.test(readFileSync(file, 'utf8'));
}

function requireCommonJs(taskRoot, file) {
  const root = pathToFileURL(join(taskRoot, '/')).href;
  registerHooks({
    load: (url, context, nextLoad) => {
      const isOurs = url.startsWith(root) && url.endsWith('.js') && !url.includes('/node_modules/');
      if (!isOurs) return nextLoad(url, context);
      return { format: 'commonjs', source: readFileSync(fileURLToPath(url), 'utf8'), shortCircuit: true };
    },
  });
  return createRequire(file)(file);
}

/** A handler with a third parameter answers by calling it, unless it returns a promise. */
function call(handler, event, context) {
  if (handler.length < 3) return handler(event, context);
  return new Promise((resolve, reject) => {
    const answer = handler(event, context, (error, result) => (error ? reject(error) : resolve(result)));
    if (typeof answer?.then === 'function') answer.then(resolve, reject);
  });
}

function namedError(name, message) {
  return Object.assign(new Error(message), { name });
}

function createContext(headers) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

/**
 * CPU so far and the memory now, reported with every `next`: the answer before it is then included. Not the system's maximum
 * of memory: on Linux a process inherits that of its parent.
 */
function usageHeaders() {
  const { user, system } = process.cpuUsage();
  return `local-cpu-us: ${user + system}\r\nlocal-memory-bytes: ${process.memoryUsage.rss()}\r\n`;
}

async function run(handler) {
  for (;;) {
    const { headers, body } = await request('GET', '/invocation/next', '', usageHeaders());
    const invocation = `/invocation/${headers['lambda-runtime-aws-request-id']}`;
    try {
      const result = await call(handler, JSON.parse(body), createContext(headers));
      await request('POST', `${invocation}/response`, JSON.stringify(result === undefined ? null : result));
    } catch (error) {
      console.error(error);
      await request('POST', `${invocation}/error`, errorBody(error));
    }
  }
}

let handler;
try {
  handler = await loadHandler();
} catch (error) {
  console.error(error);
  await request('POST', '/init/error', errorBody(error));
  process.exit(1);
}
await run(handler);
