"""What TF Serving takes and tells, by its sources, for checks of what is written for it."""

from __future__ import annotations

FLAGS = frozenset(
    {
        "port",
        "grpc_socket_path",
        "rest_api_port",
        "rest_api_num_threads",
        "rest_api_timeout_in_ms",
        "rest_api_enable_cors_support",
        "enable_batching",
        "allow_version_labels_for_unavailable_models",
        "batching_parameters_file",
        "enable_per_model_batching_parameters",
        "model_config_file",
        "model_config_file_poll_wait_seconds",
        "model_name",
        "model_base_path",
        "num_load_threads",
        "num_unload_threads",
        "max_num_load_retries",
        "load_retry_interval_micros",
        "file_system_poll_wait_seconds",
        "flush_filesystem_caches",
        "tensorflow_session_parallelism",
        "tensorflow_session_config_file",
        "tensorflow_intra_op_parallelism",
        "tensorflow_inter_op_parallelism",
        "use_alts_credentials",
        "ssl_config_file",
        "platform_config_file",
        "per_process_gpu_memory_fraction",
        "saved_model_tags",
        "grpc_channel_arguments",
        "grpc_max_threads",
        "enable_model_warmup",
        "num_request_iterations_for_warmup",
        "version",
        "mixed_precision",
        "monitoring_config_file",
        "remove_unused_fields_from_bundle_metagraph",
        "enable_signature_method_name_check",
        "enable_profiler",
        "thread_pool_factory_config_file",
    }
)
"""Flags of ``tensorflow_model_server``, from model_servers/main.cc.

One that it does not know it names on stdout, and goes on.
"""

_HISTOGRAMS = {
    # servables/tensorflow/util.cc
    ":tensorflow:serving:request_latency": {"model_name", "API", "entrypoint"},
    ":tensorflow:serving:runtime_latency": {"model_name", "API", "runtime"},
    # servables/tensorflow/saved_model_warmup_util.cc
    ":tensorflow:serving:model_warmup_latency": {"model_path", "status"},
    # batching/batching_session.cc and batching_util.h
    ":tensorflow:serving:batching_session:queuing_latency": {"thread_pool_name"},
    ":tensorflow:serving:batching_session:input_batch_size": set(),
    ":tensorflow:serving:batching_session:processed_batch_size": set(),
    ":tensorflow:serving:batching_session:padding_size": {"execution_batch_size"},
}

SERIES: dict[str, set[str]] = {
    # servables/tensorflow/util.cc
    ":tensorflow:serving:request_count": {"model_name", "status"},
    # tensorflow/cc/saved_model/loader.cc
    ":tensorflow:cc:saved_model:load_attempt_count": {"model_path", "status"},
    ":tensorflow:cc:saved_model:load_latency": {"model_path"},
    # tensorflow/core/framework/metrics.cc
    ":tensorflow:core:graph_runs": set(),
    # util/prometheus_exporter.cc writes a histogram as these three.
    **{f"{name}_bucket": labels | {"le"} for name, labels in _HISTOGRAMS.items()},
    **{f"{name}_sum": labels for name, labels in _HISTOGRAMS.items()},
    **{f"{name}_count": labels for name, labels in _HISTOGRAMS.items()},
    # Prometheus's own, of each scrape.
    "up": set(),
}
"""Series that Prometheus has of TF Serving, with the labels that are not of the scrape."""
