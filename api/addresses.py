"""Addresses as callers see them, also behind a proxy that hides our own."""

from __future__ import annotations

from fastapi import Request

from newsroom.settings import Settings


def base(request: Request) -> str:
    """The address of the service: ``NEWSROOM_API__PUBLIC_URL``, else the one that was asked."""
    return _configured(request) or str(request.base_url).rstrip("/")


def public(request: Request, path: str) -> str:
    """A path of ours as a reference: absolute where the public address is set, else relative."""
    return _configured(request) + path


def _configured(request: Request) -> str:
    settings = request.app.state.settings
    assert isinstance(settings, Settings)
    return (settings.api.public_url or "").rstrip("/")
