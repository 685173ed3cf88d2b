"""A server that does nothing but send files by range, for comparison: `python -m benchmarks.bare PORT FILE…`."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

FILES = sys.argv[2:]


def page(request: Request) -> Response:
    number = request.path_params.get("number")
    player = "" if number is None else f'<video autoplay controls width="900" src="/{number}.mp4"></video>'
    return HTMLResponse(f"<!doctype html><title>.</title><body>{player}</body>")


def file(request: Request) -> Response:
    return FileResponse(FILES[request.path_params["number"]], media_type="video/mp4")


app = Starlette(routes=[Route("/", page), Route("/{number:int}", page), Route("/{number:int}.mp4", file)])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
