"""Prints the description of the API, from which the page's types are made.

``python -m nunatak.server.openapi``
"""

import json
import sys

from nunatak.server.app import create_api
from nunatak.server.bodies.events import Event


def description() -> str:
    """Return the OpenAPI description, as JSON; what an event holds is described as well."""
    content = create_api().openapi()
    schemas = content["components"]["schemas"]
    schemas["Event"] = Event.model_json_schema(ref_template="#/components/schemas/{model}")
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(description())
