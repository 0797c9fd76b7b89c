from django.urls import path

from . import views

urlpatterns = [
    path("notify/", views.notify),
    path("notify-and-wait/", views.notify_and_wait),
]
