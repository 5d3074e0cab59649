"""Serves what a config file names when that has changed."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from data.errors import InputError
from serving.server.errors import ServingError
from serving.server.manager import ModelManager
from serving.server.model_config import read_model_config
from serving.server.options import ServerOptions

_log = logging.getLogger(__name__)


class ConfigWatch:
    """Looks at a ``ModelServerConfig`` again and again, as TF Serving does where it is told to."""

    def __init__(self, file: Path, seconds: float) -> None:
        """Takes ``file`` as it is now for what is being served."""
        self._file = file
        self._seconds = seconds
        self._served = self._read()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def of(cls, options: ServerOptions) -> ConfigWatch | None:
        """The one that a server is told to have; to be made before the file is read."""
        if options.model_config_file is None or not options.config_poll_seconds:
            return None
        return cls(options.model_config_file, options.config_poll_seconds)

    def start(self, manager: ModelManager) -> None:
        """Lets ``manager`` follow the file from now on."""
        self._thread = threading.Thread(
            target=self._watch, args=(manager,), name="config", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Looks no more; waits for a change that has begun."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, manager: ModelManager) -> None:
        said = ""
        while not self._stopped.wait(self._seconds):
            found = self._read()
            if found == self._served:
                continue
            try:
                # Who may write the file has started the server.
                manager.reload(read_model_config(self._file), trusted=True)
            except (InputError, ServingError) as error:
                # A label's version may still be on its way, an edit half done: it is tried again.
                if str(error) != said:
                    said = str(error)
                    _log.error("what was served before stays: %s", said)
            except Exception:
                _log.exception("taking up %s failed", self._file)
            else:
                self._served, said = found, ""
                _log.info("serving what %s says now", self._file)

    def _read(self) -> bytes:
        try:
            return self._file.read_bytes()
        except OSError:
            # Reading it as a config says what is wrong.
            return b""
