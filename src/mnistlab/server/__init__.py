"""The page and its HTTP interface: who asks comes before what is asked, and everything has a limit and a deadline.

Keras is never imported, and nothing is computed here: routes ask the library and put its answers into JSON.

- `serving`: opens a socket, runs Uvicorn with deadlines, and stops quickly
- `app`: the routes, and what every request passes before it reaches them
- `recognition`, `training`, `mistakes`, `experiments`: the four groups of routes, each with its `schemas` for OpenAPI
- `networks`: the networks that can be asked, loaded when needed
- `http`: connections with deadlines, who may ask, limits, errors, the page's files, threads for long work
- `images`: images and numbers in Base64
- `run_ids`: short names for run folders
- `settings`: where to listen, what to show, limits and deadlines
- `page`: the page itself, in HTML, CSS and JavaScript
"""

from mnistlab.server.app import create_app
from mnistlab.server.serving import serve
from mnistlab.server.settings import Settings

__all__ = ["Settings", "create_app", "serve"]
