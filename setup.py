"""The package and its direct dependencies; `make lock` pins the rest.

Beam's workers get the code as a source distribution of this very file (`--setup_file`), so it is
plain setuptools: it reads no other file and imports nothing of the project.
"""

from setuptools import find_packages, setup

# TFX 1.16 is the last release for Python 3.10, TFX 1.21 the first for 3.11 and newer.
OLD = 'python_version < "3.11"'
NEW = 'python_version >= "3.11"'

# The rest of the family (Beam, TFT, TFDV, TFMA, MLMD) is not named: each TFX release pins its own.
INSTALL_REQUIRES = [
    f"tfx==1.16.0; {OLD}",
    f"tensorflow==2.16.2; {OLD}",
    f"tf_keras==2.16.0; {OLD}",
    # tfx_bsl 1.16 imports it and gets it from Beam, which has dropped it since.
    f"dill; {OLD}",
    f"tfx==1.21.0; {NEW}",
    f"tensorflow==2.21.0; {NEW}",
    f"tf_keras==2.21.0; {NEW}",
    "segmentation-models==1.0.1",
    # Writes and shows the event files; TensorFlow no longer brings it since 2.21.
    "tensorboard",
    # TensorBoard 2.16 imports pkg_resources, which setuptools 82 no longer has.
    f"setuptools<82; {OLD}",
    "numpy",
    "scipy",
    # Divides groups of slices into folds.
    "scikit-learn",
    # Keeps the linear algebra of the audit to one thread.
    "threadpoolctl",
    "Pillow",
    # Read what hospitals keep: DICOM, its JPEG-LS, and NIfTI.
    "pydicom>=3",
    "pyjpegls",
    "nibabel>=5",
    "pydantic>=2",
    "PyYAML",
    "typer",
    "rich",
    # Downloads that go on where they broke off (read1 of urllib3); TFX has both in any case.
    "requests",
    "urllib3>=2.3",
    # The embedded server: stubs of TF Serving's protocol, health and reflection by gRPC, REST.
    "tensorflow-serving-api",
    "grpcio",
    "grpcio-health-checking",
    "grpcio-reflection",
    "uvicorn",
    "prometheus-client",
    "orjson",
    # Its client, also asynchronous.
    "httpx",
    "tenacity",
    # The web page, and masks as DICOM segmentations.
    "fastapi",
    "highdicom",
]

EXTRAS_REQUIRE = {
    "dev": [
        # Drives a real browser through the web page, and looks for what keeps people out of it.
        "axe-playwright-python",
        "playwright",
        # Damages files in the tests of their readers.
        "hypothesis",
        # Finds the commands in the documentation.
        "markdown-it-py",
        "mypy",
        "pytest",
        "pytest-timeout",
        # Light tests share the machine's cores.
        "pytest-xdist",
        "ruff",
        # Builds the editable install, which is done without network and so without isolation.
        "setuptools",
        "types-PyYAML",
    ],
    # What `brisc export` writes ONNX and OpenVINO with, and compares the answers in.
    "export": [
        "tf2onnx>=1.17",
        "onnxruntime",
        "openvino",
    ],
    "gpu": [
        f"tensorflow[and-cuda]==2.16.2; {OLD}",
        f"tensorflow[and-cuda]==2.21.0; {NEW}",
    ],
}

PACKAGES = ("data", "preprocessing", "trainer", "serving", "pipeline")

setup(
    name="brisc-pipeline",
    version="0.1.0",
    description="Classification and segmentation of brain tumours in MRI slices, on TFX",
    python_requires=">=3.10,<3.14",
    packages=find_packages(include=[*PACKAGES, *(f"{name}.*" for name in PACKAGES)]),
    package_data={
        "data": ["schema.pbtxt"],
        "pipeline": ["profiles/*.yaml"],
        # What code reads. The rest of serving/deploy is for its owner to copy and edit, so it is
        # where he can: in the repository, not among installed packages.
        "serving": ["deploy/config/monitoring.config", "app/static/*"],
    },
    install_requires=INSTALL_REQUIRES,
    extras_require=EXTRAS_REQUIRE,
    entry_points={"console_scripts": ["brisc = pipeline.cli.main:main"]},
)
