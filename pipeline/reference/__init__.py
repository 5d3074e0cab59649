"""Reference pages of the documentation, made from the code; imports neither TFX nor TensorFlow."""
