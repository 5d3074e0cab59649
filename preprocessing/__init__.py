"""Stage 2, preprocessing: the TensorFlow graph that training and serving share."""
