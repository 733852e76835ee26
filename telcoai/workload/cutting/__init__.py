"""Decides where a model is cut: which single tensors separate it, and which of them to take.

Pure: a graph comes in, a choice goes out. It neither reads ONNX files nor runs anything.
"""
