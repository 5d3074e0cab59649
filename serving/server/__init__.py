"""A server of SavedModels that is compatible with TF Serving's protocol, over gRPC and REST.

For development, tests and small deployments; TF Serving itself is what `serving/deploy` runs.
"""
