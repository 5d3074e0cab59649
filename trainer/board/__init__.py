"""What TensorBoard shows of a training, beside the scalars of Keras."""
