# One image for web, worker and beat; docker-compose.yml says which command each runs.
FROM python:3.11-slim-bookworm

# The audit report's PDF is set by Pango.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
    FAIRCUT_STATIC_DIR=/srv/faircut/static

WORKDIR /app
COPY requirements.txt .
# torch's usual build brings gigabytes for graphics cards; an index of CPU builds can be named here instead.
ARG PIP_EXTRA_INDEX_URL=""
RUN pip install --no-cache-dir --requirement requirements.txt
COPY manage.py ./
COPY marketplace marketplace
COPY valuation valuation
COPY payouts payouts
COPY templates templates

RUN useradd --create-home faircut && mkdir -p /srv/faircut/static && chown -R faircut /srv/faircut \
    # Collecting static files needs settings, but no secret and no service.
    && FAIRCUT_SECRET_KEY=build FAIRCUT_DATABASE_URL=postgresql://build/build FAIRCUT_BROKER_URL=redis://build \
       FAIRCUT_STORAGE_DIR=/tmp python manage.py collectstatic --no-input --verbosity 0
USER faircut
EXPOSE 8000
CMD ["gunicorn", "marketplace.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--timeout", "120"]
