"""A plain loop over the bare signature, which `brisc predict-batch` is compared with.

``python -m tests.measure_batch MODEL FOLDER 1 16 32`` reads the files of FOLDER, asks the model in
batches of each size and takes the answers, as the command does, but checks and writes nothing.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

from pipeline.console import hush_tensorflow


def main(model: str, folder: str, *sizes: str) -> None:
    hush_tensorflow()
    import tensorflow as tf

    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    # Kept: its variables go when it does.
    loaded = tf.saved_model.load(model)
    signature = loaded.signatures["serving_default"]
    signature(image_bytes=tf.constant([files[0].read_bytes()]))
    for size in map(int, sizes):
        clock, processor = time.perf_counter(), time.process_time()
        for start in range(0, len(files), size):
            batch = [path.read_bytes() for path in files[start : start + size]]
            answer = signature(image_bytes=tf.constant(batch))
            for tensor in answer.values():
                tensor.numpy()
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"batches of {size}: {len(files)} slices, {clock:.0f} s, "
            f"{processor:.1f} s of processor time, peak so far {peak} MiB"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
