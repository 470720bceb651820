"""A DeepLabV3 that was really trained on three classes, run the wrong way in five ways: each is to be named first."""
