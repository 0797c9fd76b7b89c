/** A worker with 50 jobs at a time. It prints "warm" after WARM_JOBS jobs and "done" after ALL_JOBS. */
const { connect, load } = require('./connection.cjs');

const CONCURRENCY = 50;
const { Worker } = load('bullmq');
const { MAIL_PORT, WARM_JOBS, ALL_JOBS } = process.env;
const mail = load('nodemailer').createTransport({
  host: '127.0.0.1',
  port: Number(MAIL_PORT),
  pool: true,
  maxConnections: CONCURRENCY,
});

const works = {
  email: (message) => mail.sendMail(message),
  empty: async () => {},
  sleep: () => new Promise((resolve) => setTimeout(resolve, 100)),
};

let ended = 0;
async function run(job) {
  await works[job.name](job.data);
  ended++;
  if (ended === Number(WARM_JOBS)) console.log('warm');
  if (ended === Number(ALL_JOBS)) console.log('done');
}

new Worker('peers', run, { connection: connect(), concurrency: CONCURRENCY });
