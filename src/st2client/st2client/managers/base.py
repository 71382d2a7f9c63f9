"""What every resource manager does: list, get, query, create, update, delete.

Every method takes ``token=`` and ``api_key=`` to act with other credentials than the client's; without either,
``ST2_AUTH_TOKEN`` and ``ST2_API_KEY`` of the environment count too.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from st2client.connections import Verify
from st2client.errors import NotFoundError, ResponseError, St2ClientError
from st2client.models.core import Resource
from st2client.transport import BasicAuth, HttpClient, Response, environment_credentials, path


class ApiManager:
    """One service of the server, and the credentials to use there.

    :param endpoint: URL of the service.
    :param cacert: see :class:`~st2client.transport.HttpClient`.
    :param credentials: ``{"token": …, "api_key": …}`` of the client, used when a call brings none.
    """

    def __init__(
        self,
        endpoint: str,
        cacert: Verify = None,
        debug: bool = False,
        basic_auth: BasicAuth | None = None,
        http: HttpClient | None = None,
        credentials: dict[str, str] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.cacert = cacert
        self.debug = debug
        self.basic_auth = basic_auth
        self.client = http or HttpClient(endpoint, cacert=cacert, debug=debug, basic_auth=basic_auth)
        self.credentials = credentials if credentials is not None else {}

    @staticmethod
    def handle_error(response: Response) -> None:
        """Raise when the response is an error."""
        response.raise_for_status()

    def authorized(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return request options with the credentials of the call, the client or the environment."""
        given = {name: options.pop(name, None) for name in ("token", "api_key")}
        if not any(given.values()):
            given = dict(self.credentials) or environment_credentials(None, None)
        return {**options, **{name: value for name, value in given.items() if value}}

    def call(self, method: str, url: str, **options: Any) -> Response:
        """Send a request.

        :raises HTTPError: the server refused it.
        """
        response = self.client.request(method, url, **self.authorized(options))
        response.raise_for_status()
        return response

    def call_if_found(self, method: str, url: str, **options: Any) -> Response | None:
        """As :meth:`call`, but None when the server knows no such thing (404)."""
        response = self.client.request(method, url, **self.authorized(options))
        if response.status_code == 404:
            return None
        response.raise_for_status()
        return response


class ResourceManager(ApiManager):
    """The resources of one kind.

    :param resource: class of the resource; its URL path name is where the resources are.
    """

    def __init__(self, resource: type[Resource], endpoint: str, *args: Any, **options: Any) -> None:
        super().__init__(endpoint, *args, **options)
        self.resource = resource

    def url(self, *segments: str) -> str:
        """Path of the resources, or of one of them, or of something below it."""
        return path(self.resource.get_url_path_name(), *segments)

    def get_all(self, **kwargs: Any) -> list[Any]:
        """List the resources.

        :param kwargs: ``limit``, ``pack``, ``prefix``, ``user``, ``offset``; ``params`` for any other query.
        """
        params = dict(kwargs.pop("params", None) or {})
        for name in ("limit", "pack", "prefix", "user", "offset"):
            value = kwargs.pop(name, None)
            if value:
                params[name] = value
        return self._load_many(self.call("GET", self.url(), params=params, **kwargs))

    def get_by_id(self, id: str, **kwargs: Any) -> Any:
        """Return one resource by its id (or ref, where the kind has refs); None when there is none."""
        response = self.call_if_found("GET", self.url(id), **kwargs)
        return None if response is None else self._load(response)

    def get_by_ref_or_id(self, ref_or_id: str, **kwargs: Any) -> Any:
        """Same as :meth:`get_by_id`."""
        return self.get_by_id(ref_or_id, **kwargs)

    def get_property(self, id_: str, property_name: str, self_deserialize: bool = True, **kwargs: Any) -> Any:
        """Return something below a resource, such as the children of an execution.

        :param self_deserialize: the property is a list of resources of this kind; False returns it as data.
        :param kwargs: the query.
        """
        options = {name: kwargs.pop(name) for name in ("token", "api_key") if name in kwargs}
        url = self.url(id_, property_name) + "/" + (f"?{urlencode(kwargs)}" if kwargs else "")
        response = self.call_if_found("GET", url, **options)
        if response is None:
            return None
        return self._load_many(response) if self_deserialize else response.json()

    def query(self, **kwargs: Any) -> list[Any]:
        """List the resources that match. ``kwargs`` (and ``params``) are the query."""
        return self.query_with_count(**kwargs)[0]

    def query_with_count(self, **kwargs: Any) -> tuple[list[Any], int | None]:
        """As :meth:`query`; also return how many match beyond the limit, if the server says so."""
        if not kwargs:
            raise St2ClientError("query() needs at least one filter; get_all() lists everything")
        options = {name: kwargs.pop(name) for name in ("token", "api_key") if name in kwargs}
        params = {**(kwargs.pop("params", None) or {}), **kwargs}
        given = {name: value for name, value in params.items() if value is not None}
        response = self.call_if_found("GET", f"{self.url()}/?{urlencode(given, doseq=True)}", **options)
        if response is None:
            return [], None
        total = response.headers.get("X-Total-Count")
        return self._load_many(response), int(total) if total else None

    def find(self, **kwargs: Any) -> list[Any]:
        """Same as :meth:`query`."""
        return self.query(**kwargs)

    def get_by_name(self, name: str, **kwargs: Any) -> Any:
        """Return the resource of a name; None when there is none.

        :raises St2ClientError: several have that name.
        """
        found = self.query(name=name, **kwargs)
        if len(found) > 1:
            raise St2ClientError(f'More than one {self.resource.__name__.lower()} named "{name}" are found.')
        return found[0] if found else None

    def create(self, instance: Resource, **kwargs: Any) -> Any:
        """Create a resource; return it as the server has it now."""
        return self._load(self.call("POST", self.url(), json=instance.serialize(), **kwargs))

    def update(self, instance: Resource, **kwargs: Any) -> Any:
        """Replace a resource (its ``id`` says which); return it as the server has it now."""
        return self._load(self.call("PUT", self.url(instance.id), json=instance.serialize(), **kwargs))

    def delete(self, instance: Resource, **kwargs: Any) -> bool:
        """Delete a resource. True also when it was gone already."""
        self.call_if_found("DELETE", self.url(instance.id), **kwargs)
        return True

    def delete_by_id(self, instance_id: str, **kwargs: Any) -> Any:
        """Delete by id; return the answer's data if it has any, else True."""
        response = self.call_if_found("DELETE", self.url(instance_id), **kwargs)
        if response is None or not response.content.strip():
            return True
        return response.json() or True

    def require(self, ref_or_id: str, **kwargs: Any) -> Any:
        """As :meth:`get_by_ref_or_id`, but a missing resource is an error.

        :raises NotFoundError: there is no such resource.
        """
        found = self.get_by_ref_or_id(ref_or_id, **kwargs)
        if not found:
            raise NotFoundError(f'{self.resource.get_display_name()} "{ref_or_id}" is not found.')
        return found

    def _load(self, response: Response) -> Any:
        return self._resource(response.json(), response)

    def _load_many(self, response: Response) -> list[Any]:
        found = response.json()
        if not isinstance(found, list):
            raise ResponseError(f"Expected a list from {response.url}, got: {response.text[:80]}")
        return [self._resource(item, response) for item in found]

    def _resource(self, document: Any, response: Response) -> Any:
        if not isinstance(document, dict):
            raise ResponseError(f"Expected an object from {response.url}, got: {response.text[:80]}")
        return self.resource.deserialize(document)
