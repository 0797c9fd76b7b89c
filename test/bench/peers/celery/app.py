"""Celery in a Django project as most have it: a task that calls send_mail, an empty one, and one of 100 ms.

A worker prints "warm" after WARM_JOBS jobs and "done" after ALL_JOBS.
"""

import multiprocessing
import os
import time

import django
from celery import Celery
from django.conf import settings
from django.core.mail import send_mail

settings.configure(
    EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=int(os.environ["MAIL_PORT"]),
)
django.setup()

# Without a result backend and with early acknowledgement, which are Celery's defaults.
app = Celery("peers", broker=os.environ["REDIS_URL"])
app.conf.worker_redirect_stdouts = False

WARM_JOBS = int(os.environ.get("WARM_JOBS", "0"))
ALL_JOBS = int(os.environ.get("ALL_JOBS", "0"))
# Shared with the children that a worker forks.
ended = multiprocessing.Value("i", 0)


def count():
    with ended.get_lock():
        ended.value += 1
        if ended.value in (WARM_JOBS, ALL_JOBS):
            os.write(1, b"warm\n" if ended.value == WARM_JOBS else b"done\n")


@app.task
def email(message):
    send_mail(message["subject"], message["text"], message["from"], message["to"], html_message=message["html"])
    count()


@app.task
def empty(_):
    count()


@app.task
def sleep(_):
    time.sleep(0.1)
    count()
