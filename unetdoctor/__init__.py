"""unetdoctor finds out why a PyTorch model draws grey, black, flat or broken pictures, and proves it by experiment."""

__version__ = "0.1.0"
