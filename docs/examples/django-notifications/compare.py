"""Asks both views one after the other and prints how long they take: SENDOFF_URL, SENDOFF_API_KEY, EMAIL_PORT in the environment.

Each line of JSON is one thing that must be true; lines that begin with # are for people.
"""

import json
import os
import statistics
import threading
import time
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402

REQUESTS = int(os.environ.get("REQUESTS", "30"))
TO = "success@simulator.amazonses.com"


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()

from shop.sendoff import run  # noqa: E402


def ask(view):
    """The answers of a view, and the time of half of them, in ms."""
    answers, times = [], []
    for number in range(REQUESTS):
        started = time.perf_counter()
        answer = requests.post(f"http://127.0.0.1:{server.server_port}/{view}/", data={"to": TO, "order": f"A-{number}"})
        times.append((time.perf_counter() - started) * 1000)
        answers.append(answer)
    return answers, statistics.median(times)


def case(name, ok, error=""):
    print(json.dumps({"case": name, "ok": bool(ok), "error": str(error)}), flush=True)


ask("notify")  # code and connections are warm after it
waited, waited_ms = ask("notify-and-wait")
called, called_ms = ask("notify")
case("notifications: the view that waits", all(answer.status_code == 200 for answer in waited))
case("notifications: the view that calls a task", all(answer.status_code == 202 for answer in called))

runs = [run(answer.json()["run"], wait=20) for answer in called]
failed = [one for one in runs if one["status"] != "succeeded"]
case("notifications: every run has succeeded", not failed, failed[:1])
case("notifications: the result is the email's id", all(one["result"]["emailId"] for one in runs if one["result"]))

print(f"# waits for the mail server: {waited_ms:.0f} ms; calls a task: {called_ms:.0f} ms (half of {REQUESTS} requests)")
