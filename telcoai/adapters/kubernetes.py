"""The door to a Kubernetes API: plain objects in and out, server-side apply, and requests through to pods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from telcoai.errors import InputError, TestbedError

FIELD_MANAGER = "telcoai"
_POOL = 64
_MOST_WORDS = 600

Object = dict[str, Any]
"""A Kubernetes object as plain values."""


class ApiRefused(TestbedError):
    """The API answered, and refused. ``status`` is HTTP's."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.status = status


@dataclass
class Kubernetes:
    """One cluster's API. Any thread may use it."""

    server: str
    _pool: Any = field(repr=False)
    _headers: Mapping[str, str] = field(repr=False, default_factory=dict)

    @classmethod
    def open(cls, kubeconfig: Path | None, context: str = "") -> Kubernetes:
        """The cluster that a kubeconfig names (None: where kubectl looks); InputError when it names none."""
        from kubernetes import client
        from kubernetes.config import load_kube_config
        from kubernetes.config.config_exception import ConfigException

        chosen = client.Configuration()
        chosen.connection_pool_maxsize = _POOL
        place = kubeconfig or "the usual kubeconfig"
        try:
            file = str(kubeconfig) if kubeconfig else None
            load_kube_config(file, context or None, client_configuration=chosen)  # type: ignore[no-untyped-call]
            pool = client.ApiClient(chosen).rest_client.pool_manager
        except (ConfigException, OSError, ValueError) as err:
            raise InputError(f"{place} names no cluster: {err}", "give a kubeconfig whose context is there") from err
        header = chosen.auth_settings().get("BearerToken", {})  # however the client stores a token
        token = header.get("value")
        return cls(chosen.host, pool, {str(header["key"]): str(token)} if token else {})

    def get(self, path: str) -> Object | None:
        """The object at ``path``, None when there is none."""
        try:
            return self._ask("GET", path)
        except ApiRefused as err:
            if err.status == 404:
                return None
            raise

    def items(self, path: str, selector: str = "") -> list[Object]:
        """The objects of a collection that have the labels asked for."""
        query = f"?{urlencode({'labelSelector': selector})}" if selector else ""
        items: list[Object] = self._ask("GET", f"{path}{query}")["items"]
        return items

    def apply(self, path: str, body: Object) -> Object:
        """Make the object at ``path`` so, by server-side apply under telcoai's name; as it is then."""
        query = urlencode({"fieldManager": FIELD_MANAGER, "force": "true"})
        return self._ask("PATCH", f"{path}?{query}", body, "application/apply-patch+yaml")

    def merge(self, path: str, body: Object) -> Object:
        """Change some fields of the object at ``path``."""
        return self._ask("PATCH", path, body, "application/merge-patch+json")

    def delete(self, path: str, *, selector: str = "", grace_s: int | None = None) -> bool:
        """Delete the object at ``path``, or those of the collection with the labels; whether anything was there."""
        options: Object = {"propagationPolicy": "Background"}
        if grace_s is not None:
            options["gracePeriodSeconds"] = grace_s
        query = f"?{urlencode({'labelSelector': selector})}" if selector else ""
        try:
            self._ask("DELETE", f"{path}{query}", options)
        except ApiRefused as err:
            if err.status == 404:
                return False
            raise
        return True

    def text(self, path: str, timeout_s: float = 20.0) -> str:
        """What is at ``path`` that isn't JSON, like a log."""
        return self._request("GET", path, None, {}, timeout_s)[1].decode(errors="replace")

    def create(self, path: str, body: Object) -> Object:
        """Post an object to a collection, or to a subresource that only answers."""
        return self._ask("POST", path, body)

    def through(
        self, place: str, method: str, target: str, *, body: bytes | None = None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """A request to a pod or service by way of the API, and its answer: status and body.

        ``place``: like ``/api/v1/namespaces/NAMESPACE/pods/NAME:PORT``.
        """
        return self._request(method, f"{place}/proxy{target}", body, headers, 15.0)

    def _ask(self, method: str, path: str, body: Object | None = None, kind: str = "application/json") -> Object:
        data = None if body is None else json.dumps(body).encode()
        status, raw = self._request(method, path, data, {"content-type": kind, "accept": "application/json"}, 20.0)
        if status >= 400:
            raise ApiRefused(status, f"{method} {path.partition('?')[0]}: {_words(raw, status)}", _hint(status))
        answer: Object = json.loads(raw) if raw else {}
        return answer

    def _request(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout_s: float
    ) -> tuple[int, bytes]:
        from urllib3.exceptions import HTTPError

        try:
            reply = self._pool.request(
                method,
                self.server + quote(path, safe="/?&=%:,()!~+-._"),
                body=body,
                headers={**self._headers, **headers},
                timeout=timeout_s,
                retries=False,
            )
        except HTTPError as err:
            raise TestbedError(
                f"the cluster's API at {self.server} doesn't answer: {_cause(err)}",
                "is the cluster up, and does the kubeconfig point to it?",
            ) from err
        return int(reply.status), bytes(reply.data)


def _words(raw: bytes, status: int) -> str:
    try:
        return str(json.loads(raw)["message"])[:_MOST_WORDS]
    except (ValueError, KeyError, TypeError):
        return f"{status} {raw.decode(errors='replace')[:_MOST_WORDS]}"


def _cause(err: BaseException) -> str:
    return str(err).rpartition(": ")[2][:_MOST_WORDS] or type(err).__name__


def _hint(status: int) -> str:
    if status in (401, 403):
        return "telcoai rbac prints the rights that are needed"
    return ""
