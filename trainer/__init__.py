"""Stage 3, trainer: the multi-task network, its training and its evaluation."""

import os

# TensorFlow and segmentation-models choose their Keras when they are first imported, so it is
# said here, before either can be: docs/decisions/0003-keras.md has the reasons.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["SM_FRAMEWORK"] = "tf.keras"
# TensorFlow's own choice leaves oneDNN off where the processor has no AVX512-VNNI, which costs a
# quarter to a half of the speed: docs/performance.md. Who has set it keeps what was set.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
