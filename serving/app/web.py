"""The page's back end: which request gets which answer.

A file is the body of its request, so nothing of it is ever written to disk: the forms of a browser
would be, by whoever parses them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool

from data.errors import BriscError
from serving.app import answers
from serving.app.models import Models
from serving.app.options import AppOptions
from serving.app.samples import SAMPLES, draw_sample
from serving.app.security import Guard
from serving.app.upload import Uploads, file_name

_STATIC = Path(__file__).parent / "static"
_BLOCK = 32
"""Slices of a volume that one request may ask for."""

Name = Annotated[str, Query(max_length=1000)]
Number = Annotated[int, Query(ge=1, le=100_000)]
Version = Annotated[int | None, Query(ge=0, lt=2**63)]


def create_app(options: AppOptions) -> FastAPI:
    """The application; it asks ``options.server`` from the event loop that runs it."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        app.state.models = Models(options)
        app.state.uploads = Uploads(options)
        yield
        await app.state.models.close()

    # Its pages of documentation fetch scripts from elsewhere.
    app = FastAPI(lifespan=running, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, host=options.host, names=options.trusted_hosts)
    app.add_exception_handler(BriscError, answers.refuse)
    app.add_exception_handler(RequestValidationError, answers.refuse_query)

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(_STATIC / "index.html")

    @app.get("/api/status")
    async def status() -> dict[str, Any]:
        versions = await app.state.models.versions()
        return {
            "model": options.model_name,
            # As text: numbers of 64 bits are more than JavaScript's hold.
            "versions": [str(version) for version in versions],
        }

    @app.get("/api/samples")
    async def samples() -> dict[str, Any]:
        offered = [{"name": sample.name, "title": sample.title} for sample in SAMPLES]
        return {"samples": offered, "upload_bytes": options.upload_bytes}

    @app.get("/api/samples/{name}")
    def sample(name: str) -> Response:
        drawn = draw_sample(name)
        if drawn is None:
            return Response(status_code=404)
        return Response(drawn, media_type="image/jpeg")

    @app.post("/api/slices")
    async def slices(
        request: Request,
        name: Name = "file",
        first: Number = 1,
        count: Annotated[int, Query(ge=1, le=_BLOCK)] = 1,
    ) -> JSONResponse:
        path = file_name(name)
        async with app.state.uploads.received(request, path) as content:
            wanted = range(first, first + count)
            found = await run_in_threadpool(answers.read_slices, content, path, wanted)
        return JSONResponse(found)

    @app.post("/api/predict")
    async def predict(
        request: Request, name: Name = "file", number: Number = 1, version: Version = None
    ) -> JSONResponse:
        path = file_name(name)
        async with app.state.uploads.received(request, path) as content:
            question = await run_in_threadpool(answers.read_one, content, path, number)
        answer = await app.state.models.predict(question.encoded, path.name, version)
        return JSONResponse(answers.describe(answer, options.model))

    @app.post("/api/segmentation")
    async def segmentation(
        request: Request, name: Name = "file", number: Number = 1, version: Version = None
    ) -> Response:
        from serving.app.segmentation import write_segmentation

        path = file_name(name)
        async with app.state.uploads.received(request, path) as content:
            question = await run_in_threadpool(answers.read_one, content, path, number)
            answer = await app.state.models.predict(question.encoded, path.name, version)
            written = await run_in_threadpool(
                write_segmentation, content, path, number, answer.prediction.mask, answer.version
            )
        return Response(written, media_type="application/dicom")

    app.mount("/static", StaticFiles(directory=_STATIC))
    return app
