# Two images from one file: `--target server` is NVIDIA's Triton with this repository, `--target client` is
# the thin command line. Neither has been built where this project is developed (no Docker engine there).
#
#   docker build --target server -t triton-anime-server .
#   docker build --target client -t triton-anime .

# 26.07 is the security floor for anything that others can reach.
ARG TRITON_VERSION=26.07

FROM python:3.12-slim AS wheel
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir build && python -m build --wheel --outdir /wheels

FROM nvcr.io/nvidia/tritonserver:${TRITON_VERSION}-py3 AS server
# The BLS models import the colour maths of triton_anime.layers; its other dependencies are not needed here.
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir --no-deps /wheels/*.whl && pip install --no-cache-dir "numpy>=1.26" \
 && rm -rf /wheels
COPY model_repository /models/networks
COPY ensembles /models/ensembles
USER triton-server
EXPOSE 8001 8002
HEALTHCHECK --interval=10s --start-period=120s --retries=6 \
  CMD curl -fsS http://127.0.0.1:8000/v2/health/ready || exit 1
# HTTP stays on loopback for the health check; gRPC is the public face.
CMD ["tritonserver", \
     "--model-repository=/models/networks", "--model-repository=/models/ensembles", \
     "--http-address=127.0.0.1", "--grpc-address=0.0.0.0", "--metrics-address=0.0.0.0", \
     "--disable-auto-complete-config", "--strict-readiness=true", \
     "--allow-sagemaker=false", "--allow-vertex-ai=false"]

FROM python:3.12-slim AS client
RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/* && useradd --create-home anime
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir /wheels/*.whl && rm -rf /wheels
USER anime
WORKDIR /data
ENTRYPOINT ["triton-anime"]
CMD ["--help"]
