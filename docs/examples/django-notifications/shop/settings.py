import os

SECRET_KEY = os.environ.get("SECRET_KEY", "of this example only")
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "shop.urls"
DEFAULT_FROM_EMAIL = "Shop <shop@example.com>"

# For the view that waits.
EMAIL_HOST = os.environ.get("EMAIL_HOST", "127.0.0.1")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))

# For the view that does not.
SENDOFF_URL = os.environ["SENDOFF_URL"]
SENDOFF_API_KEY = os.environ["SENDOFF_API_KEY"]
