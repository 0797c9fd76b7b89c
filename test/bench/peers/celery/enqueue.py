"""enqueue.py WORK COUNT CLIENTS: `.delay()` by as many processes as there are cores, the clients shared out as their threads.

Prints one line of JSON: the times of all calls in ms, the seconds of the whole, and the CPU of one call in ms.
"""

import json
import multiprocessing
import os
import sys
import threading
import time

import app

# Connections and code are warm before it is measured; these jobs are on the queue, too.
WARM_UP = int(os.environ["WARM_UP"])


def calls(task, argument, count):
    times = []
    for _ in range(count):
        started = time.perf_counter()
        task.delay(argument)
        times.append((time.perf_counter() - started) * 1000)
    return times


def in_threads(task, argument, counts):
    results = []
    threads = [threading.Thread(target=lambda count=count: results.extend(calls(task, argument, count))) for count in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def process(task, argument, counts, warm_up, barrier, results):
    in_threads(task, argument, shares(warm_up, len(counts)))
    barrier.wait()
    cpu, started = time.process_time(), time.time()
    times = in_threads(task, argument, counts)
    results.put((times, time.process_time() - cpu, started, time.time()))


def shares(count, parts):
    return [count // parts + (1 if part < count % parts else 0) for part in range(parts)]


def main():
    work, count, clients = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    task = getattr(app, work)
    argument = json.loads(os.environ["EMAIL"]) if work == "email" else {"user": 42}
    processes = min(clients, os.cpu_count())
    barrier, results = multiprocessing.Barrier(processes), multiprocessing.Queue()
    counts = shares(count, clients)
    started = []
    for number, warm_up in enumerate(shares(WARM_UP, processes)):
        arguments = (task, argument, counts[number::processes], warm_up, barrier, results)
        started.append(multiprocessing.Process(target=process, args=arguments))
        started[-1].start()
    ends = [results.get() for _ in started]
    for one in started:
        one.join()
    times = [ms for end in ends for ms in end[0]]
    seconds = max(end[3] for end in ends) - min(end[2] for end in ends)
    print(json.dumps({"times": times, "seconds": seconds, "cpuMs": sum(end[1] for end in ends) * 1000}))


main()
