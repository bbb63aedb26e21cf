import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plant_community_backend.settings.production")

http = get_asgi_application()  # loads the apps, which the consumers below need

from apps.core.api.charsets import Utf8ASGIRequest  # noqa: E402
from apps.core.garbage import spare_what_is_loaded  # noqa: E402
from plant_community_backend.routing import OwnOriginOrTicket, websocket_urlpatterns  # noqa: E402

http.request_class = Utf8ASGIRequest

application = ProtocolTypeRouter(
    {"http": http, "websocket": OwnOriginOrTicket(URLRouter(websocket_urlpatterns))}
)

spare_what_is_loaded()
