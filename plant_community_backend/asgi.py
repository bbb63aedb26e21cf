import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plant_community_backend.settings.production")

http = get_asgi_application()  # loads the apps, which the consumers below need

from plant_community_backend.routing import OwnOriginOrTicket, websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {"http": http, "websocket": OwnOriginOrTicket(URLRouter(websocket_urlpatterns))}
)
