"""Prints, as JSON, every route and GraphQL root field that MLflow's server knows, with all of its optional parts on."""

import contextlib
import json
import os
import re
import sys
import tempfile
import types

FOLDER = tempfile.mkdtemp()

# Off means in MLflow that a route answers with an error, so on and off have the same routes but for these parts.
os.environ.update(
    _MLFLOW_SERVER_FILE_STORE=f"sqlite:///{FOLDER}/mlflow.db",
    _MLFLOW_SERVER_SERVE_ARTIFACTS="true",
    _MLFLOW_SERVER_ARTIFACT_DESTINATION=f"{FOLDER}/artifacts",
    _MLFLOW_SGI_NAME="uvicorn",
    prometheus_multiproc_dir=FOLDER,
    MLFLOW_DISABLE_TELEMETRY="true",
    MLFLOW_ENABLE_AI_GATEWAY="true",
    MLFLOW_ENABLE_WORKSPACES="true",
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION="true",
    MLFLOW_FLASK_SERVER_SECRET_KEY="not a secret",
    MLFLOW_AUTH_ADMIN_USERNAME="admin",
    MLFLOW_AUTH_ADMIN_PASSWORD="not a password",
    MLFLOW_AUTH_CONFIG_PATH=f"{FOLDER}/auth.ini",
)
with open(f"{FOLDER}/auth.ini", "w") as file:
    file.write(f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{FOLDER}/auth.db\n")


class CSRFProtect:
    """Stands in for a package of the `auth` extra, which adds no routes and which not every image has."""

    def init_app(self, app):
        pass


sys.modules.setdefault("flask_wtf", types.ModuleType("flask_wtf"))
sys.modules.setdefault("flask_wtf.csrf", types.SimpleNamespace(CSRFProtect=CSRFProtect))


def from_flask(rule):
    """`<path:name>` takes the rest, `<name>` one segment; the names of ours do not matter."""
    return re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", lambda m: "{%s%s}" % (m[2], "..." if m[1] == "path" else ""), rule)


def from_starlette(path):
    """As above. An MCP server's name has one slash, always; its versions, aliases and tags are taken as one segment."""
    if "/mcp-servers/{name:path}" in path:
        path = path.replace("{name:path}", "{namespace}/{name}").replace(":path}", "}")
    return re.sub(r"{(\w+)(:path)?}", lambda m: "{%s%s}" % (m[1], "..." if m[2] else ""), path)


def routes(app):
    """Pairs of method and path, of the FastAPI application and of the Flask application inside of it."""
    for route in app.routes:
        wsgi = getattr(getattr(route, "app", None), "app", None)
        if hasattr(wsgi, "url_map"):
            assert route.path == "", f"Flask is mounted at {route.path}"
            for rule in wsgi.url_map.iter_rules():
                for method in rule.methods - {"HEAD", "OPTIONS"}:
                    yield method, from_flask(rule.rule)
            continue
        # Newer releases of FastAPI keep an included router as a tree.
        for leaf in getattr(route, "effective_route_contexts", lambda: [route])():
            for method in leaf.methods - {"HEAD", "OPTIONS"}:
                yield method, from_starlette(leaf.path)


with contextlib.redirect_stdout(sys.stderr):
    from mlflow.server import app as flask_app
    from mlflow.server.auth import create_app
    from mlflow.server.graphql.graphql_schema_extensions import schema
    from mlflow.version import VERSION

    found = sorted({f"{method} {path}" for method, path in routes(create_app(flask_app))})
    roots = {
        "query": sorted(schema.graphql_schema.query_type.fields),
        "mutation": sorted(schema.graphql_schema.mutation_type.fields),
    }

print(json.dumps({"version": VERSION, "routes": found, "graphql": roots}, indent=1))
