"""The one composition root that joins API and dashboard on one port."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from dashboard.app import mount
from dashboard.client import Client
from newsroom import log
from newsroom.errors import Misconfigured
from newsroom.settings import Settings


def build(settings: Settings) -> FastAPI:
    """The API with the dashboard on it; the dashboard reads the API in process."""
    app = create_app(settings)
    mount(app, Client.in_process(app))
    return app


def run(settings: Settings, *, host: str, port: int) -> None:
    """Serve until told to stop. Raises Misconfigured ``port-in-use``."""
    log.configure(settings)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Misconfigured(
                "port-in-use", f"port {port} on {host} is taken: set PORT to another one"
            ) from error
    uvicorn.run(
        build(settings),
        host=host,
        port=port,
        log_level="warning",
        log_config=None,  # ours, which keeps keys out
        server_header=False,
        proxy_headers=False,  # uvicorn believes any neighbour; whom we believe is in the settings
    )
