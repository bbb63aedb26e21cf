# One image for every process of the product; docker-compose.yml says which command each one runs.
FROM python:3.13.9-slim-bookworm AS packages

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/venv/bin/pip install --require-hashes --no-deps -r /tmp/requirements.txt

FROM python:3.13.9-slim-bookworm

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=plant_community_backend.settings.production \
    MEDIA_ROOT=/data/media \
    PHOTO_ROOT=/data/photos \
    STATIC_ROOT=/data/static

# A fixed number, so that volumes keep their owner from image to image.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin plants \
    && install -d -o plants -g plants /data/media /data/photos /data/static

COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY plant_community_backend plant_community_backend
COPY apps apps
COPY locale locale

USER plants
EXPOSE 8000

# The Host has to be an allowed one; the request came "through TLS", or the answer would be a redirect to it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "\
import http.client, os; \
host = os.environ['ALLOWED_HOSTS'].split(',')[0].strip().lstrip('.'); \
connection = http.client.HTTPConnection('127.0.0.1', 8000, timeout=4); \
connection.request('GET', '/livez', headers={'Host': host, 'X-Forwarded-Proto': 'https'}); \
raise SystemExit(connection.getresponse().status != 200)"]

ENV GRANIAN_WORKERS=2
# Two processes of 64 threads: most of an identification is waiting for somebody else. Backpressure counts open
# connections, idle ones too, so it is well above the threads.
CMD ["granian", "plant_community_backend.wsgi:application", "--interface", "wsgi", \
     "--host", "0.0.0.0", "--port", "8000", "--blocking-threads", "64", \
     "--backpressure", "512", "--respawn-failed-workers", "--workers-kill-timeout", "40"]
