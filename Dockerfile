# One image for web, worker and beat; docker-compose.yml says which command each runs.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
    FAIRCUT_STATIC_DIR=/srv/faircut/static FAIRCUT_STORAGE_DIR=/srv/faircut/storage

WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --requirement requirements.txt
COPY manage.py ./
COPY marketplace marketplace
COPY valuation valuation
COPY payouts payouts
COPY templates templates

RUN useradd --create-home faircut && mkdir -p /srv/faircut/static /srv/faircut/storage \
    && chown -R faircut /srv/faircut \
    # Collecting static files needs settings, but no secret and no service.
    && FAIRCUT_SECRET_KEY=build FAIRCUT_DATABASE_URL=postgresql://build/build FAIRCUT_BROKER_URL=redis://build \
       python manage.py collectstatic --no-input --verbosity 0
USER faircut
EXPOSE 8000
CMD ["gunicorn", "marketplace.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--timeout", "120"]
