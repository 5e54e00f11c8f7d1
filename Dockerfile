# See deploy/README.md: the service listens beyond its own container only once there is an API key.
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/vangnet
COPY pyproject.toml constraints.txt README.md ./
COPY classifier classifier
COPY serving serving
RUN /opt/vangnet/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt '.[serve,console]'

FROM python:3.11-slim
COPY --from=build /opt/vangnet /opt/vangnet
COPY models /opt/models
# A number, so that an orchestrator can see that it is not root. A new volume takes over the folder's owner.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
ENV PATH=/opt/vangnet/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ORT_DISABLE_TELEMETRY=1 \
    VANGNET_DATA=/data \
    VANGNET_HOST=0.0.0.0 \
    VANGNET_MODELS=/opt/models
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection; ask = HTTPConnection('127.0.0.1', 8080, timeout=4); ask.request('GET', '/ready'); raise SystemExit(ask.getresponse().status != 200)"]
# No shell in between: SIGTERM reaches the service, which finishes what it accepted.
ENTRYPOINT ["vangnet"]
CMD ["serve"]
