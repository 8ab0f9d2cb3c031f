"""
The egress proxy knows the hosts of all features and stores. Each feature reaches its own ones only: webhooks their
receivers, the AI gateway the providers of models.
"""

import os
import urllib.parse

WEBHOOK_HOSTS = os.environ.get("WEBHOOK_HOSTS", "").split()
AI_GATEWAY_HOSTS = os.environ.get("AI_GATEWAY_HOSTS", "").split()


def to_own_hosts(create_session):
    """
    Webhooks go to their own hosts by TLS. A redirect could lead to any host and port of the internal network.
    """

    def create():
        session = create_session()
        session.max_redirects = 0
        adapter = session.adapters["https://"]
        session.adapters.clear()
        for address in WEBHOOK_HOSTS:
            # requests takes the adapter whose prefix a URL has.
            session.mount(f"https://{address}/", adapter)
            session.mount(f"https://{address.removesuffix(':443')}/", adapter)
        return session

    return create


def to_own_providers(post):
    """Calls of models go to the hosts of the providers."""

    def checked(headers, base_url, path, payload, **options):
        from fastapi import HTTPException

        url = urllib.parse.urlsplit(base_url)
        if url.scheme != "https" or f"{url.hostname}:{url.port or 443}" not in AI_GATEWAY_HOSTS:
            raise HTTPException(status_code=502, detail="The host is not in the list of the AI gateway's providers.")
        return post(headers, base_url, path, payload, **options)

    return checked


def limit():
    from mlflow.webhooks import delivery

    delivery._create_webhook_session = to_own_hosts(delivery._create_webhook_session)
    if AI_GATEWAY_HOSTS:
        from mlflow.gateway.providers import utils

        utils._aiohttp_post = to_own_providers(utils._aiohttp_post)
