from django.core.mail import send_mail
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from .sendoff import delay


@csrf_exempt
@require_POST
def notify(request):
    """Answers as soon as the task is durable."""
    id = delay("notification.send", to=request.POST["to"], order=request.POST["order"])
    return JsonResponse({"run": id}, status=202)


@csrf_exempt
@require_POST
def notify_and_wait(request):
    """Answers when the mail server has taken the email. If it does not, the email is lost."""
    order = request.POST["order"]
    send_mail(f"Your order {order}", f"Order {order} is on its way.", None, [request.POST["to"]])
    return JsonResponse({"sent": True})
