"""Slices as hospitals keep them, DICOM and NIfTI, read as grey pixels and nothing that identifies.

``pydicom`` and ``nibabel`` are imported only by the reader of a file that needs them.
"""
