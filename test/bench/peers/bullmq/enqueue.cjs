/**
 * enqueue.cjs WORK COUNT CLIENTS: `queue.add()` by concurrent loops of one process. Prints one line of JSON: the times of all
 * calls in ms, the seconds of the whole, and its CPU in ms.
 */
const { connect, load } = require('./connection.cjs');

const [work, count, clients] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const { Queue } = load('bullmq');
const argument = work === 'email' ? JSON.parse(process.env.EMAIL) : { user: 42 };

async function add(queue, calls) {
  const times = [];
  let left = calls;
  const client = async () => {
    while (left-- > 0) {
      const startedAtMs = performance.now();
      await queue.add(work, argument);
      times.push(performance.now() - startedAtMs);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return times;
}

async function main() {
  const connection = connect();
  const queue = new Queue('peers', { connection });
  await add(queue, Number(process.env.WARM_UP));
  const cpu = process.cpuUsage();
  const startedAtMs = performance.now();
  const times = await add(queue, count);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ times, seconds, cpuMs: (user + system) / 1000 }));
  await queue.close();
  connection.disconnect();
}

void main();
