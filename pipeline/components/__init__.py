"""The TFX components that are the product's own."""
